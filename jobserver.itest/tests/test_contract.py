"""The REST contract of spark-jobserver, row by row, with what is right where it is wrong."""

from __future__ import annotations

import http.client
import json
import re
import uuid
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from server import Answer, Server, example, until

WORDS = "example_jobs.word_count.WordCountSparkJob"
SLOW = "example_jobs.slow_job.SlowJob"
FAILING = "example_jobs.failing_job.FailingJob"
INPUT = 'input.strings = ["a", "b", "a"]'
COUNTED = {"a": 2, "b": 1}
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
ODD_NAMES = ["a b", "a:b", "ä中😀", "..", ".", "../../etc", "a;b=c", "a%2Fb", "a?b#c", "x" * 1000]

PROBE = """
from sparkjobserver.api import SparkJob, ValidationProblem, build_problems


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config


class Echo(Base):
    def run_job(self, context, runtime, data):
        return data.as_plain_ordered_dict()


class Settings(Base):
    def run_job(self, context, runtime, data):
        hadoop = context.sparkContext._jsc.hadoopConfiguration()
        conf = context.sparkContext.getConf()
        return {
            "hadoop": hadoop.get("my.hadoop"),
            "conf": conf.get("spark.my"),
            "cores": conf.get("spark.cores.max"),
            "adhoc": runtime.contextConfig.get("is-adhoc"),
            "name": runtime.contextConfig.get("context.name"),
        }


class Invalid(Base):
    def validate(self, context, runtime, config):
        return build_problems(["first problem", "second problem"])

    def run_job(self, context, runtime, data):
        return 1


class LateProblems(Base):
    def run_job(self, context, runtime, data):
        return [ValidationProblem("found late")]


class Empty(Base):
    def validate(self, context, runtime, config):
        return []

    def run_job(self, context, runtime, data):
        return data


class Values(Base):
    def run_job(self, context, runtime, data):
        return {
            "true": True,
            "none": None,
            "whole": 1250.0,
            "nan": float("nan"),
            "inf": float("inf"),
            "tuple": (1, 2),
            1: "one",
            "set": {2, 1},
            "bytes": b"ab",
            "text": "\\u0000 \\u00e4 \\U0001F600",
        }


class View(Base):
    def run_job(self, context, runtime, data):
        context.range(3).createOrReplaceTempView("shared")


class ReadView(Base):
    def run_job(self, context, runtime, data):
        return context.sql("select count(*) from shared").collect()[0][0]


class ReadFile(Base):
    def run_job(self, context, runtime, data):
        with open(data.get_string("path"), encoding="utf-8") as file:
            return file.read()


class Version(Base):
    def run_job(self, context, runtime, data):
        import time
        time.sleep(data.get("seconds", 0))
        return VERSION


VERSION = %d
"""


def archive(file: Path, version: int = 1) -> Path:
    with zipfile.ZipFile(file, "w") as egg:
        egg.writestr("probe/__init__.py", PROBE % version)
    return file


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive(tmp_path_factory.mktemp("probe") / "probe.egg")


@pytest.fixture(scope="module")
def jobs(server: Server, probe: Path) -> Server:
    """The server with a context `c` and the example and probe jobs."""
    server.upload("probe", probe)
    server.context("c", "spark.context-settings { hadoop { my.hadoop = 1 }, spark.my = body }")
    return server


def run(server: Server, class_path: str, config: str = "", **more: str) -> Answer:
    return server.submit("probe", class_path, "c", config, sync="true", timeout="60", **more)


def plain(status: str, text: str) -> dict[str, str]:
    return {"status": status, "result": text}


