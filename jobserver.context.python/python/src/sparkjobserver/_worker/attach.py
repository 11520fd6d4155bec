"""Attaches a worker to the Spark context of the driver's JVM.

The work is left to PySpark's own code, so that it follows PySpark's version. What is bent here is
what a context that many processes share needs: no worker may stop it, and none may make its own
session the default one of the JVM.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession, SQLContext

from sparkjobserver._worker.failures import qualified_name
from sparkjobserver._worker.shared import JvmStore
from sparkjobserver.api import NamedObjects


class Attachment:
    """A worker's connection to the JVM. In mode `custom` there is no session.

    :param gateway: the Py4J gateway
    :param session: the session that jobs share, or None
    :param conf: the configuration that `build_context` gets
    :param context: what jobs get as their context; the session unless it is given
    """

    def __init__(
        self, gateway: Any, session: SparkSession | None, conf: SparkConf, context: Any = None
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._conf = conf
        self._context = session if context is None else context
        self._digest: str | None = None
        self._includes: tuple[str, ...] = ()

    @property
    def temporary_folder(self) -> str:
        """The folder that PySpark made for this worker, or an empty text.

        What jobs leave behind in the JVM may need it, so the worker does not remove it.
        """
        return "" if self._session is None else self._session.sparkContext._temp_dir

    def context_for(self, instance: Any) -> Any:
        """The context of a job, which its own `build_context` makes where the context is custom.

        :raises TypeError: when the job has no such method, or it returns None
        """
        if self._context is not None:
            return self._context
        jvm_context = self._gateway.entry_point.jvmContext()
        build = getattr(instance, "build_context", None)
        context = None if build is None else build(self._gateway, jvm_context, self._conf)
        _interrupt_as_usual()
        self._apply_binaries()
        if context is None:
            raise TypeError(
                f"{qualified_name(type(instance))} cannot run in this context: a context of type"
                f" {jvm_context.getClass().getName()} needs a job whose method build_context("
                "gateway, jvmContext, sparkConf) makes a Python object of it"
            )
        return context

    def use_binaries(self, digest: str, includes: tuple[str, ...]) -> None:
        """Makes executors import from these files, in processes that know no other binaries.

        :param digest: what tells the binaries from others
        :param includes: names of files that the JVM has given to executors with `addFile`
        """
        self._digest, self._includes = digest, includes
        self._apply_binaries()

    def serves_again(self) -> bool:
        """Whether this process can run another job: not when a job's own context lives in it."""
        return self._session is not None or SparkContext._active_spark_context is None

    def settle(self, tag: str) -> None:
        """Makes Spark's side of this process as it was before its job.

        :param tag: what marks the Spark jobs of this process
        """
        self._gateway.entry_point.settle(tag)
        if self._session is not None:
            SparkSession._instantiatedSession = self._session
            SparkSession._activeSession = self._session

    def warm_up(self) -> None:
        """Lets the JVM resolve what the first query needs, without running a Spark job."""
        if self._session is not None:
            _ = self._session.sql("select 1 as x").schema

    def named_objects(self, locks: Path) -> NamedObjects:
        """The objects that the jobs of the context share."""
        return NamedObjects(JvmStore(self._gateway, self._gateway.entry_point.namedObjects, locks))

    def _apply_binaries(self) -> None:
        context = SparkContext._active_spark_context
        if context is None or self._digest is None:
            return
        # Executors run one set of Python processes for each environment. Processes that are used
        # again keep what they have imported: without this they would mix versions of a binary.
        context.environment["JOBSERVER_BINARIES"] = self._digest
        includes = context._python_includes
        if includes is None:
            includes = context._python_includes = []
        includes.extend(name for name in self._includes if name not in includes)


def attach(port: int, token: str, mode: str) -> Attachment:
    """Attaches this process to the Py4J server of the driver's JVM that is there for it alone.

    :param port: the server's port on the loopback address
    :param token: the server's secret
    :param mode: `session`, `spark-context` or `sql-context` for contexts that are one; `custom` for
        all others
    :raises Exception: what Py4J and PySpark raise, when the JVM does not answer as expected
    """
    gateway = _launch_gateway(port, token)
    entry_point = gateway.entry_point
    pairs = {str(key): str(value) for key, value in json.loads(entry_point.confJson())}
    _keep_contexts_running()
    _show_the_way_to_the_daemon(os.environ.pop("JOBSERVER_DAEMON_PATH", ""))
    java_context = entry_point.jsc()
    conf = _conf(gateway, java_context, pairs)
    if mode == "custom":
        return Attachment(gateway, None, conf)
    with _without_call_site():
        context = SparkContext(gateway=gateway, jsc=java_context, conf=conf)
    _interrupt_as_usual()
    session = _attach_session(gateway, context)
    return Attachment(gateway, session, conf, _equivalent(mode, session))


