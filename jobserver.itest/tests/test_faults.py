"""Processes killed with ``kill -9``: nothing acknowledged is lost, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from injuries import killed_workers
from server import Server, alive, example, processes, running, until, until_none_left

SLOW = "example_jobs.slow_job.SlowJob"
WORDS = "example_jobs.word_count.WordCountSparkJob"
INPUT = 'input.strings = ["a", "b", "a"]'


def word_count_works(server: Server, context: str) -> None:
    answer = server.submit("example_jobs", WORDS, context, INPUT, sync="true", timeout="60")
    assert (answer.status, answer.json["result"]) == (200, {"a": 2, "b": 1}), answer.text


def start_slow(server: Server, context: str) -> str:
    answer = server.submit("example_jobs", SLOW, context, "sleep.seconds = 600")
    assert answer.status == 202, answer.text
    return str(answer.json["jobId"])


@pytest.fixture(scope="module")
def with_context(server: Server) -> Server:
    server.context("c")
    return server


def test_a_killed_worker_fails_its_job_alone(with_context: Server) -> None:
    waiting = set(with_context.workers("c"))
    job = start_slow(with_context, "c")
    (busy,) = [pid for pid in waiting if job in os.readlink(f"/proc/{pid}/fd/1")]
    killed = time.monotonic()
    os.kill(busy, signal.SIGKILL)

    report = with_context.ended(job, 10)

    assert time.monotonic() - killed < 2
    assert report["status"] == "ERROR"
    assert "signal 9" in report["result"]["message"]
    word_count_works(with_context, "c")


def test_workers_that_are_killed_at_random_take_no_more_than_their_jobs(
    with_context: Server,
) -> None:
    found = killed_workers(with_context, "c", 40, seed=3)

    assert found.wrong == []
    assert found.finished + found.failed == found.jobs
    assert found.finished > 0 and found.failed > 0, found
    word_count_works(with_context, "c")


def test_a_killed_zygote_is_replaced(with_context: Server) -> None:
    zygote = with_context.workers("c")[0]
    os.kill(zygote, signal.SIGKILL)

    until(lambda: not alive(zygote), 5, "the zygote is gone")
    word_count_works(with_context, "c")
    assert with_context.context_state("c") == "RUNNING"


def test_a_job_that_is_killed_by_its_caller_is_killed(with_context: Server) -> None:
    job = start_slow(with_context, "c")

    answer = with_context.request("DELETE", f"/jobs/{job}")

    assert (answer.status, answer.json) == (200, {"status": "KILLED"})
    report = with_context.job(job)
    assert report["status"] == "KILLED"
    assert report["result"]["message"] == f"Job {job} killed"
    assert with_context.request("DELETE", f"/jobs/{job}").status == 404
    word_count_works(with_context, "c")


def test_a_killed_driver_ends_its_context_and_jobs_with_the_reason(server: Server) -> None:
    server.context("victim")
    job = start_slow(server, "victim")
    marker = server.context_id("victim").encode()
    driver_log = server.data / "contexts" / marker.decode() / "log" / "driver.log"
    with driver_log.open("a") as log:
        log.write("26/01/01 12:00:00 ERROR Driver: what it said last\n")
    killed = time.monotonic()
    os.kill(server.driver("victim"), signal.SIGKILL)

    report = server.ended(job, 10)
    until(lambda: server.context_state("victim") == "KILLED", 10, "the context is KILLED")

    assert time.monotonic() - killed < 10
    assert report["status"] == "ERROR"
    assert "signal 9" in report["result"]["message"] or "137" in report["result"]["message"]
    assert report["result"]["stack"].endswith("ERROR Driver: what it said last")
    assert until_none_left(marker, 10) == {}
    server.context("victim")
    word_count_works(server, "victim")
    assert server.request("DELETE", "/contexts/victim").status == 200


def test_a_killed_server_adopts_its_drivers_when_it_is_back(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("stays")
        server.context("dies")
        done = server.submit("example_jobs", WORDS, "stays", INPUT, sync="true", timeout="60")
        finished = str(done.json["jobId"])
        survivor = start_slow(server, "stays")
        short = str(server.submit("example_jobs", SLOW, "stays", "sleep.seconds = 2").json["jobId"])
        lost = start_slow(server, "dies")
        driver = server.driver("stays")
        victim = server.driver("dies")

        server.kill()
        os.kill(victim, signal.SIGKILL)
        restarted = time.monotonic()
        server.start()
        assert time.monotonic() - restarted < 30

        report = server.job(finished)
        assert (report["status"], report["result"]) == ("FINISHED", {"a": 2, "b": 1})
        until(lambda: server.context_state("dies") == "KILLED", 10, "the dead context is KILLED")
        report = server.ended(lost, 10)
        assert report["status"] == "ERROR"
        assert "Reconnect failed after Jobserver restart" in report["result"]["message"]

        assert server.driver("stays") == driver
        assert server.job(survivor)["status"] == "RUNNING"
        assert server.ended(short, 20)["status"] == "FINISHED"
        word_count_works(server, "stays")
        assert server.request("DELETE", f"/jobs/{survivor}").json == {"status": "KILLED"}
        assert [name for name in server.get("/contexts").json] == ["stays"]


def test_contexts_that_are_kept_go_on_under_the_next_server(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("kept")
        driver = server.driver("kept")
        job = start_slow(server, "kept")

        server.stop("--keep-contexts")
        assert alive(driver)
        server.start()

        assert server.driver("kept") == driver
        assert server.job(job)["status"] == "RUNNING"
        word_count_works(server, "kept")


def test_stop_ends_drivers_and_their_python(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("one")
        job = start_slow(server, "one")
        marker = str(server.data).encode()
        assert len(processes(marker)) > 2

        server.stop()

        assert processes(marker) == {}
        server.start()
        report = server.job(job)
        assert report["status"] == "ERROR"
        assert report["result"]["message"] == "Context (one) for this job was terminated"
        assert server.context_state("one") == "FINISHED"


def test_an_abandoned_driver_ends_by_itself(tmp_path: Path) -> None:
    conf = 'spark.jobserver.driver { abandoned-after = "3 s", heartbeat = "500 ms" }'
    with running(tmp_path, conf) as server:
        server.context("lonely")
        driver = server.driver("lonely")
        marker = server.context_id("lonely").encode()

        server.kill()

        until(lambda: not alive(driver), 30, "the driver has ended itself")
        assert until_none_left(marker, 10) == {}
        server.start()
        until(lambda: server.context_state("lonely") == "KILLED", 10, "the context is KILLED")
