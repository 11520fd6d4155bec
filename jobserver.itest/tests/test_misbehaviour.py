"""Jobs that end badly, and jobs that are killed whatever they are at: the next one works.

One job at a time may run in the context, so whatever runs next shows that the slot is free, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import server as jobserver
from server import Answer, Server, alive, until

JOBS = """
import ctypes
import os
import signal
import subprocess
import sys
import time

from sparkjobserver.api import SparkJob


def tell(*words):
    print(*words, flush=True)


def sleep(_=None):
    while True:
        time.sleep(1000)


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config


class Counts(Base):
    def run_job(self, context, runtime, data):
        return context.range(0, 100, 1, 2).count()


# How jobs end. Each tells when, as its last word.


class Ends(Base):
    def run_job(self, context, runtime, data):
        tell("now", time.time())
        self.end()


class Segfault(Ends):
    def end(self):
        ctypes.string_at(0)


class Abort(Ends):
    def end(self):
        os.abort()


class HardExit(Ends):
    def end(self):
        os._exit(7)


class Exit(Ends):
    def end(self):
        sys.exit("enough")


class Greedy(Ends):
    def end(self):
        kept = []
        while True:
            kept.append(bytearray(8 << 20))
            tell("now", time.time())


class Floods(Base):
    def run_job(self, context, runtime, data):
        line = "x" * 999
        for _ in range(100_000):
            print(line)
        print("last words")
        return "done"


class LeavesChildren(Base):
    def run_job(self, context, runtime, data):
        return start_children()


def start_children():
    group = subprocess.Popen(["sleep", "1000"])
    session = subprocess.Popen(["sleep", "1001"], start_new_session=True)
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        grandchild = os.fork()
        if grandchild == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            sleep()
        os.write(write, f"{os.getpid()} {grandchild}".encode())
        sleep()
    return [group.pid, session.pid, *map(int, os.read(read, 100).split())]


# What jobs are at when they are killed. Each tells when it is there.


class Validates(Base):
    def validate(self, context, runtime, config):
        tell("there", os.getpid())
        sleep()


class Plans(Base):
    def run_job(self, context, runtime, data):
        tell("there", os.getpid())
        return context.read.text(f"webhdfs://127.0.0.1:{data['port']}/file").count()


class Collects(Base):
    def run_job(self, context, runtime, data):
        def work(number):
            tell_file = os.open(path, os.O_WRONLY | os.O_APPEND)
            os.write(tell_file, f"there {pid}\\n".encode())
            sleep()

        path, pid = os.readlink("/proc/self/fd/1"), os.getpid()
        return context.sparkContext.parallelize(range(8), 2).map(work).collect()


class InC(Base):
    def run_job(self, context, runtime, data):
        tell("there", os.getpid())
        ctypes.PyDLL(None).sleep(1000)  # does not let go of the interpreter


class IgnoresSignals(Base):
    def run_job(self, context, runtime, data):
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        tell("there", os.getpid())
        while True:
            try:
                sleep()
            except BaseException:
                pass


class HasChildren(Base):
    def run_job(self, context, runtime, data):
        tell("there", os.getpid(), *start_children())
        sleep()
"""

IMPORTS = """
import os, time
print("there", os.getpid(), flush=True)
while True:
    time.sleep(1000)
