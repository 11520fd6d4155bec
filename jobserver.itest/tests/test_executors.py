"""Executors' Python processes: what forks them, wherever executors run."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from server import SPARK_HOME, Server, standalone_master

OURS, PYSPARKS = "sparkjobserver_daemon", "pyspark.daemon"
SPARK_VERSION = next(SPARK_HOME.glob("jars/spark-core_*.jar")).stem.rpartition("-")[2]
ON_TWO_WORKERS = "local-cluster[2,1,1024]"

JOBS = """
import gc
import os
import signal
import sys
import time

import pyspark
from pyspark.sql.functions import udf
from pyspark.sql.types import IntegerType, StructType
from sparkjobserver.api import SparkJob


def process(_=None):
    return {
        "main": sys.modules["__main__"].__spec__.name,
        "daemon": os.getppid(),
        "folder": os.getcwd(),
        "found": os.path.dirname(os.path.abspath(sys.modules["__main__"].__file__)),
        "way": [e for e in os.environ["PYTHONPATH"].split(":") if e == "." or "daemon" in e],
        "archived": "pyspark.zip" in pyspark.__file__,
        "frozen": gc.get_freeze_count() > 0,
    }


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config


class Processes(Base):
    def run_job(self, context, runtime, data):
        return context._sc.parallelize(range(8), 4).map(process).collect()


class Function(Base):
    def run_job(self, context, runtime, data):
        main = udf(lambda _: process()["main"])
        return [row[0] for row in context.range(4).select(main("id")).distinct().collect()]


class Kills(Base):
    \"\"\"Its function ends the executor that it runs on.\"\"\"

    def run_job(self, context, runtime, data):
        return context._sc.parallelize([0], 1).map(kill).collect()


def kill(_):
    os.write(2, b"what the executor said last\\n")
    with open(f"/proc/{os.getppid()}/stat") as file:
        executor = int(file.read().rpartition(")")[2].split()[1])
    time.sleep(1)  # Spark copies what it has said
    os.kill(executor, signal.SIGKILL)
    time.sleep(60)


class Analyzed(Base):
    \"\"\"A table function whose columns are found out by Python code that the driver runs.\"\"\"

    def run_job(self, context, runtime, data):
        from pyspark.sql.functions import udtf
        from pyspark.sql.udtf import AnalyzeResult

        class Numbers:
            @staticmethod
            def analyze(count):
                return AnalyzeResult(StructType().add("number", IntegerType()))

            def eval(self, count):
                for number in range(count):
                    yield (number,)

        context.udtf.register("numbers", udtf(Numbers))
        return [row.number for row in context.sql("select * from numbers(3)").collect()]
"""


@pytest.fixture(scope="module")
def jobs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server of this file, with the jobs as two binaries that differ."""
    folder = tmp_path_factory.mktemp("jobs")
    for name in ("one", "two"):
        egg = folder / f"{name}-1.0-py3.egg"
        with zipfile.ZipFile(egg, "w") as archive:
            archive.writestr("forked/__init__.py", f"# {name}\n{JOBS}")
        server.upload(name, egg)
    return server


def run(server: Server, binary: str, job: str, context: str) -> Any:
    answer = server.submit(binary, f"forked.{job}", context, sync="true", timeout="110")
    assert answer.status == 200, answer.text
    return answer.json["result"]


def processes(server: Server, binary: str, context: str) -> list[dict[str, Any]]:
    result = run(server, binary, "Processes", context)
    assert isinstance(result, list), result
    return result


def daemons(told: list[dict[str, Any]]) -> set[int]:
    return {process["daemon"] for process in told}


def are_forked_by_ours(told: list[dict[str, Any]]) -> None:
    assert {process["main"] for process in told} == {OURS}
    assert [process["way"] for process in told] == [[]] * len(told)
    assert not any(process["archived"] for process in told)
    assert all(process["frozen"] for process in told)


def were_brought(told: list[dict[str, Any]]) -> None:
    """The module lay with what Spark has brought, not in a folder of the driver's machine."""
    assert [process["found"] for process in told] == [process["folder"] for process in told]


def serves_all(server: Server, context: str) -> None:
    """Every kind of Python function finds the module, and binaries never share a process."""
    first = processes(server, "one", context)
    are_forked_by_ours(first)
    other = processes(server, "two", context)
    are_forked_by_ours(other)
    again = processes(server, "one", context)
    assert not daemons(first) & daemons(other)
    assert daemons(first) & daemons(again), "a daemon serves the jobs of its binary"
    assert run(server, "one", "Function", context) == [OURS]
    if not SPARK_VERSION.startswith("3."):  # there is no such thing before Spark 4
        assert run(server, "one", "Analyzed", context) == [0, 1, 2]


def test_executors_within_the_driver_run_our_daemon(jobs: Server) -> None:
    jobs.context("local", 'spark.context-settings { spark.master = "local[2]" }')

    serves_all(jobs, "local")

    assert jobs.request("DELETE", "/contexts/local").status == 200


def test_executors_in_processes_of_their_own_run_our_daemon(jobs: Server) -> None:
    jobs.context("two", f'spark.context-settings {{ spark.master = "{ON_TWO_WORKERS}" }}')

    serves_all(jobs, "two")
    told = processes(jobs, "one", "two")
    were_brought(told)
    assert len({process["folder"] for process in told}) == 2

    assert jobs.request("DELETE", "/contexts/two").status == 200


def test_the_module_is_found_where_python_does_not_look_into_the_working_folder(
    jobs: Server,
) -> None:
    settings = f'master = "{ON_TWO_WORKERS}", executorEnv.PYTHONSAFEPATH = "1"'
    jobs.context("safe", f"spark.context-settings {{ spark {{ {settings} }} }}")

    told = processes(jobs, "one", "safe")
    are_forked_by_ours(told)
    were_brought(told)

    assert jobs.request("DELETE", "/contexts/safe").status == 200


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with standalone_master(tmp_path_factory.mktemp("standalone"), patience=120) as url:
        yield url


def test_executors_of_a_standalone_master_run_our_daemon(jobs: Server, master: str) -> None:
    settings = f'master = "{master}", task.maxFailures = 1'
    jobs.context("standalone", f"spark.context-settings {{ spark {{ {settings} }} }}")

    serves_all(jobs, "standalone")
    were_brought(processes(jobs, "one", "standalone"))
    lost = run(jobs, "one", "Kills", "standalone")
    assert "ExecutorLostFailure" in lost["message"]
    _, _, told = lost["stack"].partition("The standard error of executor ")
    assert re.match(r"\d+ \(http://\S+\), its last lines:\n\n", told), lost["stack"]
    assert "what the executor said last" in told.splitlines()

    assert jobs.request("DELETE", "/contexts/standalone").status == 200


@pytest.mark.parametrize(
    "setting",
    [
        "python.executor-daemon = false",
        f'spark.python.daemon.module = "{PYSPARKS}"',
        "spark.sql.artifact.isolation.enabled = true",
    ],
)
def test_what_is_asked_for_or_may_not_find_ours_is_run_by_pysparks(
    jobs: Server, setting: str
) -> None:
    body = f'spark.context-settings {{ spark.master = "local[2]", {setting} }}'
    jobs.context("theirs", body)

    assert {process["main"] for process in processes(jobs, "one", "theirs")} == {PYSPARKS}

    assert jobs.request("DELETE", "/contexts/theirs").status == 200
