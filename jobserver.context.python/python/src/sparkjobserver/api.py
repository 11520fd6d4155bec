"""What a Python job is made of.

A job is any class with a constructor without arguments and the methods `validate` and `run_job`
as `SparkJob` has them; deriving from `SparkJob` is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

__all__ = [
    "JobEnvironment",
    "NamedObject",
    "NamedObjectStore",
    "NamedObjects",
    "ResultError",
    "SparkJob",
    "ValidationProblem",
    "build_problems",
]


class ValidationProblem:
    """One reason why `validate` refuses a job's input.

    `problem` is the text that the caller of the job is told.
    """

    def __init__(self, problem: str) -> None:
        self.problem = problem

    def __repr__(self) -> str:
        return f"ValidationProblem({self.problem!r})"


def build_problems(problems: Iterable[str]) -> list[ValidationProblem]:
    """Makes a list of `ValidationProblem` out of texts, for `validate` to return."""
    return [ValidationProblem(problem) for problem in problems]


class ResultError(TypeError):
    """A job's result has no form in JSON. The message names the type and the path to it."""


class SparkJob:
    """A job. The server makes one object of the class for each run, in a process of its own."""

    def __init__(self) -> None:
        pass

    def validate(self, context: Any, runtime: JobEnvironment, config: Any) -> Any:
        """Looks at the input before the job runs.

        :param context: the context the job runs in: a `SparkSession`, or what `build_context` made
        :param runtime: the job's id, its context's settings, and the objects that jobs share
        :param config: the configuration that was posted, a pyhocon `ConfigTree`
        :return: the job's data, which `run_job` is given as it is; or a list of
            `ValidationProblem`, with which the job is refused and the caller told why
        """
        raise NotImplementedError(f"{type(self).__name__} has no method validate")

    def run_job(self, context: Any, runtime: JobEnvironment, data: Any) -> Any:
        """Does the work.

        :param context: as in `validate`
        :param runtime: as in `validate`
        :param data: what `validate` returned
        :return: the result, which the caller gets as JSON
        """
        raise NotImplementedError(f"{type(self).__name__} has no method run_job")

    def build_context(self, gateway: Any, jvmContext: Any, sparkConf: Any) -> Any:  # noqa: ARG002, N803
        """Makes the Python context out of the JVM's, where the factory made no `SparkSession`.

        In contexts that are a `SparkSession` it is not called.

        :param gateway: the Py4J gateway to the driver's JVM
        :param jvmContext: the object that the context's factory made
        :param sparkConf: the context's configuration, a `pyspark.SparkConf`
        :return: what `validate` and `run_job` get as their `context`
        """
        return None


class NamedObject:
    """Something that the jobs of a context share: a DataFrame, an RDD, or a value to be pickled.

    :param obj: the thing itself
    :param forceComputation: whether to compute a DataFrame or an RDD at once, not at its first use
    :param storage_level: the `pyspark.StorageLevel` in which Spark keeps a DataFrame or an RDD;
        Spark's default where it is None
    """

    def __init__(self, obj: Any, forceComputation: bool = False, storage_level: Any = None) -> None:  # noqa: N803
        self.obj = obj
        self.forceComputation = forceComputation
        self.storage_level = storage_level

    def __repr__(self) -> str:
        return f"NamedObject({self.obj!r})"


class NamedObjectStore(Protocol):
    """Where named objects are kept. Jobs do not use it; `NamedObjects` does."""

    def read(self, name: str) -> NamedObject | None:
        """The object of this name, or None."""

    def write(self, name: str, named: NamedObject) -> None:
        """Keeps an object under a name, in the place of an earlier one."""

    def remove(self, name: str) -> None:
        """Drops a name, if there is one."""

    def names(self) -> list[str]:
        """The names in use, sorted."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Makes others that lock the same name wait. Ends with the process, at the latest."""


Maker = Callable[[], Any]


class NamedObjects:
    """The objects that the jobs of one context share, by name. They live as long as the context."""

    def __init__(self, store: NamedObjectStore) -> None:
        self._store = store

    def get(self, name: str) -> NamedObject | None:
        """The named object, or None where there is none of this name."""
        return self._store.read(name)

    def get_or_else_create(self, name: str, obj_gen: Maker) -> NamedObject:
        """The named object, which is made first where there is none of this name.

        Of several jobs that ask at once, one makes it and the others wait. When that one fails
        or is killed, the next makes it.

        :param obj_gen: a function without arguments that returns a `NamedObject`, or the bare
            object to be named
        """
        found = self._store.read(name)
        if found is not None:
            return found
        with self._store.lock(name):
            found = self._store.read(name)
            if found is not None:
                return found
            return self._keep(name, _named(obj_gen()))

    def update(self, name: str, obj_gen: Maker) -> NamedObject:
        """Makes an object and puts it in the place of the one of this name, if there is one.

        Spark no longer keeps the data of the one that was replaced.

        :param obj_gen: as for `get_or_else_create`; it may use the object that is replaced
        """
        with self._store.lock(name):
            old = self._store.read(name)
            new = self._keep(name, _named(obj_gen()))
            if old is not None and not _same(old.obj, new.obj):
                _unpersist(old.obj)
            return new

    def forget(self, name: str) -> None:
        """Drops the name. Spark keeps the data of a DataFrame or an RDD until nobody uses it."""
        self._store.remove(name)

    def destroy(self, name: str) -> None:
        """Drops the name, and the data that Spark keeps for the object."""
        with self._store.lock(name):
            old = self._store.read(name)
            self._store.remove(name)
            if old is not None:
                _unpersist(old.obj)

    def get_names(self) -> list[str]:
        """The names in use at this moment, sorted."""
        return self._store.names()

    def _keep(self, name: str, named: NamedObject) -> NamedObject:
        _persist(named)
        self._store.write(name, named)
        return named


def _named(made: Any) -> NamedObject:
    return made if isinstance(made, NamedObject) else NamedObject(made)


def _is_distributed(obj: Any) -> bool:
    """Whether Spark can keep the object's data: DataFrames and RDDs of any PySpark version."""
    return type(obj).__module__.split(".")[0] == "pyspark" and hasattr(obj, "persist")


def _persist(named: NamedObject) -> None:
    if not _is_distributed(named.obj):
        return
    if named.storage_level is None:
        named.obj.persist()
    else:
        named.obj.persist(named.storage_level)
    if named.forceComputation:
        named.obj.count()


def _unpersist(obj: Any) -> None:
    if _is_distributed(obj):
        obj.unpersist()


def _same(old: Any, new: Any) -> bool:
    """Whether Spark would keep the same data for both, so that dropping one's drops the other's."""
    if not (_is_distributed(old) and _is_distributed(new)):
        return False
    if hasattr(old, "sameSemantics") and hasattr(new, "sameSemantics"):
        return bool(old.sameSemantics(new))
    if hasattr(old, "id") and hasattr(new, "id"):
        return bool(old.id() == new.id())
    return False


class JobEnvironment:
    """What a job is told of itself.

    `jobId` is the job's id, `namedObjects` are the objects that the context's jobs share, and
    `contextConfig` are the context's settings, a pyhocon `ConfigTree`.
    """

    def __init__(self, job_id: str, named_objects: NamedObjects, context_config: Any) -> None:
        self.jobId = job_id
        self.namedObjects = named_objects
        self.contextConfig = context_config
