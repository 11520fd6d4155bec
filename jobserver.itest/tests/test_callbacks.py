"""Callbacks: other servers are told that jobs have ended, and only those that are listed."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from server import Answer, Server, example, free_port, running

WORDS = "example_jobs.word_count.WordCountSparkJob"
FAILS = "example_jobs.failing_job.FailingJob"
SLOW = "example_jobs.slow_job.SlowJob"
INPUT = 'input.strings = ["a", "b", "a"]'

LISTED = """
spark.jobserver.callback.hosts = ["127.0.0.1"]
spark.jobserver.callback.pause = "100 ms"
"""


class Target:
    """A server that is told of jobs."""

    def __init__(self, port: int, statuses: list[int]) -> None:
        self.notices: queue.Queue[tuple[str, str | None, Any]] = queue.Queue()
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                notice = (self.path, self.headers["Content-Type"], json.loads(body))
                self.send_response(statuses.pop(0) if statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                target.notices.put(notice)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.http.server_port

    def url(self, path: str = "/done") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def told(self) -> tuple[str, str | None, Any]:
        """What it was told next: path, type and body."""
        return self.notices.get(timeout=60)


@contextlib.contextmanager
def target(port: int = 0, statuses: list[int] | None = None) -> Iterator[Target]:
    one = Target(port, statuses or [])
    thread = threading.Thread(target=one.http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield one
    finally:
        one.http.shutdown()
        thread.join()
        one.http.server_close()


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may call this machine back."""
    with running(tmp_path_factory.mktemp("server"), LISTED) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("c")
        yield server


def submit(server: Server, class_path: str, url: str, config: str = "", **more: str) -> str:
    answer = server.submit("example_jobs", class_path, "c", config, callbackUrl=url, **more)
    assert answer.status in (200, 202), answer.text
    return str(answer.json["jobId"])


def test_the_result_of_a_finished_job_is_told(calling: Server) -> None:
    with target() as hook:
        job = submit(calling, WORDS, hook.url("/done?token=t"), INPUT)

        path, content_type, body = hook.told()

    assert (path, content_type) == ("/done?token=t", "application/json")
    assert body == {"jobId": job, "result": {"a": 2, "b": 1}}
    assert calling.job(job)["status"] == "FINISHED"


def test_a_synchronous_job_is_told_too(calling: Server) -> None:
    with target() as hook:
        job = submit(calling, WORDS, hook.url(), INPUT, sync="true", timeout="60")

        assert hook.told()[2] == {"jobId": job, "result": {"a": 2, "b": 1}}


def test_the_reason_of_a_failed_job_is_told(calling: Server) -> None:
    with target() as hook:
        job = submit(calling, FAILS, hook.url(), 'fail.message = "it broke"')

        body = hook.told()[2]

    assert (body["jobId"], body["status"]) == (job, "ERROR")
    assert set(body) == {"jobId", "status", "result"}
    assert body["result"]["message"] == "it broke"
    assert body["result"]["errorClass"].endswith("ValueError")
    assert "raise ValueError" in body["result"]["stack"]
    assert body["result"] == calling.job(job)["result"]


def test_a_killed_job_is_not_told(calling: Server) -> None:
    with target() as hook:
        killed = submit(calling, SLOW, hook.url(), "sleep.seconds = 600")
        assert calling.request("DELETE", f"/jobs/{killed}").json == {"status": "KILLED"}
        later = submit(calling, WORDS, hook.url(), INPUT)

        assert hook.told()[2]["jobId"] == later
        assert hook.notices.empty()


def test_who_does_not_answer_well_is_told_again(calling: Server) -> None:
    with target(statuses=[500, 302, 404]) as hook:
        job = submit(calling, WORDS, hook.url(), INPUT)

        assert [hook.told()[2]["jobId"] for _ in range(4)] == [job] * 4


def test_who_was_down_is_told_by_the_next_server(tmp_path: Path) -> None:
    # Within the test only the next server calls again.
    conf = LISTED + 'spark.jobserver.callback.pause = "1 hour"\n'
    port = free_port()
    with running(tmp_path, conf) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("c")
        url = f"http://127.0.0.1:{port}/"
        done = submit(server, WORDS, url, INPUT, sync="true", timeout="60")
        failed = submit(server, FAILS, url)
        assert server.ended(failed)["status"] == "ERROR"
        server.kill()

        with target(port) as hook:
            server.start()
            told = {body["jobId"]: body for _, _, body in (hook.told(), hook.told())}

        assert set(told) == {done, failed}
        assert told[done] == {"jobId": done, "result": {"a": 2, "b": 1}}
        assert told[failed]["status"] == "ERROR"


def refused(server: Server, url: str) -> str:
    """Why a callback is refused, before anything else is looked at."""
    answer: Answer = server.submit("no such binary", WORDS, "no such context", callbackUrl=url)
    assert (answer.status, answer.json["status"]) == (400, "ERROR"), answer.text
    return str(answer.json["result"])


def test_what_is_not_listed_is_refused(calling: Server) -> None:
    before = calling.get("/jobs").json

    assert refused(calling, "ftp://127.0.0.1/") == "Callback Url has to be 'http'/'https'"
    assert refused(calling, "no url") == "Callback Url has to be 'http'/'https'"
    assert "user" in refused(calling, "http://me:secret@127.0.0.1/")
    for host in ("localhost:8080", "127.0.0.2:8080", "169.254.169.254:80", "hooks.example.com:80"):
        why = refused(calling, f"http://{host}/")
        assert f"'{host}' may not be called back" in why
        assert "spark.jobserver.callback.hosts" in why
    assert calling.get("/jobs").json == before


def test_callbacks_are_off_until_hosts_are_listed(fresh: Server) -> None:
    fresh.start()

    why = refused(fresh, "http://127.0.0.1:8080/")

    assert "Callbacks are off" in why
    assert "spark.jobserver.callback.hosts" in why


def test_a_host_that_is_none_is_told_with_its_key(fresh: Server, tmp_path: Path) -> None:
    conf = tmp_path / "wrong.conf"
    conf.write_text('spark.jobserver.callback.hosts = ["http://127.0.0.1/"]\n')
    done = fresh.command(
        "start", "--conf", str(conf), "--port", str(fresh.port), "--data", str(fresh.data)
    )

    assert done.returncode == 7, done.stdout + done.stderr
    assert 'spark.jobserver.callback.hosts has "http://127.0.0.1/"' in done.stderr