def raw(server: Server, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
    """A request with exactly these headers and no body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.putrequest(method, path)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
    finally:
        connection.close()


# 1. Common to all routes


@pytest.mark.parametrize("path", ["/binaries", "/contexts", "/jobs", "/healthz"])
def test_answers_are_json(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    json.loads(answer.text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs?limit=x"),
        ("GET", "/jobs?limit=1.5"),
        ("POST", "/jobs?sync=maybe"),
        ("POST", "/jobs?timeout=1.5"),
        ("DELETE", "/contexts/none?force=perhaps"),
    ],
)
def test_a_malformed_parameter_is_told_in_plain_text(
    server: Server, method: str, path: str
) -> None:
    answer = server.request(method, path)
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "was malformed" in answer.text


@pytest.mark.parametrize("word", ["true", "YES", "On", "1"])
def test_booleans_have_several_spellings(jobs: Server, word: str) -> None:
    answer = jobs.submit("probe", "probe.Echo", "c", "a = 1", sync=word, timeout="60")
    assert (answer.status, answer.json["result"]) == (200, {"a": 1})


def test_an_unknown_route_is_plain_text(server: Server) -> None:
    for path in ("/nothing", "/jobsfoo", "/jobs/x/y", "/binaries/x/y", "/contexts/x/y"):
        answer = server.get(path)
        assert answer.status == 404, path
        assert answer.text == "The requested resource could not be found."
    assert server.request("POST", "/jobs/anything", "").status in (404, 405)


def test_a_known_path_with_another_method_is_405(server: Server) -> None:
    answer = server.request("PUT", "/binaries/x", "")
    assert answer.status == 405
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_failure_of_a_job_has_the_exception_map(jobs: Server) -> None:
    answer = jobs.submit("example_jobs", FAILING, "c", "", sync="true", timeout="60")
    assert answer.status == 200
    assert set(answer.json) == {"jobId", "status", "result"}
    assert answer.json["status"] == "ERROR"
    assert set(answer.json["result"]) == {"message", "errorClass", "stack"}
    assert "\n" in answer.json["result"]["stack"]


# 2. Binaries


def test_binaries_are_listed_by_name(server: Server, probe: Path) -> None:
    server.upload("listed", probe)
    listed = server.get("/binaries").json
    assert listed["listed"]["binary-type"] == "Egg"
    assert set(listed["listed"]) == {"binary-type", "upload-time"}
    assert UTC.fullmatch(listed["listed"]["upload-time"])
    one = server.get("/binaries/listed").json
    assert one == {"app-name": "listed", **listed["listed"]}


@pytest.mark.parametrize(
    ("content_type", "binary_type"),
    [
        ("application/python-egg", "Egg"),
        ("application/python-archive", "Egg"),
        ("application/python-wheel", "Wheel"),
        ("application/python-wheel; charset=x", "Wheel"),
    ],
)
def test_media_types_say_what_a_binary_is(
    server: Server, probe: Path, content_type: str, binary_type: str
) -> None:
    answer = server.request("POST", "/binaries/typed", probe.read_bytes(), content_type)
    assert (answer.status, answer.json) == (201, {"status": "SUCCESS"})
    assert server.get("/binaries/typed").json["binary-type"] == binary_type
    assert server.get("/binaries").json["typed"]["binary-type"] == binary_type


def test_the_content_type_is_looked_at_before_the_bytes(server: Server) -> None:
    answer = server.request("POST", "/binaries/x", b"no archive", "text/plain")
    assert (answer.status, answer.json) == (
        415,
        plain("ERROR", "Unsupported binary type text/plain"),
    )
    answer = raw(server, "POST", "/binaries/x", {"Content-Length": "0"})
    assert (answer.status, answer.json) == (
        415,
        plain("ERROR", "Unsupported binary type application/octet-stream"),
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive", b"PK\x05\x06 and more"])
def test_bytes_that_are_no_archive_are_refused(server: Server, content: bytes) -> None:
    answer = server.request("POST", "/binaries/x", content, "application/python-archive")
    assert (answer.status, answer.json) == (
        400,
        plain("ERROR", "Binary is not of the right format"),
    )
    assert server.get("/binaries/x").status == 404


def test_a_binary_that_is_not_there_is_named(server: Server) -> None:
    answer = server.get("/binaries/none")
    assert (answer.status, answer.json) == (
        404,
        plain("ERROR", "Can't find binary with name none"),
    )
    answer = server.request("DELETE", "/binaries/none")
    assert (answer.status, answer.json) == (
        404,
        plain("ERROR", "can't find binary with name none"),
    )


def test_the_same_bytes_under_two_names_live_apart(jobs: Server, probe: Path) -> None:
    jobs.upload("one", probe)
    jobs.upload("two", probe)
    deleted = jobs.request("DELETE", "/binaries/one")
    assert (deleted.status, deleted.json) == (200, {"status": "SUCCESS"})
    answer = jobs.submit("two", "probe.Echo", "c", "", sync="true", timeout="60")
    assert answer.json["result"] == {}
    assert jobs.submit("one", "probe.Echo", "c").status == 404


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_binary_may_have_any_name_and_runs(jobs: Server, probe: Path, name: str) -> None:
    path = "/binaries/" + quote(name, safe="").replace(".", "%2E")
    uploaded = jobs.request("POST", path, probe.read_bytes(), "application/python-egg")
    assert uploaded.status == 201, uploaded
    assert jobs.get(path).json["app-name"] == name
    assert name in jobs.get("/binaries").json
    answer = jobs.submit(name, "probe.Echo", "c", "a = 1", sync="true", timeout="60")
    assert answer.json["result"] == {"a": 1}
    assert jobs.request("DELETE", path).status == 200


def test_running_jobs_go_on_with_the_version_they_began_with(jobs: Server, tmp_path: Path) -> None:
    jobs.upload("versions", archive(tmp_path / "1.egg", 1))
    old = jobs.submit("versions", "probe.Version", "c", "seconds = 2").json["jobId"]
    jobs.upload("versions", archive(tmp_path / "2.egg", 2))
    new = jobs.submit("versions", "probe.Version", "c", "", sync="true", timeout="60")
    assert new.json["result"] == 2
    assert jobs.ended(old)["result"] == 1


def test_a_binary_in_use_names_its_jobs_and_is_in_use_by_name(jobs: Server, probe: Path) -> None:
    jobs.upload("used", probe)
    jobs.upload("unused", probe)
    job = jobs.submit("used", "probe.Version", "c", "seconds = 600").json["jobId"]
    answer = jobs.request("DELETE", "/binaries/used")
    assert (answer.status, answer.json) == (
        403,
        plain("ERROR", f"Binary is in use by job(s): {job}"),
    )
    assert jobs.request("DELETE", "/binaries/unused").status == 200
    jobs.request("DELETE", f"/jobs/{job}")
    assert jobs.request("DELETE", "/binaries/used").status == 200
    assert jobs.job(job)["status"] == "KILLED"


# 3. Contexts


def test_a_running_context_is_reported_in_strings(jobs: Server) -> None:
    report = jobs.get("/contexts/c").json
    assert all(isinstance(value, str) for value in report.values()), report
    assert uuid.UUID(report["id"])
    assert (report["name"], report["endTime"], report["state"]) == ("c", "Empty", "RUNNING")
    assert UTC.fullmatch(report["startTime"])
    assert report["applicationId"]
    assert "c" in jobs.get("/contexts").json


def test_a_context_that_is_not_there_is_named(server: Server) -> None:
    answer = server.get("/contexts/none")
    assert (answer.status, answer.json) == (
        404,
        plain("ERROR", "can't find context with name none"),
    )
    answer = server.request("DELETE", "/contexts/none")
    assert (answer.status, answer.json) == (404, plain("ERROR", "context none not found"))


@pytest.mark.parametrize("name", ["1c", "%20c", "-c", "_c"])
def test_a_context_name_starts_with_a_letter(server: Server, name: str) -> None:
    answer = server.request("POST", f"/contexts/{name}", "")
    assert (answer.status, answer.json) == (
        400,
        plain("ERROR", "context name must start with letters"),
    )


def test_a_name_is_taken_while_its_context_lives(jobs: Server) -> None:
    answer = jobs.request("POST", "/contexts/c", "")
    assert (answer.status, answer.json) == (400, plain("ERROR", "context c exists"))


def test_an_unknown_factory_is_a_context_init_error(server: Server) -> None:
    answer = server.request("POST", "/contexts/unmade?context-factory=no.such.Factory", "")
    assert answer.status == 500
    assert answer.json["status"] == "CONTEXT INIT ERROR"
    assert "no.such.Factory" in answer.json["result"]["message"]
    assert "unmade" not in server.get("/contexts").json
    report = server.get("/contexts/unmade").json
    assert report["state"] == "ERROR"
    assert UTC.fullmatch(report["endTime"])


def test_a_malformed_body_of_a_context_is_400(server: Server) -> None:
    answer = server.request("POST", "/contexts/unmade2", "a = {")
    assert answer.status == 400
    assert answer.json["result"].startswith("Cannot parse config: ")


def test_settings_reach_spark_and_hadoop(jobs: Server) -> None:
    result = run(jobs, "probe.Settings").json["result"]
    assert result == {
        "hadoop": "1",
        "conf": "body",
        "cores": "4",
        "adhoc": "false",
        "name": "c",
    }


def test_jobs_of_a_context_share_temporary_views(jobs: Server) -> None:
    run(jobs, "probe.View")
    assert run(jobs, "probe.ReadView").json["result"] == 3


def test_force_is_refused_and_nothing_is_stopped(jobs: Server) -> None:
    answer = jobs.request("DELETE", "/contexts/c?force=true")
    assert (answer.status, answer.json["status"]) == (500, "CONTEXT DELETE ERROR")
    assert jobs.context_state("c") == "RUNNING"


def test_an_unknown_reset_is_an_error_and_none_is_no_route(server: Server) -> None:
    answer = server.request("PUT", "/contexts?reset=other")
    assert (answer.status, answer.json) == (500, plain("ERROR", "ERROR"))
    answer = server.request("PUT", "/contexts")
    assert (answer.status, answer.text) == (404, "The requested resource could not be found.")


# 4. Jobs


def test_an_async_job_is_reported_as_started_and_then_with_its_result(jobs: Server) -> None:
    answer = jobs.submit("example_jobs", WORDS, "c", INPUT)
    assert answer.status == 202
    report = answer.json
    assert (report["status"], report["classPath"], report["context"]) == ("STARTED", WORDS, "c")
    assert report["contextId"] == jobs.context_id("c")
    assert report["duration"] == "Job not done yet"
    assert ZONED.fullmatch(report["startTime"])
    assert "result" not in report

    ended = jobs.ended(report["jobId"])
    assert (ended["status"], ended["result"]) == ("FINISHED", COUNTED)
    assert re.fullmatch(r"\d+\.\d+ secs", ended["duration"])
    listed = {job["jobId"]: job for job in jobs.get("/jobs").json}
    assert "result" not in listed[report["jobId"]]


def test_a_sync_job_is_answered_with_id_and_result_alone(jobs: Server) -> None:
    answer = jobs.submit("example_jobs", WORDS, "c", INPUT, sync="true", timeout="60")
    assert answer.status == 200
    assert set(answer.json) == {"jobId", "result"}
    assert answer.json["result"] == COUNTED


def test_the_newer_spelling_in_the_query(jobs: Server) -> None:
    query = urlencode({"cp": "probe", "mainClass": "probe.Echo", "context": "c", "sync": "true"})
    answer = jobs.request("POST", f"/jobs?{query}&timeout=60", "a = 1")
    assert answer.json["result"] == {"a": 1}


@pytest.mark.parametrize("binaries", ['"probe"', '["probe"]'])
def test_the_newer_spelling_in_the_body(jobs: Server, binaries: str) -> None:
    body = f'cp = {binaries}, mainClass = "probe.Echo", a = 1'
    answer = jobs.request("POST", "/jobs?context=c&sync=true&timeout=60", body)
    assert answer.json["result"]["a"] == 1


def test_the_older_spelling_in_the_body(jobs: Server) -> None:
    body = 'appName = probe, classPath = "probe.Echo", a = 1'
    answer = jobs.request("POST", "/jobs?context=c&sync=true&timeout=60", body)
    assert answer.json["result"]["a"] == 1


def test_the_query_wins_over_the_body(jobs: Server) -> None:
    query = urlencode({"cp": "probe", "mainClass": "probe.Echo", "context": "c", "sync": "true"})
    body = 'appName = other, classPath = "other.Job", cp = other, mainClass = "other.Job"'
    answer = jobs.request("POST", f"/jobs?{query}&timeout=60", body)
    assert answer.json["result"]["appName"] == "other"


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("appName=probe", "classPath parameter is missing!"),
        ("cp=probe", "mainClass parameter is missing!"),
        ("", "To start the job appName or cp parameters should be configured!"),
        ("classPath=a.B", "To start the job appName or cp parameters should be configured!"),
    ],
)
@pytest.mark.parametrize("sync", ["", "&sync=true"])
def test_what_a_submission_lacks_is_named(jobs: Server, query: str, why: str, sync: str) -> None:
    answer = jobs.request("POST", f"/jobs?context=c&{query}{sync}", "")
    assert (answer.status, answer.json) == (400, plain("ERROR", f"Cannot parse config: {why}"))


@pytest.mark.parametrize("body", ["a = {", "a = ${b}", "[", 'include "x"', "a = ${HOME}"])
def test_a_body_that_does_not_parse_goes_first(jobs: Server, body: str) -> None:
    for query in ("", "appName=none&classPath=a.B&context=none", "callbackUrl=ftp://x"):
        answer = jobs.request("POST", f"/jobs?{query}", body)
        assert answer.status == 400, answer
        assert answer.json["status"] == "ERROR"
        assert answer.json["result"].startswith("Cannot parse config: ")


def test_then_the_callback_then_parameters_binary_context_packages(jobs: Server) -> None:
    answer = jobs.request("POST", "/jobs?callbackUrl=ftp://x", "")
    assert (answer.status, answer.json) == (
        400,
        plain("ERROR", "Callback Url has to be 'http'/'https'"),
    )
    answer = jobs.submit("none", "a.B", "none")
    assert (answer.status, answer.json) == (404, plain("ERROR", "appName none not found"))
    answer = jobs.request("POST", "/jobs?cp=probe,none&mainClass=a.B&context=none", "")
    assert (answer.status, answer.json) == (404, plain("ERROR", "appName none not found"))
    answer = jobs.request("POST", "/jobs?cp=probe,example_jobs&mainClass=a.B&context=none", "")
    assert (answer.status, answer.json) == (404, plain("ERROR", "context none not found"))
    answer = jobs.request("POST", "/jobs?cp=probe,example_jobs&mainClass=a.B&context=c", "")
    assert (answer.status, answer.json["status"]) == (400, "JOB LOADING FAILED")
    assert answer.json["result"]["message"] == (
        "Python should have exactly one package file! Found: 2"
    )
    body = "dependent-jar-uris = [example_jobs]"
    answer = jobs.submit("probe", "probe.Echo", "c", body)
    assert (answer.status, answer.json["status"]) == (400, "JOB LOADING FAILED")


@pytest.mark.parametrize("sync", ["true", "false"])
def test_validation_problems_are_400_and_the_job_is_on_record(jobs: Server, sync: str) -> None:
    before = {job["jobId"] for job in jobs.get("/jobs").json}
    answer = jobs.submit("probe", "probe.Invalid", "c", "", sync=sync, timeout="60")
    assert (answer.status, answer.json["status"]) == (400, "VALIDATION FAILED")
    assert "first problem" in answer.json["result"]["message"]
    assert "second problem" in answer.json["result"]["message"]
    assert "jobId" not in answer.json
    (recorded,) = [job for job in jobs.get("/jobs").json if job["jobId"] not in before]
    assert recorded["status"] == "ERROR"
    assert "first problem" in recorded["result"]["message"]


@pytest.mark.parametrize("sync", ["true", "false"])
@pytest.mark.parametrize("class_path", ["probe.None", "none.Job", "nodots"])
def test_a_class_that_is_not_in_the_binary_is_404(jobs: Server, class_path: str, sync: str) -> None:
    answer = jobs.submit("probe", class_path, "c", "", sync=sync, timeout="60")
    assert (answer.status, answer.json) == (
        404,
        plain("ERROR", f"classPath {class_path} not found"),
    )


def test_problems_that_run_job_returns_are_its_error(jobs: Server) -> None:
    answer = run(jobs, "probe.LateProblems")
    assert (answer.status, answer.json["status"]) == (200, "ERROR")
    assert "found late" in answer.json["result"]["message"]


def test_an_empty_list_of_problems_is_data(jobs: Server) -> None:
    assert run(jobs, "probe.Empty").json["result"] == []


@pytest.mark.parametrize("sync", ["true", "false"])
def test_the_posted_configuration_of_any_job_can_be_read(jobs: Server, sync: str) -> None:
    for class_path in ("probe.Echo", "probe.Invalid"):
        before = {job["jobId"] for job in jobs.get("/jobs").json}
        jobs.submit("probe", class_path, "c", "a { b = 1 }, c = ${a}", sync=sync, timeout="60")
        (job,) = [job["jobId"] for job in jobs.get("/jobs").json if job["jobId"] not in before]
        answer = jobs.get(f"/jobs/{job}/config")
        assert (answer.status, answer.json) == (200, {"a": {"b": 1}, "c": {"b": 1}})
    answer = jobs.get("/jobs/none/config")
    assert (answer.status, answer.json) == (404, plain("ERROR", "No such job ID none"))


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_is_hocon_whatever_it_is_called(jobs: Server, content_type: str | None) -> None:
    query = urlencode({"appName": "probe", "classPath": "probe.Echo", "context": "c"})
    path = f"/jobs?{query}&sync=true&timeout=60"
    answer = jobs.request("POST", path, "test_config=test_config_value", content_type)
    assert answer.json["result"] == {"test_config": "test_config_value"}


def test_single_quotes_are_ordinary_characters(jobs: Server) -> None:
    assert run(jobs, "probe.Echo", "a = ['a']").json["result"] == {"a": ["'a'"]}


def test_query_parameters_are_no_configuration_of_the_job(jobs: Server) -> None:
    assert run(jobs, "probe.Echo", "", extra="1").json["result"] == {}


def test_lists_have_a_limit_and_a_status(jobs: Server) -> None:
    run(jobs, "probe.Echo")
    assert len(jobs.get("/jobs?limit=1").json) == 1
    assert jobs.get("/jobs?limit=0").json == []
    finished = jobs.get("/jobs?status=finished").json
    assert {job["status"] for job in finished} == {"FINISHED"}
    assert jobs.get("/jobs?status=unknown").json == []
    times = [job["startTime"] for job in jobs.get("/jobs").json]
    assert times == sorted(times, reverse=True)


def test_a_job_that_is_not_there_is_named(server: Server) -> None:
    for method in ("GET", "DELETE"):
        answer = server.request(method, "/jobs/none")
        assert (answer.status, answer.json) == (404, plain("ERROR", "No such job ID none"))


def test_delete_kills_what_runs_and_tells_what_has_ended(jobs: Server) -> None:
    job = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 600").json["jobId"]
    answer = jobs.request("DELETE", f"/jobs/{job}")
    assert (answer.status, answer.json) == (200, {"status": "KILLED"})
    report = jobs.job(job)
    assert report["status"] == "KILLED"
    assert report["result"]["message"] == f"Job {job} killed"
    assert report["result"]["errorClass"] == ("spark.jobserver.JobManagerActor$JobKilledException")
    over = (404, plain("ERROR", f"No running job with ID {job}"))
    answer = jobs.request("DELETE", f"/jobs/{job}")
    assert (answer.status, answer.json) == over

    failed = jobs.submit("example_jobs", FAILING, "c", "", sync="true", timeout="60").json
    answer = jobs.request("DELETE", f"/jobs/{failed['jobId']}")
    assert (answer.status, answer.json) == (
        200,
        {"status": "ERROR", "ERROR": failed["result"]},
    )
    finished = run(jobs, "probe.Echo").json["jobId"]
    assert jobs.request("DELETE", f"/jobs/{finished}").status == 404


def test_a_sync_job_that_is_killed_is_answered(jobs: Server) -> None:
    import threading

    answers: list[Answer] = []

    def call() -> None:
        answers.append(
            jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 600", sync="true", timeout="39")
        )

    caller = threading.Thread(target=call)
    before = {job["jobId"] for job in jobs.get("/jobs?status=RUNNING").json}
    caller.start()

    def new() -> list[str]:
        running = jobs.get("/jobs?status=RUNNING").json
        return [job["jobId"] for job in running if job["jobId"] not in before]

    (job,) = until(new, 10, "the job runs")
    assert jobs.request("DELETE", f"/jobs/{job}").status == 200
    caller.join(10)
    assert (answers[0].status, answers[0].json["status"]) == (200, "KILLED")


def test_a_timeout_is_told_and_the_job_goes_on(jobs: Server) -> None:
    answer = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 3", sync="true", timeout="1")
    assert (answer.status, answer.json["status"]) == (500, "ERROR")
    assert answer.json["result"]["message"].startswith("Ask timed out on ")
    (running,) = jobs.get("/jobs?status=RUNNING").json
    assert jobs.ended(running["jobId"])["status"] == "FINISHED"


# 4. Ad-hoc contexts


def adhoc(server: Server, class_path: str, config: str = "", **more: str) -> Answer:
    query = urlencode({"appName": "probe", "classPath": class_path, **more})
    return server.request("POST", f"/jobs?{query}", config)


def context_of(server: Server, job_id: str) -> Any:
    report = server.job(job_id)
    return server.get("/contexts/" + quote(report["context"], safe="")).json


def over(server: Server, context: str) -> Any:
    return server.get("/contexts/" + quote(context, safe="")).json["endTime"] != "Empty"


def test_a_job_without_a_context_has_one_of_its_own_that_goes_with_it(jobs: Server) -> None:
    settings = "spark.context-settings { spark.my = own, num-cpu-cores = 2 }"
    answer = adhoc(jobs, "probe.Settings", settings, sync="true", timeout="120")
    assert answer.status == 200, answer
    result = answer.json["result"]
    assert (result["conf"], result["cores"], result["adhoc"]) == ("own", "2", "true")
    report = jobs.job(answer.json["jobId"])
    assert re.fullmatch(r"[0-9a-f-]{36}-probe\.Settings", report["context"])
    assert result["name"] == report["context"]
    until(lambda: over(jobs, report["context"]), 30, "the context is over")
    assert context_of(jobs, report["jobId"])["state"] == "FINISHED"
    assert report["context"] not in jobs.get("/contexts").json


@pytest.mark.parametrize(("class_path", "status"), [("probe.Invalid", 400), ("probe.None", 404)])
def test_a_context_of_a_job_that_is_refused_goes_too(
    jobs: Server, class_path: str, status: int
) -> None:
    answer = adhoc(jobs, class_path)
    assert answer.status == status, answer
    job = jobs.get("/jobs?limit=1").json[0]
    assert job["classPath"] == class_path
    until(lambda: over(jobs, job["context"]), 30, "the context is over")


def test_a_context_of_a_job_that_cannot_be_made_says_why(jobs: Server) -> None:
    settings = "spark.context-settings { context-factory = no.such.Factory }"
    answer = adhoc(jobs, "probe.Echo", settings)
    assert (answer.status, answer.json["status"]) == (500, "CONTEXT INIT FAILED")
    assert "no.such.Factory" in answer.json["result"]["message"]
    assert [name for name in jobs.get("/contexts").json if name.endswith("probe.Echo")] == []


def test_a_killed_job_takes_its_own_context_along(jobs: Server) -> None:
    answer = adhoc(jobs, "probe.Version", "seconds = 600")
    assert answer.status == 202, answer
    job = answer.json
    assert job["context"] in jobs.get("/contexts").json
    assert jobs.request("DELETE", f"/jobs/{job['jobId']}").json == {"status": "KILLED"}
    until(lambda: over(jobs, job["context"]), 30, "the context is over")
    assert jobs.job(job["jobId"])["status"] == "KILLED"


# 5. Results


def test_results_are_json_as_python_means_them(jobs: Server) -> None:
    answer = run(jobs, "probe.Values")
    assert answer.json["result"] == {
        "true": True,
        "none": None,
        "whole": 1250.0,
        "nan": None,
        "inf": "Infinity",
        "tuple": [1, 2],
        "1": "one",
        "set": [1, 2],
        "bytes": "YWI=",
        "text": "\0 ä 😀",
    }
    assert '"whole":1250.0' in answer.text


def test_a_character_that_json_escapes_reaches_the_job(jobs: Server) -> None:
    answer = run(jobs, "probe.Echo", json.dumps({"a": '\0\n\t\u2028"\\'}))
    assert answer.json["result"] == {"a": '\0\n\t\u2028"\\'}


# 6. Other routes


def test_the_server_is_healthy(server: Server) -> None:
    answer = server.get("/healthz")
    assert (answer.status, answer.json) == (200, {"status": "SUCCESS"})


def test_files_can_be_uploaded_listed_read_by_jobs_and_removed(jobs: Server) -> None:
    answer = jobs.request("POST", "/data/my%2F..%2Fprefix", "the content", "text/plain")
    assert answer.status == 200
    path = answer.json["result"]["filename"]
    assert set(answer.json) == {"result"}
    assert path in jobs.get("/data").json
    assert Path(path).is_relative_to(jobs.data)
    assert re.search(r"-\d{4}-\d\d-\d\dT\d\d_\d\d_\d\d\.\d{3}Z\.dat$", path)
    result = run(jobs, "probe.ReadFile", json.dumps({"path": path})).json["result"]
    assert result == "the content"

    deleted = jobs.request("DELETE", "/data/" + quote(path, safe=""))
    assert (deleted.status, deleted.json) == (200, {"status": "SUCCESS"})
    assert jobs.get("/data").json == []
    again = jobs.request("DELETE", "/data/" + quote(path, safe=""))
    assert (again.status, again.json) == (
        400,
        plain("ERROR", f"Unable to delete data file '{path}'."),
    )


@pytest.mark.parametrize("victim", ["server.pid", "url", "../test.conf"])
def test_no_other_file_can_be_removed_as_data(jobs: Server, victim: str) -> None:
    file = jobs.data / victim
    assert file.exists()
    answer = jobs.request("DELETE", "/data/" + quote(str(file), safe="").replace(".", "%2E"))
    assert answer.status == 400
    assert file.exists()


def test_all_files_are_removed_by_a_reset(server: Server) -> None:
    server.request("POST", "/data/a", "1")
    answer = server.request("PUT", "/data?reset=reboot")
    assert (answer.status, answer.json) == (200, plain("SUCCESS", "Data reset"))
    assert server.get("/data").json == []


# What the configuration prepares, and contexts that stop


CONFIGURED = """
spark.jobserver {{
  max-contexts = 2
  job-bin-paths {{ prepared = "{egg}" }}
}}
spark.contexts {{
  made {{ spark.my = configured, stop-context-on-job-error = true }}
}}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, probe: Path) -> Any:
    from server import running

    conf = CONFIGURED.format(egg=probe)
    with running(tmp_path_factory.mktemp("prepared"), conf) as server:
        until(lambda: server.get("/contexts").json == ["made"], 120, "the context is made")
        yield server