@contextlib.contextmanager
def _without_call_site() -> Iterator[None]:
    """Keeps a new context from reading the source of all its callers.

    It would show in Spark's page where the context was made, which here is always the same, and
    leave a megabyte in each worker.
    """
    module = sys.modules[SparkContext.__module__]
    found = module.first_spark_call
    module.first_spark_call = lambda: None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.first_spark_call = found  # type: ignore[attr-defined]


def _equivalent(mode: str, session: SparkSession) -> Any:
    """What PySpark has in the place of what the factory has made."""
    if mode == "spark-context":
        return session.sparkContext
    if mode == "sql-context":
        return SQLContext(session.sparkContext, session)
    return session


def _launch_gateway(port: int, token: str) -> Any:
    os.environ["PYSPARK_PIN_THREAD"] = "true"
    os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
    os.environ["PYSPARK_GATEWAY_SECRET"] = token
    try:
        return launch_gateway()  # type: ignore[no-untyped-call]
    finally:  # neither the job nor its children shall find them
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]


class _ConfReadAtOnce(SparkConf):
    """The JVM's configuration, read by one call.

    PySpark's own class takes two calls for each entry. What is set goes to the JVM too.
    """

    def __init__(self, java_conf: Any, pairs: dict[str, str]) -> None:
        super().__init__(loadDefaults=False, _jconf=java_conf)
        self._pairs = dict(pairs)

    def set(self, key: str, value: str) -> SparkConf:
        super().set(key, value)
        # as PySpark writes what it gives to the JVM
        self._pairs[key] = str(value)
        return self

    def get(self, key: str, defaultValue: Any = None) -> Any:  # noqa: N803
        return self._pairs.get(key, defaultValue)

    def getAll(self) -> list[tuple[str, str]]:  # noqa: N802
        return list(self._pairs.items())

    def contains(self, key: str) -> bool:
        return key in self._pairs


def _conf(gateway: Any, java_context: Any, pairs: dict[str, str]) -> SparkConf:
    if java_context is not None:
        return _ConfReadAtOnce(java_context.sc().conf(), pairs)
    java_conf = gateway.jvm.SparkConf(False)
    for key, value in pairs.items():
        java_conf.set(key, value)
    return _ConfReadAtOnce(java_conf, pairs)


def _interrupt_as_usual() -> None:
    """PySpark would answer an interrupt by cancelling all jobs of the context, others' too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _keep_contexts_running() -> None:
    """Takes the effect from `stop`, for all objects of this process.

    The classes are changed, for a job can make further objects that lead to the same context.
    """

    def stop(self: Any) -> None:
        print(
            f"{type(self).__name__}.stop() has no effect in a job: other jobs use the context",
            file=sys.stderr,
        )

    SparkContext.stop = stop  # type: ignore[method-assign]
    SparkSession.stop = stop  # type: ignore[method-assign]


def _show_the_way_to_the_daemon(way: str) -> None:
    """Lets Python functions name the places where an executor finds our daemon.

    The class is changed, for a job can make a context in its `build_context` and use it there.

    :param way: entries for PYTHONPATH; none where executors run another daemon
    """
    if not way:
        return
    make = SparkContext.__init__

    @functools.wraps(make)
    def make_with_way(self: Any, *arguments: Any, **keywords: Any) -> None:
        make(self, *arguments, **keywords)
        before = self.environment.get("PYTHONPATH")
        self.environment["PYTHONPATH"] = f"{before}{os.pathsep}{way}" if before else way
        # for the daemon to take them away again
        self.environment["JOBSERVER_DAEMON_PATH"] = way

    SparkContext.__init__ = make_with_way  # type: ignore[method-assign]


def _attach_session(gateway: Any, context: SparkContext) -> SparkSession:
    java_session = gateway.entry_point.session()

    class Placeholder:
        """Looks to SparkSession's constructor like a session that is there already.

        Without one it would make its own the default session of the JVM.
        """

        _sc = context

    SparkSession._instantiatedSession = cast("Any", Placeholder())
    session = SparkSession(context, java_session)
    SparkSession._instantiatedSession = session
    SparkSession._activeSession = session
    # for this thread alone, as is the thread of the JVM that belongs to it
    gateway.jvm.SparkSession.setActiveSession(java_session)
    return session
