"""Runs jobs in unit tests, without a server.

With PySpark and Java a test may be:

@pytest.fixture(scope="session")
def spark():
    with local_session() as session:
        yield session

def test_counts_words(spark):
    assert run_job(WordCountSparkJob, 'input.strings = ["a", "a"]', spark) == {"a": 2}
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyhocon import ConfigFactory

from sparkjobserver._worker import configuration, jobs, results
from sparkjobserver.api import JobEnvironment, NamedObject, NamedObjects, NamedObjectStore

__all__ = ["InvalidInputError", "JobFailedError", "MemoryStore", "local_session", "run_job"]


class InvalidInputError(Exception):
    """The job's `validate` refused its input. `problems` are the texts of its reasons."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class JobFailedError(Exception):
    """The job's `run_job` returned a list of problems, which makes a job fail."""


class MemoryStore(NamedObjectStore):
    """Keeps named objects in this process. Jobs of one test that share it share their objects."""

    def __init__(self) -> None:
        self._objects: dict[str, NamedObject] = {}
        self._locks: dict[str, threading.RLock] = {}

    def read(self, name: str) -> NamedObject | None:
        """The object of this name, or None."""
        return self._objects.get(name)

    def write(self, name: str, named: NamedObject) -> None:
        """Keeps an object under a name."""
        self._objects[name] = named

    def remove(self, name: str) -> None:
        """Drops a name, if there is one."""
        self._objects.pop(name, None)

    def names(self) -> list[str]:
        """The names in use, sorted."""
        return sorted(self._objects)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Makes other threads that lock the same name wait."""
        with self._locks.setdefault(name, threading.RLock()):
            yield


@contextmanager
def local_session(conf: Mapping[str, Any] | None = None) -> Iterator[Any]:
    """A `SparkSession` in this process, for as long as the block or the fixture lasts.

    It has two tasks at a time, so that tests notice what tasks do not share, runs them with this
    interpreter, and leaves no files behind. There may be one at a time.

    :param conf: Spark's settings, which win over those
    :raises RuntimeError: when there is a session already
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415 (not all tests have PySpark)

    if SparkSession.getActiveSession() is not None:
        raise RuntimeError("There is a SparkSession in this process already: use that one")
    with tempfile.TemporaryDirectory(prefix="sparkjobserver-") as folder:
        settings: dict[str, Any] = {
            "spark.master": "local[2]",
            "spark.app.name": "sparkjobserver.testing",
            "spark.pyspark.python": sys.executable,
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": folder,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            **(conf or {}),
        }
        session = SparkSession.builder.config(map=settings).getOrCreate()
        try:
            yield session
        finally:
            session.stop()


def run_job(
    job: Any,
    config: str | Mapping[str, Any] = "",
    context: Any = None,
    *,
    context_config: str | Mapping[str, Any] = "",
    named_objects: NamedObjects | None = None,
    job_id: str = "test",
) -> Any:
    """Does with a job what the server does: `validate`, then `run_job`, then JSON.

    :param job: the job's class, or an object of it
    :param config: what would be posted: HOCON, or a dictionary that could be a JSON object
    :param context: what the job gets as its context. Its `build_context` is not called: a test of a
        job for another kind of context gives what that would have made, or a stand-in.
    :param context_config: the context's settings, which are in `runtime.contextConfig`
    :param named_objects: the objects that jobs share; none where left out
    :param job_id: the job's id, which is in `runtime.jobId`
    :return: the result as a caller of the server reads it: the JSON of it, parsed
    :raises InvalidInputError: when `validate` returns problems
    :raises JobFailedError: when `run_job` returns problems
    :raises ResultError: when the result has no form in JSON
    :raises Exception: whatever the job raises
    """
    instance = job() if isinstance(job, type) else job
    runtime = JobEnvironment(
        job_id,
        NamedObjects(MemoryStore()) if named_objects is None else named_objects,
        _configuration(context_config),
    )
    data = instance.validate(context, runtime, _configuration(config))
    problems = jobs.problems_in(data)
    if problems:
        raise InvalidInputError(problems)
    result = instance.run_job(context, runtime, data)
    problems = jobs.problems_in(result)
    if problems:
        raise JobFailedError("; ".join(problems))
    return json.loads(results.to_json(result))


def _configuration(given: str | Mapping[str, Any]) -> Any:
    if isinstance(given, str):
        return ConfigFactory.parse_string(given)
    return configuration.from_dict(dict(given))
