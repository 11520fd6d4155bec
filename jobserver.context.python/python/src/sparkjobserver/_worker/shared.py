"""Keeps named objects in the driver's JVM, where all workers of a context find them."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaObject, is_instance_of
from pyspark import RDD, SparkContext, StorageLevel, cloudpickle
from pyspark.sql import DataFrame, SparkSession

from sparkjobserver._worker.failures import qualified_name
from sparkjobserver.api import NamedObject, NamedObjectStore

_MARK = "sparkjobserver"
_DATAFRAME, _RDD, _VALUE = "dataframe", "rdd", "value"
_PARTS = 5


class JvmStore(NamedObjectStore):
    """Named objects in a concurrent map of the JVM.

    An entry of ours is a list: a mark, the kind of object, the name of a value's class, the object
    itself (the JVM's DataFrame or RDD, or the bytes of a pickled value), and the pickled rest. All
    but the last is for the JVM to read, too (`NamedObjects.java`). Code in the JVM may put bare
    objects there too; a bare Dataset is read as a DataFrame, all else as the Py4J object.

    :param gateway: the Py4J gateway of this worker
    :param objects: gives the JVM's map, which is asked for once there is need of it
    :param locks: a folder for lock files, the same for all workers of the context
    """

    def __init__(self, gateway: Any, objects: Callable[[], Any], locks: Path) -> None:
        self._gateway = gateway
        self._give_objects = objects
        self._locks = locks

    @functools.cached_property
    def _objects(self) -> Any:
        return self._give_objects()

    def read(self, name: str) -> NamedObject | None:
        """The object of this name, or None."""
        entry = self._objects.get(name)
        if entry is None:
            return None
        if not self._is_ours(entry):
            return NamedObject(self._bare(entry))
        _, kind, _, content, rest = entry
        # Of a job of the same context, which has the same rights.
        about = pickle.loads(bytes(rest))  # nosec B301
        return NamedObject(
            self._object(kind, content, about), about["forceComputation"], _level(about["level"])
        )

    def write(self, name: str, named: NamedObject) -> None:
        """Keeps an object under a name, in the place of an earlier one."""
        obj, level = named.obj, named.storage_level
        about: dict[str, Any] = {
            "forceComputation": named.forceComputation,
            "level": None
            if level is None
            else (
                level.useDisk,
                level.useMemory,
                level.useOffHeap,
                level.deserialized,
                level.replication,
            ),
        }
        content: Any
        value_class = ""
        if isinstance(obj, DataFrame):
            kind, content = _DATAFRAME, obj._jdf
        elif isinstance(obj, RDD):
            kind, content = _RDD, obj._jrdd
            about["deserializer"] = obj._jrdd_deserializer
        else:
            kind, content = _VALUE, cloudpickle.dumps(obj)
            value_class = qualified_name(type(obj))
        entry = self._gateway.jvm.java.util.ArrayList()
        for part in (_MARK, kind, value_class, content, pickle.dumps(about)):
            entry.add(part)
        self._objects.put(name, entry)

    def remove(self, name: str) -> None:
        """Drops a name, if there is one."""
        self._objects.remove(name)

    def names(self) -> list[str]:
        """The names in use, sorted."""
        return sorted(
            str(name) for name in self._gateway.jvm.java.util.TreeSet(self._objects.keySet())
        )

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Makes other jobs that lock the same name wait. Ends with the process, at the latest."""
        self._locks.mkdir(parents=True, exist_ok=True)
        file = self._locks / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        # The operating system frees the lock when the process is gone, however it went.
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _is_ours(self, entry: Any) -> bool:
        return (
            self._is_a(entry, "java.util.ArrayList") and len(entry) == _PARTS and entry[0] == _MARK
        )

    def _bare(self, entry: Any) -> Any:
        if self._is_a(entry, "org.apache.spark.sql.Dataset"):
            return DataFrame(entry, _session())
        return entry

    def _object(self, kind: str, content: Any, about: dict[str, Any]) -> Any:
        if kind == _VALUE:
            return pickle.loads(bytes(content))  # nosec B301
        obj: Any
        if kind == _DATAFRAME:
            obj = DataFrame(content, _session())
        else:
            context = SparkContext._active_spark_context
            if context is None:
                raise RuntimeError("an RDD needs a SparkContext, and this job has none")
            obj = RDD(content, context, about["deserializer"])
        obj.is_cached = True  # what was named was persisted
        return obj

    def _is_a(self, entry: Any, java_class: str) -> bool:
        return isinstance(entry, JavaObject) and bool(
            is_instance_of(self._gateway, entry, java_class)
        )


def _session() -> SparkSession:
    return SparkSession._instantiatedSession or SparkSession.builder.getOrCreate()


def _level(parts: tuple[bool, bool, bool, bool, int] | None) -> StorageLevel | None:
    return None if parts is None else StorageLevel(*parts)
