"""What jobs may take, and what their callers are told when they want more, or fail far away."""

from __future__ import annotations

import zipfile
from typing import Any

import pytest
from server import Server

JOBS = '''
import os
import subprocess
import sys

from sparkjobserver.api import SparkJob


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config


class Large(Base):
    """A result of some bytes of JSON."""

    def run_job(self, context, runtime, data):
        return "x" * (data.get("size") - 2)


class Hungry(Base):
    """Wants memory."""

    def run_job(self, context, runtime, data):
        return len(b"x" * data.get("size"))


class InFunction(Base):
    """Fails in a Python function on an executor."""

    def run_job(self, context, runtime, data):
        if data.get("sql"):
            from pyspark.sql.functions import udf

            return context.range(3).select(udf(fail)("id")).collect()
        return context.sparkContext.parallelize([1, 2]).map(fail).collect()


class Crashes(Base):
    """Its function ends the process on the executor, as a library may that has said why."""

    def run_job(self, context, runtime, data):
        if data.get("sql"):
            from pyspark.sql.functions import udf

            return context.range(3).select(udf(crash)("id")).collect()
        return context.sparkContext.parallelize([1, 2]).map(crash).collect()


class Whispers(Base):
    """Its function prints to the standard error of the process on the executor."""

    def run_job(self, context, runtime, data):
        return context.sparkContext.parallelize([1]).map(whisper).collect()


def crash(value):
    os.write(2, b"a library: password=hush does not fit\\n")
    os._exit(3)


def whisper(value):
    os.write(2, b"an earlier job was here\\n")


def fail(value):
    return really_fail(value)


def really_fail(value):
    raise ValueError("there is something wrong with it")
'''

SETTINGS = 'max-result-size = "1 MiB", python.workers.max-memory = "256 MiB"'


@pytest.fixture(scope="module")
def limited(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    egg = tmp_path_factory.mktemp("limits") / "limits.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr("limits/__init__.py", JOBS)
    server.upload("limits", egg)
    server.context("limited", f"spark.context-settings {{ {SETTINGS} }}")
    return server


def run(server: Server, name: str, config: str) -> Any:
    return server.submit(
        "limits", f"limits.{name}", "limited", config, sync="true", timeout="120"
    ).json["result"]


def test_a_result_may_have_as_many_bytes_as_the_context_allows(limited: Server) -> None:
    assert len(run(limited, "Large", "size = 1048576")) == 1048574
    told = run(limited, "Large", "size = 1048577")
    assert told["errorClass"] == "sparkjobserver.api.ResultError"
    assert told["message"] == (
        "the result has 1048577 bytes as JSON; at most 1048576 are allowed"
        " (max-result-size of the context's settings)"
    )
    assert run(limited, "Large", "size = 10") == "x" * 8


def test_a_job_that_wants_more_memory_than_it_may_have_fails_and_the_next_one_works(
    limited: Server,
) -> None:
    told = run(limited, "Hungry", f"size = {300 << 20}")
    assert told["errorClass"] == "MemoryError"
    assert told["message"] == (
        "the job's process may have 268435456 bytes of memory (python.workers.max-memory)"
    )
    assert run(limited, "Hungry", "size = 1000000") == 1000000


@pytest.mark.parametrize("sql", ["true", "false"])
def test_of_a_function_that_fails_on_an_executor_the_authors_traceback_comes_first(
    limited: Server, sql: str
) -> None:
    told = run(limited, "InFunction", f"sql = {sql}")
    assert told["message"] == "ValueError: there is something wrong with it"
    first, line, *more = told["stack"].splitlines()
    assert first == "Traceback (most recent call last):"
    assert line.endswith("in fail")
    assert "limits" in line
    assert "ValueError: there is something wrong with it" in more[:8]
    assert "This was in a Python function on an executor. It made fail:" in more
    assert any("in run_job" in frame for frame in more)


@pytest.mark.parametrize("sql", ["true", "false"])
def test_what_a_process_on_an_executor_said_before_it_died_is_told_with_the_job_s_failure(
    limited: Server, sql: str
) -> None:
    assert run(limited, "Whispers", "") == [None]
    answer = limited.submit(
        "limits", "limits.Crashes", "limited", f"sql = {sql}", sync="true", timeout="120"
    ).json

    stack = answer["result"]["stack"]
    assert "Python worker exited unexpectedly" in stack or "Connection reset" in stack
    _, _, told = stack.partition("The driver's log, its last lines since the job began:\n\n")
    assert "a library: password=*** does not fit" in told.splitlines()
    assert len(told.splitlines()) <= 60
    assert "an earlier job was here" not in told
    assert not any(line.startswith("\tat ") for line in told.splitlines())
    assert limited.get(f"/jobs/{answer['jobId']}/log").text.endswith(told)
    assert run(limited, "Large", "size = 10") == "x" * 8


def test_limits_that_make_no_sense_are_told(limited: Server) -> None:
    answer = limited.request("POST", "/contexts/nonsense?python.workers.max-memory=1m")
    assert answer.status == 500
    assert answer.json["result"]["message"] == (
        "python.workers.max-memory is 1048576 bytes, less than 67108864; 0 is no limit"
    )
