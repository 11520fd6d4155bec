import datetime as dt
import os
import subprocess
import sys

import pytest

from driver import SOURCES, python_path
from sparkjobserver.api import NamedObjects, SparkJob, build_problems
from sparkjobserver.testing import InvalidInputError, JobFailedError, MemoryStore, run_job


class Echo(SparkJob):
    def validate(self, context, runtime, config):
        return config.get("a.b", None) or build_problems(["config a.b not found"])

    def run_job(self, context, runtime, data):
        if data == "problems":
            return build_problems(["one", "two"])
        name = runtime.contextConfig.get("context.name", None)
        return {1: (context, data, runtime.jobId, name)}


def test_the_result_is_what_a_caller_would_read():
    assert run_job(Echo, "a.b = [1, x]", "context") == {"1": ["context", [1, "x"], "test", None]}


def test_a_configuration_may_be_a_dictionary_and_the_job_an_object():
    result = run_job(Echo(), {"a": {"b": 2.0}}, context_config='context.name = "c"', job_id="j")
    assert result == {"1": [None, 2.0, "j", "c"]}


def test_problems_are_raised():
    with pytest.raises(InvalidInputError) as raised:
        run_job(Echo)
    assert raised.value.problems == ("config a.b not found",)
    with pytest.raises(JobFailedError, match="one; two"):
        run_job(Echo, {"a": {"b": "problems"}})


def test_dates_arrive_as_texts():
    class Today(Echo):
        def run_job(self, context, runtime, data):
            return dt.date(2026, 1, 2)

    assert run_job(Today, "a.b = 1") == "2026-01-02"


def test_jobs_of_a_test_may_share_objects():
    class Counter(SparkJob):
        def validate(self, context, runtime, config):
            return None

        def run_job(self, context, runtime, data):
            old = runtime.namedObjects.get("n")
            return runtime.namedObjects.update("n", lambda: old.obj + 1 if old else 1).obj

    shared = NamedObjects(MemoryStore())
    assert [run_job(Counter, named_objects=shared) for _ in range(3)] == [1, 2, 3]
    assert [run_job(Counter) for _ in range(2)] == [1, 1]


SESSION = """
from pathlib import Path
from sparkjobserver.api import SparkJob
from sparkjobserver.testing import local_session, run_job

class Sums(SparkJob):
    def validate(self, context, runtime, config):
        return config.get_int("n")

    def run_job(self, context, runtime, data):
        return context.range(data).groupBy().sum().collect()

with local_session({"spark.app.name": "own"}) as spark:
    assert run_job(Sums, "n = 4", spark) == [[6]]
    conf = spark.sparkContext.getConf()
    assert (conf.get("spark.app.name"), conf.get("spark.ui.enabled")) == ("own", "false")
    folder = Path(conf.get("spark.sql.warehouse.dir").removeprefix("file:"))
    assert folder.is_dir()
    try:
        with local_session():
            pass
    except RuntimeError as refused:
        assert "already" in str(refused)
    else:
        raise AssertionError("a second session")
    assert run_job(Sums, "n = 2", spark) == [[1]]
assert not folder.exists()
assert spark.getActiveSession() is None
with local_session() as next_one:
    assert run_job(Sums, "n = 3", next_one) == [[3]]
print("well")
"""


@pytest.mark.spark
def test_a_session_lasts_as_long_as_its_block(tmp_path):
    pytest.importorskip("pyspark")
    done = subprocess.run(
        [sys.executable, "-c", SESSION],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": python_path(SOURCES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr
    assert list(tmp_path.iterdir()) == []
