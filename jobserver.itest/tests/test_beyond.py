"""What this server adds to the contract of spark-jobserver."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from injuries import aborted_uploads, repeated_submissions
from server import Answer, Server, example, running, until

WORDS = "example_jobs.word_count.WordCountSparkJob"
SLOW = "example_jobs.slow_job.SlowJob"


@pytest.fixture(scope="module")
def jobs(server: Server) -> Server:
    server.context("c")
    return server


def ask(
    server: Server, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
    finally:
        connection.close()


def submission(class_path: str = WORDS, **more: str) -> str:
    query = {"appName": "example_jobs", "classPath": class_path, "context": "c", **more}
    return "/jobs?" + urllib.parse.urlencode(query)


def test_a_repeated_request_is_one_job(jobs: Server) -> None:
    key = {"Idempotency-Key": "once"}
    config = 'input.strings = ["a"]'
    first = ask(jobs, "POST", submission(), config, key)
    again = ask(jobs, "POST", submission(), config, key)
    assert (first.status, again.status) == (202, 202)
    assert first.json["jobId"] == again.json["jobId"]
    jobs.ended(first.json["jobId"])
    late = ask(jobs, "POST", submission(), config, key)
    assert (late.status, late.json["jobId"]) == (202, first.json["jobId"])

    other = ask(jobs, "POST", submission(), "other = 1", key)
    assert other.status == 422
    assert "Idempotency-Key" in other.json["result"]


def test_a_sync_request_that_is_repeated_has_the_result_again(jobs: Server) -> None:
    key = {"Idempotency-Key": "once and for all"}
    answers = [
        ask(jobs, "POST", submission(sync="true", timeout="60"), 'input.strings = ["a"]', key)
        for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    assert answers[0].json["result"] == {"a": 1}


def test_what_was_refused_is_not_remembered(jobs: Server) -> None:
    key = {"Idempotency-Key": "refused"}
    path = submission("no.such.Job")
    assert ask(jobs, "POST", path, "", key).status == 404
    assert ask(jobs, "POST", path, "", key).status == 404
    assert ask(jobs, "POST", submission(), 'input.strings = ["a"]', key).status == 202


def test_an_answer_lost_in_a_crash_and_a_repetition_are_one_job(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("faults")) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("c")
        found = repeated_submissions(server, "c", 10, seed=4)
    assert set(found.values()) == {1}, found


def test_uploads_that_are_broken_off_leave_nothing(jobs: Server) -> None:
    content = example("sjs_python_examples-*.egg").read_bytes() + bytes(300_000)
    aborted_uploads(jobs, content, 100, seed=5)

    def spool() -> list[Path]:
        return [file for file in (jobs.data / "spool").iterdir() if file.is_file()]

    until(lambda: not spool(), 30, "the spool is empty")
    assert not [name for name in jobs.get("/binaries").json if name.startswith("aborted")]


def test_a_look_at_a_job_can_wait_for_its_end(jobs: Server) -> None:
    job = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 2").json["jobId"]
    early = jobs.get(f"/jobs/{job}?wait=0")
    assert early.json["status"] == "RUNNING"
    begin = time.monotonic()
    assert jobs.get(f"/jobs/{job}?wait=60").json["status"] == "FINISHED"
    assert time.monotonic() - begin < 50
    assert jobs.get(f"/jobs/{job}?wait=60").json["status"] == "FINISHED"


def test_a_report_that_has_not_changed_is_not_sent_again(jobs: Server) -> None:
    job = jobs.submit("example_jobs", WORDS, "c", 'input.strings = ["a"]').json["jobId"]
    jobs.ended(job)
    first = jobs.get(f"/jobs/{job}")
    tag = first.headers["ETag"]
    again = ask(jobs, "GET", f"/jobs/{job}", headers={"If-None-Match": tag})
    assert (again.status, again.text) == (304, "")
    assert ask(jobs, "GET", f"/jobs/{job}", headers={"If-None-Match": '"other"'}).status == 200


def test_a_result_alone_is_the_json_that_the_job_made(jobs: Server) -> None:
    answer = jobs.submit(
        "example_jobs", WORDS, "c", 'input.strings = ["a"]', sync="true", timeout="60"
    )
    alone = jobs.get(f"/jobs/{answer.json['jobId']}/result")
    assert (alone.status, alone.text) == (200, '{"a":1}')
    running_job = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 600").json["jobId"]
    assert jobs.get(f"/jobs/{running_job}/result").status == 409
    jobs.request("DELETE", f"/jobs/{running_job}")


def pages(server: Server, path: str) -> Iterator[Any]:
    """All items of a list that comes in pages."""
    while path:
        answer = server.get(path)
        assert answer.status == 200, answer
        yield from answer.json
        link = answer.headers.get("Link", "")
        path = link[1 : link.index(">")] if link else ""


def test_lists_come_in_pages_and_filtered(jobs: Server) -> None:
    for _ in range(5):
        jobs.submit("example_jobs", WORDS, "c", 'input.strings = ["a"]', sync="true")
    everything = [job["jobId"] for job in jobs.get("/jobs?limit=1000").json]
    assert [job["jobId"] for job in pages(jobs, "/jobs?limit=2")] == everything
    words = [job["classPath"] for job in pages(jobs, f"/jobs?limit=2&classPath={WORDS}")]
    assert set(words) == {WORDS}
    assert jobs.get("/jobs?context=none").json == []
    assert jobs.get("/jobs?since=2100-01-01T00:00:00Z").json == []
    assert len(jobs.get("/jobs?since=2000-01-01T00:00:00Z&limit=1000").json) == len(everything)


def test_errors_are_problems_for_who_asks_for_them(jobs: Server) -> None:
    accept = {"Accept": "application/problem+json"}
    for path, detail in (
        ("/jobs/none", "No such job ID none"),
        ("/nothing", "The requested resource could not be found."),
    ):
        answer = ask(jobs, "GET", path, headers=accept)
        assert answer.status == 404
        assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json"
        problem = answer.json
        assert (problem["status"], problem["detail"]) == (404, detail)
    assert ask(jobs, "GET", "/healthz", headers=accept).json == {"status": "SUCCESS"}


def test_the_log_of_a_job_can_be_read_from_anywhere(jobs: Server) -> None:
    job = jobs.submit("example_jobs", "example_jobs.failing_job.FailingJob", "c").json["jobId"]
    jobs.ended(job)
    whole = jobs.get(f"/jobs/{job}/log")
    assert whole.headers["Content-Type"].startswith("text/plain")
    assert "Traceback" in whole.text
    size = int(whole.headers["Log-Next-Offset"])
    assert size == len(whole.text.encode())
    assert jobs.get(f"/jobs/{job}/log?offset={size}").text == ""
    assert jobs.get(f"/jobs/{job}/log?offset=3").text == whole.text.encode()[3:].decode()
    assert jobs.get(f"/jobs/{job}/log?tail=1").text == whole.text.splitlines(keepends=True)[-1]
    assert jobs.get("/jobs/none/log").status == 404


def events(server: Server, job: str, last: str = "") -> Iterator[tuple[str, str, str]]:
    """Name, id and data of each event of a stream until it ends."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        headers = {"Last-Event-ID": last} if last else {}
        connection.request("GET", f"/jobs/{job}/events", headers=headers)
        answer = connection.getresponse()
        assert answer.status in (200, 204)
        event: dict[str, list[str]] = {}
        for line in iter(answer.readline, b""):
            text = line.decode().rstrip("\n")
            if not text:
                if "event" in event:  # another tells how soon to come back
                    yield event["event"][0], event["id"][0], "\n".join(event["data"])
                event = {}
            elif not text.startswith(":"):
                name, _, value = text.partition(": ")
                event.setdefault(name, []).append(value)
    finally:
        connection.close()


