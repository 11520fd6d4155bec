"""What an operator sees of the server: metrics, ids of requests, the log of who did what."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import built
from credentials import PROXY
from prometheus_client.parser import text_string_to_metric_families
from server import SESSION_FACTORY, Server, example, running, send, spark_home_in, until

ROOT = Path(__file__).resolve().parent.parent.parent

JOBS = """
import os
import time

from sparkjobserver.api import SparkJob


class Busy(SparkJob):
    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, config):
        while not os.path.exists(config["end"]):
            time.sleep(0.02)


class Request(SparkJob):
    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, config):
        return os.environ.get("JOBSERVER_REQUEST_ID")
"""


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a context in which a job has ended well and another badly."""
    with running(tmp_path_factory.mktemp("observed")) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.upload("jobs", archive(tmp_path_factory.mktemp("jobs"), JOBS))
        server.context("metrics")
        word_count = "example_jobs.word_count.WordCountSparkJob"
        for config in ('input.strings = ["a", "b", "a"]', "input.strings = 7"):
            server.submit("example_jobs", word_count, "metrics", config, sync="true")
        yield server


def archive(folder: Path, source: str) -> Path:
    file = folder / "jobs.egg"
    with zipfile.ZipFile(file, "w") as egg:
        egg.writestr("observed.py", source)
    return file


def scraped(server: Server) -> Samples:
    answer = server.get("/metrics")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"].startswith("text/plain")
    samples: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in samples, f"twice: {key}"
            samples[key] = sample.value
    return samples


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_metrics_are_what_prometheus_reads(observed: Server) -> None:
    samples = scraped(observed)
    assert value(samples, "jobserver_contexts", state="running") == 1
    assert value(samples, "jobserver_jobs_entered_total", state="started") == 2
    assert value(samples, "jobserver_jobs_entered_total", state="finished") == 1
    assert value(samples, "jobserver_spare_drivers", state="ready") == 0
    assert value(samples, "jobserver_dao_connections_max") == 8
    assert value(samples, "jvm_memory_used_bytes", area="heap") > 1e6
    assert value(samples, "process_open_fds") > 10


def test_a_job_is_timed_in_each_phase(observed: Server) -> None:
    samples = scraped(observed)
    total = value(samples, "jobserver_job_duration_seconds_sum", state="finished")
    phases = {
        phase: value(samples, "jobserver_job_phase_seconds_sum", phase=phase)
        for phase in ("preparing", "running", "delivering")
    }
    assert all(time > 0 for time in phases.values()), phases
    assert phases["running"] < total
    assert value(samples, "jobserver_job_phase_seconds_count", phase="running") >= 1


def test_workers_are_counted_while_they_wait_and_work(observed: Server, tmp_path: Path) -> None:
    def workers(state: str) -> float:
        return value(scraped(observed), "jobserver_workers", state=state)

    until(lambda: workers("waiting") >= 1, 20, "a worker waits")
    until(lambda: workers("in_use") == 0, 20, "those of earlier jobs have ended")
    end = tmp_path / "end"
    for _ in range(2):
        assert observed.submit("jobs", "observed.Busy", "metrics", f'end = "{end}"').status == 202
    until(lambda: workers("in_use") == 2, 20, "two jobs have workers")
    until(lambda: workers("waiting") >= 1, 20, "another waits")
    end.touch()
    until(lambda: workers("in_use") == 0, 20, "they have ended")


def test_what_callers_choose_makes_no_new_series(observed: Server) -> None:
    def ask(number: int) -> None:
        observed.get(f"/jobs/{number}")
        observed.get(f"/no-{number}/such/{number}")
        observed.get(f"/contexts/{number}?{number}={number}")
        observed.submit(f"binary{number}", f"package.Class{number}", "metrics")
        observed.request(f"ODD{number}", "/jobs")
        send(observed, f"GET /jobs/{number}", **PROXY)
        send(observed, "GET /jobs", f"host{number}")

    def asked(samples: Samples) -> float:
        return value(
            samples,
            "jobserver_http_request_duration_seconds_count",
            route="/jobs/{jobId}",
            method="GET",
            status="4xx",
        )

    ask(0)
    scraped(observed)
    before = scraped(observed)
    for number in range(1, 300):
        ask(number)
    after = scraped(observed)
    assert after.keys() == before.keys()
    assert asked(after) - asked(before) == 299


def test_each_metric_of_the_dashboard_is_there(observed: Server) -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana" / "jobserver.json").read_text())
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    ] + [variable["query"] for variable in dashboard["templating"]["list"]]
    named = {
        name
        for expression in expressions
        for name in re.findall(r"\b(?:jobserver|jvm|process)_\w+", expression)
    }
    labels: dict[str, set[str]] = {}
    for name, pairs in scraped(observed):
        labels.setdefault(name, set()).update(key for key, _ in pairs)
    assert len(named) > 20
    assert named <= labels.keys(), named - labels.keys()
    for expression in expressions:
        for grouped in re.findall(r"by \(([a-z, ]+)\)", expression):
            (name,) = re.findall(r"\b(?:jobserver|jvm)_\w+", expression)
            assert set(grouped.split(", ")) <= labels[name], expression