"""

SETTINGS = """
spark.context-settings {
  spark.master = "local[2]"
  python.workers { idle = 0, max-memory = "256 MiB" }
  job-log.max-size = "1 MiB"
}
"""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("misbehaviour")
    egg = folder / "jobs.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr("misbehaving.py", JOBS)
        archive.writestr("importing.py", IMPORTS)
    conf = "spark.jobserver.max-jobs-per-context = 1\n"
    with jobserver.running(folder, conf) as running:
        running.upload("misbehaving", egg)
        running.context("c", SETTINGS)
        submit(running, "misbehaving.Counts", timeout="60")  # takes the one that waits
        yield running


@pytest.fixture(autouse=True)
def _the_next_job_works(jobs: Server) -> Iterator[None]:
    yield
    answer = submit(jobs, "misbehaving.Counts", timeout="60")
    assert (answer.status, answer.json.get("result")) == (200, 100), answer.text
    assert jobs.get("/jobs?status=RUNNING").json == []


def submit(server: Server, class_path: str, config: str = "", **more: str) -> Answer:
    return server.submit("misbehaving", class_path, "c", config, sync="true", **more)


def ended(server: Server, job: str) -> tuple[Any, float]:
    """The report of a job that has ended by itself, and how many seconds after its last word."""
    started = server.submit("misbehaving", f"misbehaving.{job}", "c")
    assert started.status == 202, started.text
    report = server.ended(started.json["jobId"], 60)
    now = time.time()
    words = [line for line in log(server, report["jobId"]).splitlines() if line.startswith("now ")]
    return report, now - float(words[-1].split()[1])


def log(server: Server, job: str) -> str:
    (file,) = server.data.glob(f"contexts/*/log/jobs/{job}.log")
    return file.read_text()


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("Segfault", "The job's Python process ended unexpectedly: signal 11 (SIGSEGV)"),
        ("Abort", "The job's Python process ended unexpectedly: signal 6 (SIGABRT)"),
        ("HardExit", "The job's Python process ended unexpectedly: exit 7"),
        ("Exit", "The job called sys.exit('enough')"),
        (
            "Greedy",
            "the job's process may have 268435456 bytes of memory (python.workers.max-memory)",
        ),
    ],
)
def test_a_job_that_ends_badly_is_an_error_that_says_so_at_once(
    jobs: Server, job: str, message: str
) -> None:
    report, seconds = ended(jobs, job)

    assert (report["status"], report["result"]["message"]) == ("ERROR", message)
    assert seconds < 2


def test_a_job_that_prints_a_hundred_megabytes_is_finished_with_a_short_log(jobs: Server) -> None:
    answer = submit(jobs, "misbehaving.Floods", timeout="120")
    assert answer.json["result"] == "done", answer.text

    (file,) = jobs.data.glob(f"contexts/*/log/jobs/{answer.json['jobId']}.log")
    until(lambda: file.stat().st_size <= 1 << 20, 10, "its log is short")
    text = file.read_text()
    assert text.startswith("xxx")
    assert "bytes are left out here: job-log.max-size]\n" in text
    assert text.endswith("\nlast words\n")


def test_what_a_job_has_forked_is_gone_with_it(jobs: Server) -> None:
    children = submit(jobs, "misbehaving.LeavesChildren", timeout="60").json["result"]

    assert len(children) == 4
    until(lambda: not any(map(alive, children)), 5, "they are gone")


# Kills


class Caller:
    """Waits for a job as its caller does; and a killer, who finds it."""

    def __init__(self, server: Server, class_path: str, config: str = "") -> None:
        self.server = server
        self.answers: list[Answer] = []

        def call() -> None:
            self.answers.append(submit(server, class_path, config, timeout="120"))

        self.thread = threading.Thread(target=call)
        self.thread.start()
        (self.job,) = until(
            lambda: [report["jobId"] for report in server.get("/jobs?status=RUNNING").json],
            30,
            "the job runs",
        )

    def there(self) -> list[int]:
        """The processes of the job, once it is where it shall be."""
        told = until(
            lambda: [line for line in self.log() if line.startswith("there ")], 60, "it is there"
        )
        return [int(pid) for pid in told[0].split()[1:]]

    def log(self) -> list[str]:
        with contextlib.suppress(ValueError, FileNotFoundError):
            return log(self.server, self.job).splitlines()
        return []

    def is_killed(self, processes: list[int]) -> None:
        """Kills the job, and has all that is said of it be so."""
        begun = time.monotonic()
        answer = self.server.request("DELETE", f"/jobs/{self.job}")
        took = time.monotonic() - begun

        assert (answer.status, answer.json) == (200, {"status": "KILLED"})
        assert took < 5
        assert [pid for pid in processes[:1] if alive(pid)] == []
        until(lambda: not any(map(alive, processes)), 5, "all its processes are gone")
        assert self.server.job(self.job)["status"] == "KILLED"
        self.thread.join(10)
        assert (self.answers[0].status, self.answers[0].json["status"]) == (200, "KILLED")


@pytest.mark.parametrize(
    "class_path",
    [
        "importing.Any",
        "misbehaving.Validates",
        "misbehaving.Collects",
        "misbehaving.InC",
        "misbehaving.IgnoresSignals",
        "misbehaving.HasChildren",
    ],
)
def test_a_job_is_killed_whatever_it_is_at(jobs: Server, class_path: str) -> None:
    caller = Caller(jobs, class_path)
    caller.is_killed(caller.there())


def test_a_job_is_killed_while_it_waits_for_its_process(jobs: Server) -> None:
    zygote = jobs.workers("c")[0]
    os.kill(zygote, signal.SIGSTOP)
    try:
        Caller(jobs, "misbehaving.Counts").is_killed([])
    finally:
        os.kill(zygote, signal.SIGCONT)


def test_a_job_is_killed_while_spark_plans(jobs: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        caller = Caller(jobs, "misbehaving.Plans", f"port = {silent.getsockname()[1]}")
        processes = caller.there()
        connection, _ = silent.accept()  # a file system that Spark asks while it plans
        with connection:
            caller.is_killed(processes)