def test_binaries_and_contexts_of_the_configuration_are_there(prepared: Server) -> None:
    assert list(prepared.get("/binaries").json) == ["prepared"]
    query = "appName=prepared&classPath=probe.Settings&context=made&sync=true&timeout=60"
    result = prepared.request("POST", f"/jobs?{query}", "").json["result"]
    assert (result["conf"], result["name"]) == ("configured", "made")


def test_more_contexts_than_allowed_are_503(prepared: Server) -> None:
    prepared.context("second")
    answer = prepared.request("POST", "/contexts/third", "")
    assert answer.status == 503
    assert "max-contexts" in answer.json["result"]
    answer = prepared.request("POST", "/jobs?appName=prepared&classPath=probe.Echo", "")
    assert answer.status == 503
    assert prepared.request("DELETE", "/contexts/second").status == 200


def test_the_first_error_stops_a_context_that_asks_for_it(prepared: Server) -> None:
    until(lambda: prepared.get("/contexts").json == ["made"], 30, "one context")
    first = prepared.context_id("made")
    waiting = prepared.submit("prepared", "probe.Version", "made", "seconds = 600").json["jobId"]
    failing = "appName=prepared&classPath=probe.ReadFile&context=made&sync=true&timeout=60"
    answer = prepared.request("POST", f"/jobs?{failing}", 'path = "/none"')
    assert answer.json["status"] == "ERROR"
    until(lambda: prepared.context_state("made") == "FINISHED", 60, "the context has stopped")
    assert prepared.context_id("made") == first
    report = prepared.job(waiting)
    assert report["status"] == "ERROR"
    assert report["result"]["message"] == "Context (made) for this job was terminated"


