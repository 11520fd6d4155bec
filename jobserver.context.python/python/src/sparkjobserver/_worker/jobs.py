"""Runs one job."""

from __future__ import annotations

import importlib
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from sparkjobserver._worker import binaries, configuration, results
from sparkjobserver._worker.failures import Failure, failure_of
from sparkjobserver.api import JobEnvironment, NamedObjects, ValidationProblem


@dataclass(frozen=True)
class Dependencies:
    """Binaries that a job imports from besides its own.

    :param archives: their files; what comes first goes first
    :param digest: what tells them from others, in hexadecimal
    """

    archives: tuple[binaries.Archive, ...]
    digest: str

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Dependencies:
        """Reads them from the driver's message."""
        archives = (
            binaries.Archive(Path(archive["archive"]), archive["type"])
            for archive in message["archives"]
        )
        return cls(tuple(archives), message["digest"])


@dataclass(frozen=True)
class Job:
    """A job to run, as the driver describes it.

    :param job_id: the job's id
    :param class_path: `package.module.Class`
    :param archive: the file of the egg or wheel
    :param kind: `Egg` or `Wheel`
    :param digest: the SHA-256 of the file in hexadecimal
    :param unpacked: the folder under which binaries are unpacked
    :param includes: names of files that executors have and import from
    :param config: the configuration that was posted, as JSON
    :param context_config: the context's settings, as JSON
    :param log: the file that standard output and error go to
    :param longest_result: bytes of JSON that the result may have
    :param memory: bytes of memory of their own that the job's processes may have each, or None
    :param tag: what marks the Spark jobs of this process
    :param may_stay: whether this process may run another job of the same binary afterwards
    :param dependencies: the binaries that the job imports from besides its own, or None
    :param request: by which logs know the request that submitted it, or nothing
    """

    job_id: str
    class_path: str
    archive: Path
    kind: str
    digest: str
    unpacked: Path
    includes: tuple[str, ...]
    config: str
    context_config: str
    log: Path
    longest_result: int
    memory: int | None
    tag: str
    may_stay: bool
    dependencies: Dependencies | None = None
    request: str = ""

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Job:
        """Reads a job from the driver's message.

        :raises KeyError: when the message lacks something
        """
        return cls(
            job_id=message["jobId"],
            class_path=message["classPath"],
            archive=Path(message["archive"]),
            kind=message["type"],
            digest=message["digest"],
            unpacked=Path(message["unpacked"]),
            includes=tuple(message["includes"]),
            config=message["config"],
            context_config=message["contextConfig"],
            log=Path(message["log"]),
            longest_result=message["longestResult"],
            memory=message["memory"] or None,
            tag=message["tag"],
            may_stay=message["mayStay"],
            dependencies=Dependencies.from_message(message["dependencies"])
            if "dependencies" in message
            else None,
            request=message.get("request", ""),
        )


class Host(Protocol):
    """What a job needs of the process that runs it."""

    def context_for(self, instance: Any) -> Any:
        """The context of a job, which its own `build_context` makes where the context is custom."""

    def use_binaries(self, digest: str, includes: tuple[str, ...]) -> None:
        """Makes executors import from these files, in processes that know no other binaries."""

    def named_objects(self, locks: Path) -> NamedObjects:
        """The objects that the jobs of the context share.

        :param locks: a folder for lock files, the same for all workers of the context
        """


@dataclass(frozen=True)
class Finished:
    """The job returned, and this is its result as JSON."""

    result: bytes


@dataclass(frozen=True)
class Invalid:
    """The job's `validate` refused its input."""

    problems: tuple[str, ...]


@dataclass(frozen=True)
class NotFound:
    """The class path's own module or class does not exist."""

    class_path: str


@dataclass(frozen=True)
class Failed:
    """The job raised an exception."""

    failure: Failure


Outcome = Finished | Invalid | NotFound | Failed


class ClassNotFoundError(Exception):
    """There is no such module, or no such class in it."""


def run(job: Job, host: Host, validated: Callable[[], None]) -> Outcome:
    """Runs the job to its end. Raises nothing, whatever the job does short of ending the process.

    :param validated: called when `validate` has accepted the input, before `run_job`
    """
    try:
        if job.memory is not None:
            limit_memory(job.memory)
        return _run(job, host, validated)
    except ClassNotFoundError:
        return NotFound(job.class_path)
    except BaseException as error:  # a job may raise SystemExit, and anything else
        failure = failure_of(error)
        if job.memory is not None and isinstance(error, MemoryError):
            failure = replace(failure, message=_out_of_memory(failure.message, job.memory))
        return Failed(failure)


def limit_memory(most: int) -> None:
    """Gives this process, and each that it will start, no more memory of its own than this.

    What is shared with other processes does not count (`RLIMIT_DATA`, setrlimit(2)). Where there
    is none left, Python raises MemoryError.

    :param most: bytes
    """
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _out_of_memory(message: str, most: int) -> str:
    said = f"{message}: " if message else ""
    return f"{said}the job's process may have {most} bytes of memory (python.workers.max-memory)"


def _run(job: Job, host: Host, validated: Callable[[], None]) -> Outcome:
    folder = binaries.unpacked(job.archive, job.kind, job.digest, job.unpacked)
    path, digest = [str(folder)], job.digest
    if job.dependencies is not None:
        needed = job.dependencies
        path.append(str(binaries.unpacked_together(needed.archives, needed.digest, job.unpacked)))
        digest = f"{digest}+{needed.digest}"
    sys.path[:0] = path
    host.use_binaries(digest, job.includes)
    instance = find_class(job.class_path)()
    context = host.context_for(instance)
    runtime = JobEnvironment(
        job.job_id,
        host.named_objects(job.unpacked / ".locks"),
        configuration.from_json(job.context_config),
    )
    data = instance.validate(context, runtime, configuration.from_json(job.config))
    problems = problems_in(data)
    if problems:
        return Invalid(problems)
    validated()
    result = instance.run_job(context, runtime, data)
    problems = problems_in(result)
    if problems:
        return Failed(Failure("run_job found problems: " + "; ".join(problems)))
    return Finished(results.to_json(result, job.longest_result))


def find_class(class_path: str) -> Any:
    """The class that a class path names, or whatever can be called under that name.

    :raises ClassNotFoundError: when its module, or the class in it, does not exist
    :raises Exception: what the author's code raises while it is imported
    """
    module_name, _, class_name = class_path.rpartition(".")
    if "" in module_name.split(".") or not class_name or "\0" in class_path:
        raise ClassNotFoundError(class_path)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise ClassNotFoundError(class_path) from None
        raise
    found = getattr(module, class_name, None)
    if not callable(found):
        raise ClassNotFoundError(class_path)
    return found


def problems_in(returned: Any) -> tuple[str, ...]:
    """The texts of the problems, where a list of `ValidationProblem` was returned; else none."""
    if not (isinstance(returned, list) and returned and isinstance(returned[0], ValidationProblem)):
        return ()
    return tuple(
        str(item.problem if isinstance(item, ValidationProblem) else item) for item in returned
    )