def test_the_events_of_a_job_end_with_it(jobs: Server) -> None:
    job = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 2").json["jobId"]
    seen = list(events(jobs, job))
    states = [json.loads(data)["status"] for name, _, data in seen if name == "state"]
    assert states == ["RUNNING", "FINISHED"]
    last = seen[-1][1]
    assert list(events(jobs, job, last)) == []
    assert [name for name, _, _ in events(jobs, job, seen[0][1])][-1] == "state"


def test_a_stream_of_events_ends_when_its_job_is_killed(jobs: Server) -> None:
    job = jobs.submit("example_jobs", SLOW, "c", "sleep.seconds = 600").json["jobId"]
    killer = threading.Timer(1, lambda: jobs.request("DELETE", f"/jobs/{job}"))
    killer.start()
    states = [json.loads(data)["status"] for name, _, data in events(jobs, job) if name == "state"]
    killer.join()
    assert states == ["RUNNING", "KILLED"]


def test_the_server_stops_while_events_are_listened_to(fresh: Server) -> None:
    fresh.start()
    fresh.upload("example_jobs", example("sjs_python_examples-*.egg"))
    fresh.context("c")
    job = fresh.submit("example_jobs", SLOW, "c", "sleep.seconds = 600").json["jobId"]
    heard = threading.Event()
    listener = threading.Thread(target=lambda: [heard.set() for _ in events(fresh, job)])
    listener.start()
    assert heard.wait(30)
    fresh.stop()
    listener.join(30)
    assert not listener.is_alive()