def test_a_reset_makes_the_contexts_of_the_configuration_anew(prepared: Server) -> None:
    prepared.context("other")
    answer = prepared.request("PUT", "/contexts?reset=reboot")
    assert (answer.status, answer.json) == (200, plain("SUCCESS", "Context reset"))
    assert prepared.get("/contexts").json == ["made"]
    first = prepared.context_id("made")
    answer = prepared.request("PUT", "/contexts?reset=reboot&sync=false")
    assert (answer.status, answer.json) == (200, plain("SUCCESS", "Context reset requested"))

    def anew() -> bool:
        listed = prepared.get("/contexts").json
        return bool(listed == ["made"] and prepared.context_id("made") != first)

    until(anew, 120, "the context is made anew")


def test_a_context_that_is_stopping_takes_no_job(jobs: Server) -> None:
    import threading

    jobs.context("going")
    jobs.submit("probe", "probe.Version", "going", "seconds = 600")
    stop = threading.Thread(target=lambda: jobs.request("DELETE", "/contexts/going"))
    stop.start()
    seen = set()

    def refused() -> bool:
        answer = jobs.submit("probe", "probe.Echo", "going", "", sync="true", timeout="60")
        seen.add((answer.status, answer.json.get("result") if answer.status != 200 else ""))
        return answer.status == 404

    until(refused, 60, "the context is gone")
    stop.join()
    assert seen - {(200, "")} <= {
        (409, "Context stop in progress"),
        (404, "context going not found"),
    }


def test_the_example_and_its_wheel_are_the_same(jobs: Server) -> None:
    jobs.upload("wheel", example("sjs_python_examples-*.whl"))
    answer = jobs.submit("wheel", WORDS, "c", INPUT, sync="true", timeout="60")
    assert answer.json["result"] == COUNTED