def test_metrics_need_a_permission(observed: Server) -> None:
    send(observed, "GET /metrics", **PROXY).is_text(401, "Say who you are")
    for role, status in (("jobs:read", 403), ("metrics:read", 200)):
        done = observed.command(
            "token", "make", role.replace(":", "-"), "--role", role, "--data", str(observed.data)
        )
        bearer = {"Authorization": f"Bearer {done.stdout.strip()}", **PROXY}
        assert send(observed, "GET /metrics", **bearer).status == status


# One id from the request to the worker


def test_the_id_of_a_request_is_with_its_job_in_every_process(observed: Server) -> None:
    query = "appName=jobs&classPath=observed.Request&context=metrics&sync=true"
    for request_id in ("Root=1-67891233", "second"):
        answer = send(observed, f"POST /jobs?{query}", X_Request_Id=request_id)
        assert answer.header("X-Request-Id") == request_id
        assert answer.json["result"] == request_id
        job = answer.json["jobId"]
        context = observed.data / "contexts" / observed.context_id("metrics")
        driver = context / "log" / "driver.log"
        until(
            lambda: f"job {job}: accepted, of request {request_id}" in driver.read_text(),  # noqa: B023
            10,
            "the driver has logged that it has accepted the job",
        )
        until(
            lambda: f" {{{request_id}}} - job {job}: FINISHED" in observed.log(),  # noqa: B023
            10,
            "the server has logged the end of the job with the id",
        )


def test_a_job_of_its_own_context_has_the_id_too(observed: Server) -> None:
    query = f"appName=jobs&classPath=observed.Request&sync=true&context-factory={SESSION_FACTORY}"
    answer = send(observed, f"POST /jobs?{query}", X_Request_Id="alone")
    assert answer.json["result"] == "alone", answer


# Who did what


def audit(server: Server, log: str = "audit.log") -> list[dict[str, str]]:
    lines = (server.data / "log" / log).read_text().splitlines()
    for line in lines:
        assert re.fullmatch(r'\S+( [a-z]+="[^"]*"){9}', line), line
    return [dict(re.findall(r'([a-z]+)="([^"]*)"', line)) for line in lines]


def audited(server: Server, request_id: str, log: str = "audit.log") -> dict[str, str]:
    return until(
        lambda: [line for line in audit(server, log) if line["request"] == request_id],
        10,
        f"the request {request_id} is in {log}",
    )[0]


def test_what_changes_something_is_in_the_audit_log(observed: Server) -> None:
    send(observed, "DELETE /jobs/none?secret=hunter2", X_Request_Id="delete-1")
    send(observed, "POST /jobs/none?_method=DELETE", X_Request_Id="delete-2")
    line = audited(observed, "delete-1")
    assert line.pop("client").startswith("127.0.0.1:")
    assert int(line.pop("ms")) >= 0
    assert line.pop("caller")
    assert line == {
        "request": "delete-1",
        "way": "local",
        "method": "DELETE",
        "path": "/jobs/none",
        "outcome": "failed",
        "status": "404",
    }
    assert audited(observed, "delete-2")["method"] == "DELETE"
    assert "hunter2" not in (observed.data / "log" / "audit.log").read_text()


def test_what_is_refused_is_in_the_audit_log_and_reading_is_not(observed: Server) -> None:
    secret = "0123456789abcdef" * 4
    bearer = {"Authorization": f"Bearer {secret}", **PROXY}
    send(observed, "GET /jobs", X_Request_Id="reading")
    send(observed, "GET /jobs", X_Request_Id="unknown", **PROXY)
    send(observed, "GET /jobs", X_Request_Id="wrong", **bearer)
    send(observed, "GET /jobs", "evil.example.com", X_Request_Id="foreign")
    done = observed.command(
        "token", "make", "few", "--role", "jobs:read", "--data", str(observed.data)
    )
    few = {"Authorization": f"Bearer {done.stdout.strip()}", **PROXY}
    send(observed, "DELETE /contexts/metrics", X_Request_Id="lacking", **few)
    for request_id, status, caller, way, log in (
        ("unknown", "401", "-", "-", "audit-strangers.log"),
        ("wrong", "401", "-", "-", "audit-strangers.log"),
        ("foreign", "421", "-", "-", "audit-strangers.log"),
        ("lacking", "403", "few", "token", "audit.log"),
    ):
        line = audited(observed, request_id, log)
        told = (line["outcome"], line["status"], line["caller"], line["way"])
        assert told == ("refused", status, caller, way)
    assert "reading" not in {line["request"] for line in audit(observed)}
    assert not {line["request"] for line in audit(observed)} & {"unknown", "wrong", "foreign"}
    for log in ("audit.log", "audit-strangers.log"):
        text = (observed.data / "log" / log).read_text()
        assert secret not in text
        assert done.stdout.strip() not in text


