"""What an operator sees of the server: metrics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from server import Server, example, running, send

#: Where a caller is nobody whom the server knows.
ELSEWHERE = {"X_Forwarded_For": "192.0.2.1"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a context in which a job has ended well and another badly."""
    with running(tmp_path_factory.mktemp("observed")) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("metrics")
        word_count = "example_jobs.word_count.WordCountSparkJob"
        for config in ('input.strings = ["a", "b", "a"]', "input.strings = 7"):
            server.submit("example_jobs", word_count, "metrics", config, sync="true")
        yield server


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


def test_what_callers_choose_makes_no_new_series(observed: Server) -> None:
    def ask(number: int) -> None:
        observed.get(f"/jobs/{number}")
        observed.get(f"/no-{number}/such/{number}")
        observed.get(f"/contexts/{number}?{number}={number}")
        observed.submit(f"binary{number}", f"package.Class{number}", "metrics")
        observed.request(f"ODD{number}", "/jobs")
        send(observed, f"GET /jobs/{number}", **ELSEWHERE)
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


def test_metrics_need_a_permission(observed: Server) -> None:
    send(observed, "GET /metrics", **ELSEWHERE).is_text(401, "Say who you are")
    for role, status in (("jobs:read", 403), ("metrics:read", 200)):
        done = observed.command(
            "token", "make", role.replace(":", "-"), "--role", role, "--data", str(observed.data)
        )
        bearer = {"Authorization": f"Bearer {done.stdout.strip()}", **ELSEWHERE}
        assert send(observed, "GET /metrics", **bearer).status == status
