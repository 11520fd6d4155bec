"""Contexts and jobs through the whole stack: settings, errors, slots, versions, output."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from server import Server, until

FAILING = "example_jobs.failing_job.FailingJob"
SLOW = "example_jobs.slow_job.SlowJob"
WORDS = "example_jobs.word_count.WordCountSparkJob"

PROBE = '''
import json
import sys

from sparkjobserver.api import SparkJob


class Conf(SparkJob):
    """Tells what Spark and the job were told."""

    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, data):
        conf = context.sparkContext.getConf()
        return {
            "cores": conf.get("spark.cores.max"),
            "memory": conf.get("spark.executor.memory"),
            "passed": conf.get("spark.passed"),
            "context": runtime.contextConfig.get("num-cpu-cores"),
            "name": conf.get("spark.app.name"),
            "config": json.loads(json.dumps(data.as_plain_ordered_dict())),
            "job": runtime.jobId,
        }


class Loud(SparkJob):
    def validate(self, context, runtime, config):
        print("to stdout")
        print("to stderr", file=sys.stderr)

    def run_job(self, context, runtime, data):
        return VERSION


VERSION = %d
'''


def probe(folder: Path, version: int) -> Path:
    file = folder / f"probe-{version}.egg"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("probe/__init__.py", PROBE % version)
    return file


@pytest.fixture(scope="module")
def jobs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    server.upload("probe", probe(tmp_path_factory.mktemp("probe"), 1))
    server.context(
        "c",
        "spark.context-settings { num-cpu-cores = 3, passthrough { spark.passed = yes } }",
        **{"num-cpu-cores": "2", "memory-per-node": "600m"},
    )
    return server


def run(server: Server, class_path: str, config: str = "", binary: str = "probe") -> Any:
    answer = server.submit(binary, class_path, "c", config, sync="true", timeout="60")
    assert answer.status == 200, answer.text
    return answer.json


def test_the_body_wins_over_the_query_and_the_query_over_the_server(jobs: Server) -> None:
    result = run(jobs, "probe.Conf")["result"]

    assert result["cores"] == "3"
    assert result["context"] == 3
    assert result["memory"] == "600m"
    assert result["passed"] == "yes"
    assert result["name"] == "c"


def test_a_job_sees_what_was_posted_and_nothing_of_the_server(jobs: Server) -> None:
    answer = run(jobs, "probe.Conf", "a.b = [1, x]\nc = ${a.b}")

    assert answer["result"]["config"] == {"a": {"b": [1, "x"]}, "c": [1, "x"]}
    assert answer["result"]["job"] == answer["jobId"]


def test_a_failed_job_tells_its_error_as_python_does(jobs: Server) -> None:
    answer = run(jobs, FAILING, "fail.message = deliberate", "example_jobs")

    assert answer["status"] == "ERROR"
    assert answer["result"]["message"] == "deliberate"
    assert answer["result"]["errorClass"] == "ValueError"
    assert answer["result"]["stack"].startswith("Traceback (most recent call last):\n")
    assert "failing_job.py" in answer["result"]["stack"]
    assert jobs.job(answer["jobId"])["result"] == answer["result"]


@pytest.mark.parametrize("class_path", ["probe.Missing", "missing.Conf", "probe.missing.Conf"])
def test_a_class_that_is_not_in_the_binary_is_not_found(jobs: Server, class_path: str) -> None:
    answer = jobs.submit("probe", class_path, "c")

    assert (answer.status, answer.json) == (
        404,
        {"status": "ERROR", "result": f"classPath {class_path} not found"},
    )


def test_a_binary_a_context_and_a_job_that_are_not_there_are_named(jobs: Server) -> None:
    assert jobs.submit("no", "a.B", "c").json["result"] == "appName no not found"
    assert jobs.submit("probe", "probe.Conf", "no").json["result"] == "context no not found"
    assert jobs.get("/jobs/no").json["result"] == "No such job ID no"
    assert jobs.get("/contexts/no").json["result"] == "can't find context with name no"
    assert jobs.submit("probe", "probe.Conf", "c", "a = [").status == 400


def test_names_of_contexts_are_checked(jobs: Server) -> None:
    answer = jobs.request("POST", "/contexts/1c")
    assert (answer.status, answer.json["result"]) == (400, "context name must start with letters")
    answer = jobs.request("POST", "/contexts/c")
    assert (answer.status, answer.json["result"]) == (400, "context c exists")
    answer = jobs.request("DELETE", "/contexts/no")
    assert (answer.status, answer.json["result"]) == (404, "context no not found")


def test_a_context_that_cannot_be_made_says_why_and_frees_its_name(jobs: Server) -> None:
    answer = jobs.request("POST", "/contexts/bad?spark.master=nonsense")

    assert answer.status == 500
    assert answer.json["status"] == "CONTEXT INIT ERROR"
    assert "master" in answer.text.lower()
    assert jobs.context_state("bad") == "ERROR"
    assert "bad" not in jobs.get("/contexts").json


def test_a_job_beyond_the_slots_is_refused(jobs: Server) -> None:
    started = []
    for _ in range(8):
        answer = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 600", timeout="60")
        assert answer.status == 202, answer.text
        started.append(answer.json["jobId"])

    answer = jobs.submit("probe", "probe.Conf", "c")
    assert (answer.status, answer.json) == (
        503,
        {
            "status": "NO SLOTS AVAILABLE",
            "result": "Too many running jobs (8) for job context 'c'",
        },
    )
    assert {job["jobId"] for job in jobs.get("/jobs?status=running").json} == set(started)

    for job in started:
        assert jobs.request("DELETE", f"/jobs/{job}").json == {"status": "KILLED"}
    assert run(jobs, "probe.Loud")["result"] == 1


def test_a_sync_job_that_takes_too_long_goes_on(jobs: Server) -> None:
    answer = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 3", sync="true", timeout="1")

    assert answer.status == 500
    assert answer.json["result"]["message"].startswith("Ask timed out on ")
    job = jobs.get("/jobs?limit=1").json[0]["jobId"]
    assert jobs.ended(job, 30)["status"] == "FINISHED"


def test_what_a_job_prints_is_in_its_log(jobs: Server) -> None:
    job = run(jobs, "probe.Loud")["jobId"]

    (log,) = jobs.data.glob(f"contexts/*/log/jobs/{job}.log")
    until(lambda: log.read_text() == "to stdout\nto stderr\n", 5, "both lines are in the log")
    assert log.stat().st_mode & 0o077 == 0


def test_a_new_upload_is_for_new_jobs(jobs: Server, tmp_path: Path) -> None:
    assert run(jobs, "probe.Loud")["result"] == 1
    jobs.upload("probe", probe(tmp_path, 2))
    assert run(jobs, "probe.Loud")["result"] == 2


def test_a_binary_in_use_stays(jobs: Server) -> None:
    job = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 600").json["jobId"]

    answer = jobs.request("DELETE", "/binaries/example_jobs")
    assert (answer.status, answer.json["result"]) == (403, f"Binary is in use by job(s): {job}")

    jobs.request("DELETE", f"/jobs/{job}")
    assert jobs.request("DELETE", "/binaries/example_jobs").status == 200
    assert jobs.request("DELETE", "/binaries/example_jobs").status == 404