def test_no_caller_forges_a_line_of_the_audit_log(observed: Server) -> None:
    for path in ("/jobs/a%0d%0ab", "/jobs/%E2%80%A8", '/jobs/a"b', "/jobs/\u0085"):
        send(observed, f"DELETE {path}", X_Request_Id="forger\tx")
    send(observed, "DELETE /jobs/last", X_Request_Id="last")
    assert audited(observed, "last")["path"] == "/jobs/last"


def test_logs_as_json_are_one_object_a_line(tmp_path: Path) -> None:
    with running(tmp_path, env={"JOBSERVER_LOG_FORMAT": "json"}) as server:
        send(server, "DELETE /jobs/none", X_Request_Id="json")
        until(lambda: (server.data / "log" / "audit.log").read_text(), 10, "it is in the log")
        for name in ("server.log", "audit.log"):
            lines = (server.data / "log" / name).read_text().splitlines()
            assert all(isinstance(json.loads(line), dict) for line in lines)
            assert {"timestamp", "level", "loggerName"} <= json.loads(lines[0]).keys()
        (line,) = map(json.loads, (server.data / "log" / "audit.log").read_text().splitlines())
        fields = {key: text for pair in line["kvpList"] for key, text in pair.items()}
        assert (fields["request"], fields["status"]) == ("json", "404")


# Whether it is well, and what it is at


def test_a_server_is_ready_for_whoever_asks_and_says_why_to_who_may_know(
    observed: Server,
) -> None:
    ready = send(observed, "GET /readyz", **PROXY)
    assert (ready.status, ready.json) == (200, {"status": "SUCCESS"})
    send(observed, "GET /readyz/checks", **PROXY).is_text(401, "Say who you are")
    checks = {check["name"]: check for check in observed.get("/readyz/checks").json}
    assert {check["status"] for check in checks.values()} == {"OK"}, checks
    assert {name for name, check in checks.items() if check["ready"]} >= {
        "store",
        "routes",
        "spark",
    }


PLUGIN = """Manifest-Version: 1.0
Bundle-ManifestVersion: 2
Bundle-SymbolicName: bad.plugin
Bundle-Version: 1.0.0
Import-Package: no.such.pkg

"""


def test_a_plugin_that_does_not_run_is_told_and_the_server_is_ready(observed: Server) -> None:
    good = observed.home / "plugins" / "good.jar"
    shutil.copy(observed.home / "examples" / "jobserver.context.custom-example.jar", good)
    bad = observed.home / "plugins" / "bad.jar"
    bad.write_bytes(built({"Nothing.java": "class Nothing {}"}, PLUGIN))

    def told() -> dict[str, str]:
        checks = observed.get("/readyz/checks").json
        return {check["name"]: check["status"] for check in checks if "plugin" in check["name"]}

    try:
        until(lambda: sorted(told().values()) == ["CRITICAL", "OK"], 20, "one of them does not run")
        (failing,) = [name for name, status in told().items() if status == "CRITICAL"]
        assert failing == "plugin bad.plugin"
        assert observed.get("/readyz").status == 200
    finally:
        good.unlink()
        bad.unlink()


def test_without_its_spark_a_server_is_not_ready_but_alive(tmp_path: Path) -> None:
    spark = spark_home_in(tmp_path)
    with running(tmp_path / "server", env={"SPARK_HOME": str(spark)}) as server:
        assert send(server, "GET /readyz", **PROXY).status == 200
        spark.rename(spark.parent / "gone")
        until(lambda: server.get("/readyz").status == 503, 10, "it notices")
        not_ready = send(server, "GET /readyz", **PROXY)
        assert not_ready.json == {"status": "ERROR", "result": "Not ready"}
        (failing,) = [c for c in server.get("/readyz/checks").json if c["status"] != "OK"]
        assert failing["name"] == "spark"
        assert "bin/spark-submit" in failing["message"]
        assert server.get("/healthz").status == 200


def test_the_status_is_what_a_person_wants_to_read(observed: Server) -> None:
    done = observed.command("status", "--data", str(observed.data))
    assert done.returncode == 0
    first, *lines = done.stdout.splitlines()
    assert first == f"Jobserver runs at {observed.url}/ (process {observed.pid}) on {observed.data}"
    told = dict(line.strip().split(maxsplit=1) for line in lines[:5])
    assert told["version"] == "0.1.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, .*\d+ s", told["since"]), told
    assert re.fullmatch(r"\d+ MB, heap \d+ of \d+ MB", told["memory"])
    assert told["spares"] == "none"
    assert told["contexts"] == "1"
    assert re.fullmatch(r"    metrics  RUNNING since .*, idle", lines[5])


def test_the_status_needs_permission(observed: Server) -> None:
    send(observed, "GET /status", **PROXY).is_text(401, "Say who you are")
    done = observed.command(
        "token", "make", "contexts", "--role", "contexts:read", "--data", str(observed.data)
    )
    bearer = {"Authorization": f"Bearer {done.stdout.strip()}", **PROXY}
    status = send(observed, "GET /status", **bearer)
    assert status.status == 200
    assert "metrics  RUNNING" in status.text
    assert "idle" not in status.text
