"""The command `sjs` as a process of its own, against the running server."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from server import EXAMPLES, HOME, Server, example, running, until
from test_docs import ROOT, commands, run

PROJECT = ROOT / "jobserver.context.python" / "python"
WORDS = "example_jobs.word_count.WordCountSparkJob"
FAILING = "example_jobs.failing_job.FailingJob"
SLOW = "example_jobs.slow_job.SlowJob"
STREAMS = 3
IN_C = ("--binary", "example_jobs", "--context", "c")


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`sjs` as pip would make it, from the sources."""
    file = tmp_path_factory.mktemp("bin") / "sjs"
    file.write_text(
        f'#!/bin/sh\nPYTHONPATH="{PROJECT / "src"}" exec "{sys.executable}" '
        '-m sparkjobserver.client "$@"\n'
    )
    file.chmod(0o755)
    return file


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the example jobs, a context, and few streams of events."""
    conf = f"spark.jobserver.rest.max-event-streams = {STREAMS}\n"
    with running(tmp_path_factory.mktemp("server"), conf) as one:
        one.upload("example_jobs", example("sjs_python_examples-*.whl"))
        one.context("c")
        yield one


class Sjs:
    """Runs the command against a server."""

    def __init__(self, server: Server, command: Path) -> None:
        self.server = server
        self.command = command

    def start(self, *arguments: str, url: str | None = None, **more: Any) -> Any:
        return subprocess.Popen(
            [str(self.command), *arguments],
            env={**os.environ, "SJS_URL": url or self.server.url},
            # A shell that runs these tests in the background has it ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more},
        )

    def __call__(self, *arguments: str, **more: Any) -> tuple[int, str, str]:
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def submitted(self, err: str) -> str:
        """The id of the job that a command has said it runs."""
        (job,) = re.findall(r"^sjs: job (\S+) runs in context", err, re.M)
        return str(job)


@pytest.fixture
def sjs(server: Server, command: Path) -> Sjs:
    return Sjs(server, command)


def test_a_result_is_all_that_standard_output_has(sjs: Sjs) -> None:
    code, out, err = sjs("submit", WORDS, *IN_C, "--set", 'input.strings=["a", "b", "a"]')

    assert (code, json.loads(out)) == (0, {"a": 2, "b": 1})
    report = sjs.server.job(sjs.submitted(err))
    assert report["status"] == "FINISHED"
    assert sjs("jobs", "result", report["jobId"])[1] == out
    assert json.loads(sjs("jobs", "show", report["jobId"], "--json")[1]) == report
    assert json.loads(sjs("jobs", "config", report["jobId"])[1]) == {
        "input": {"strings": ["a", "b", "a"]}
    }


def test_a_file_is_run_and_uploaded_once(sjs: Sjs) -> None:
    wheel = example("sjs_python_examples-*.whl")
    arguments = (
        "submit",
        WORDS,
        "--file",
        str(wheel),
        "--context",
        "c",
        "--set",
        "input.strings=x",
    )
    before = set(sjs.server.get("/binaries").json)
    assert sjs(*arguments, "--quiet") == (0, '{"x":1}\n', "")
    (name,) = set(sjs.server.get("/binaries").json) - before
    uploaded = sjs.server.get(f"/binaries/{name}").json["upload-time"]
    assert sjs(*arguments, "--quiet")[0] == 0
    assert sjs.server.get(f"/binaries/{name}").json["upload-time"] == uploaded
    assert sjs("binaries", "delete", name)[0] == 0


def test_outcomes_are_exit_codes(sjs: Sjs) -> None:
    code, out, err = sjs("submit", FAILING, *IN_C, "--set", "fail.message=deliberate")
    assert (code, out) == (1, "")
    assert "Traceback (most recent call last):\n" in err
    assert "ValueError: deliberate\n" in err

    assert sjs("submit", WORDS, *IN_C) == (4, "", "config input.strings not found\n")
    assert sjs("submit", "example_jobs.No", *IN_C)[0] == 5
    assert sjs("submit", WORDS, "--binary", "no", "--context", "c")[1:] == (
        "",
        "sjs: appName no not found\n",
    )

    with sjs.start("submit", SLOW, *IN_C, "--set", "sleep.seconds=600") as process:
        job = sjs.submitted(process.stderr.readline())
        assert sjs("jobs", "cancel", job) == (0, f"job {job} is KILLED\n", "")
        process.communicate(timeout=300)
    assert process.returncode == 3
    assert sjs("jobs", "wait", job)[0] == 3


def test_the_log_is_shown_while_the_job_runs(sjs: Sjs) -> None:
    with sjs.start("submit", SLOW, *IN_C, "--set", "sleep.seconds=600") as process:
        job = sjs.submitted(process.stderr.readline())
        assert process.stderr.readline() == "600.0 seconds left\n"
        assert sjs.server.job(job)["status"] == "RUNNING"

        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)

    assert (process.returncode, out) == (130, "")
    assert f"sjs: cancelling job {job}" in err
    assert err.endswith(f"sjs: job {job} is KILLED\n")
    assert sjs.server.job(job)["status"] == "KILLED"


def test_a_terminal_has_a_bar(sjs: Sjs) -> None:
    ours, theirs = pty.openpty()
    arguments = ("--set", "sleep.seconds=2", "--set", "sleep.spark=true")
    with sjs.start("submit", SLOW, *IN_C, *arguments, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while piece := read(ours):
            shown += piece
        out = process.stdout.read()
    os.close(ours)

    assert process.returncode == 0
    assert float(out) >= 2
    assert b"0/1 tasks, 0/1 stages, 1 running" in shown


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_without_streams_the_log_is_shown_too(sjs: Sjs) -> None:
    (job,) = sjs("submit", SLOW, *IN_C, "--set", "sleep.seconds=600", "--no-wait")[1].splitlines()
    held = []
    try:
        for _ in range(STREAMS):
            stream = socket.create_connection(("127.0.0.1", sjs.server.port))
            stream.sendall(f"GET /jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert stream.recv(12) == b"HTTP/1.1 200"
            held.append(stream)
        assert sjs.server.get(f"/jobs/{job}/events").status == 503

        code, out, err = sjs("submit", SLOW, *IN_C, "--set", "sleep.seconds=3")
    finally:
        for stream in held:
            stream.close()
        sjs("jobs", "cancel", job)

    assert (code, float(out) >= 3) == (0, True)
    lines = [line for line in err.splitlines() if line.endswith("seconds left")]
    assert lines[0] == "3.0 seconds left"
    assert len(lines) == len(set(lines)) >= 3


class Cable:
    """Passes connections on to a server, and cuts the first one that brings an answer."""

    def __init__(self, server: Server) -> None:
        self._to = server.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._listen)

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            self._ends += [near, far]
            self._start(self._pass, near, far, False)
            self._start(self._pass, far, near, True)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pass(self, source: socket.socket, to: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if is_answer and self.cuts == 0:
                    self.cuts += 1
                    break
                to.sendall(piece)
        for end in (source, to):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for end in (self._listener, *self._ends):
            end.close()


def test_a_lost_answer_makes_no_second_job(sjs: Sjs) -> None:
    before = {job["jobId"] for job in sjs.server.get("/jobs").json}
    cable = Cable(sjs.server)
    try:
        code, out, err = sjs("submit", WORDS, *IN_C, "--set", "input.strings=x", url=cable.url)
    finally:
        cable.close()

    assert (code, out, cable.cuts) == (0, '{"x":1}\n', 1)
    after = {job["jobId"] for job in sjs.server.get("/jobs").json}
    assert after - before == {sjs.submitted(err)}


def test_the_page_on_sjs(sjs: Sjs, tmp_path: Path) -> None:
    server = sjs.server
    server.request("DELETE", "/contexts/c")
    clone = tmp_path / "clone"
    (clone / "examples").mkdir(parents=True)
    (clone / "examples" / "target").symlink_to(EXAMPLES)
    server.env["PATH"] = f"{sjs.command.parent}{os.pathsep}{server.env['PATH']}"
    server.env["SJS_URL"] = server.url
    try:
        printed = [
            run(server, clone, block)
            for block in commands("docs/sjs.md")
            if not block.startswith("pip install")  # test_package.py does that
        ]
        (listing,) = re.findall(
            r"^```python\n(.*?)^```$", (ROOT / "docs" / "sjs.md").read_text(), re.M | re.S
        )
        done = subprocess.run(
            [sys.executable, "-c", listing.replace("localhost:8090", server.url[7:])],
            cwd=clone,
            env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        server.context("c")
        server.upload("example_jobs", example("sjs_python_examples-*.whl"))

    everything = "\n".join(printed)
    assert len(printed) == 8
    assert "is well" in everything
    assert '{"a":2,"b":1}' in everything
    assert "{20: 1250.0, 21: 1400.0}" in everything
    assert "is KILLED" in everything
    assert done.stdout == "{'a': 2, 'b': 1}\n"


def test_a_job_is_followed_while_the_server_is_started_anew(sjs: Sjs) -> None:
    with sjs.start("submit", SLOW, *IN_C, "--set", "sleep.seconds=15") as process:
        first = [process.stderr.readline() for _ in range(3)]
        sjs.server.kill()
        sjs.server.start()
        out, err = process.communicate(timeout=300)

    assert process.returncode == 0, err
    assert float(out) >= 15
    lines = [*first[1:], *err.splitlines(keepends=True)]
    assert lines[0] == "15.0 seconds left\n"
    assert len(lines) == len(set(lines))
    log = sjs.server.get(f"/jobs/{sjs.submitted(first[0])}/log").text
    assert "".join(lines) == log


def test_a_server_that_is_gone_is_told(sjs: Sjs) -> None:
    code, out, err = sjs("status", url="http://127.0.0.1:1")
    assert (code, out) == (5, "")
    assert "http://127.0.0.1:1 cannot be reached" in err


def test_the_client_never_enters_the_workers() -> None:
    (bundle,) = (HOME / "bundles").rglob("jobserver.context.python-*.jar")
    names = zipfile.ZipFile(bundle).namelist()
    assert "META-INF/python/sparkjobserver/api.py" in names
    assert [name for name in names if "/client" in name or "httpx" in name] == []


def test_a_job_is_started_in_a_context_of_its_own(sjs: Sjs) -> None:
    arguments = ("submit", WORDS, "--binary", "example_jobs", "--set", "input.strings=x")
    code, out, err = sjs(*arguments)
    assert (code, out) == (0, '{"x":1}\n'), err
    until(lambda: sjs.server.get("/contexts").json == ["c"], 60, "its context is gone")
