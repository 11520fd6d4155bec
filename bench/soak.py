"""What many short jobs leave behind: memory, open files, processes, folders, ports."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from server import Server, processes, running, until

from figures import handles, listening, live_heap, rss

CLIENTS = 4
IDLE = 4
WARM_UP = 500
CONF = "spark.jobserver.max-jobs-per-context = 16\n"
SERVER_HEAP, DRIVER_HEAP = "256m", "512m"
SETTINGS = f"""
spark.context-settings {{
  spark {{ master = "local[2]", driver.memory = {DRIVER_HEAP}, sql.shuffle.partitions = 2 }}
  python.workers {{ idle = {IDLE}, most-idle = {IDLE} }}
}}
"""
AT_REST = IDLE + 2
"""Python processes of a context: those that wait, the zygote, the daemon of the executor."""
QUIET = 150
"""Seconds within which all that jobs have left has to be gone: Spark keeps a worker for 60."""

SOURCE = """
import os
import time

from sparkjobserver.api import SparkJob


class Base(SparkJob):
    def validate(self, context, runtime, config):
        return config.get("token")


class Returns(Base):
    def run_job(self, context, runtime, data):
        return data


class Raises(Base):
    def run_job(self, context, runtime, data):
        raise ValueError(data)


class Exits(Base):
    def run_job(self, context, runtime, data):
        os._exit(3)


class Prints(Base):
    def run_job(self, context, runtime, data):
        for number in range(500):
            print(data, number)


class Counts(Base):
    def run_job(self, context, runtime, data):
        return context._sc.parallelize([data] * 3, 2).countByValue()


class Sleeps(Base):
    def run_job(self, context, runtime, data):
        time.sleep(600)
"""

#: Of a hundred jobs, how many are of each kind; the others return what they are told.
SHARES = {"Raises": 5, "Exits": 3, "Prints": 4, "Counts": 4, "Sleeps": 4}


class Wrong(Exception):
    """A job has not ended as it should."""


class Client:
    """Runs jobs of all kinds, one after the other."""

    def __init__(self, port: int, seed: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self._dice = random.Random(seed)
        self.ran: Counter[str] = Counter()

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()

    def run(self, number: int) -> None:
        """Runs one, and looks at how it ended."""
        dice = self._dice.randrange(100)
        kind = "Returns"
        for name, share in SHARES.items():
            if 0 <= dice < share:
                kind = name
            dice -= share
        self.ran[kind] += 1
        token = f"t{number}"
        sync = "false" if kind == "Sleeps" else "true"
        path = f"/jobs?appName=soak&classPath=soak.{kind}&context=c&timeout=100&sync={sync}"
        status, text = self._ask("POST", path, f"token = {token}")
        told = json.loads(text)
        if not self._is_right(kind, token, status, told):
            raise Wrong(f"{kind} of {token}: {status} {text[:500]}")

    def _is_right(self, kind: str, token: str, status: int, told: Any) -> bool:
        result = told.get("result")
        if kind == "Sleeps":
            return status == 202 and self._kill(told["jobId"])
        if kind == "Raises":
            return told.get("status") == "ERROR" and result["message"] == token
        if kind == "Exits":
            return told.get("status") == "ERROR" and "exit 3" in result["message"]
        if kind == "Prints":
            _, log = self._ask("GET", f"/jobs/{told['jobId']}/log")
            return result is None and log == "".join(f"{token} {n}\n" for n in range(500))
        return bool(result == ({token: 3} if kind == "Counts" else token))

    def _kill(self, job: str) -> bool:
        time.sleep(self._dice.uniform(0, 0.2))
        status, text = self._ask("DELETE", f"/jobs/{job}")
        return status == 200 and json.loads(text) == {"status": "KILLED"}


def run_jobs(server: Server, first: int, count: int) -> Counter[str]:
    """Runs jobs, some at a time, to their ends.

    :returns: how many of each kind
    """
    numbers = iter(range(first, first + count))
    lock = threading.Lock()

    def several(lane: int) -> Counter[str]:
        client = Client(server.port, f"{first}-{lane}")
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return client.ran
            client.run(number)

    with ThreadPoolExecutor(CLIENTS) as lanes:
        return sum(lanes.map(several, range(CLIENTS)), Counter())


@dataclass(frozen=True)
class State:
    """What there is of everything that could pile up. Memory in MB."""

    server_heap: float
    server_rss: float
    server_handles: int
    driver_heap: float
    driver_rss: float
    driver_handles: int
    driver_ports: int
    python_processes: int
    temporary_files: int


#: By how much each may grow; what is not named is only told. Of the last three nothing may be left.
GOALS = {
    "server_heap": 10.0,
    "server_handles": 10,
    "driver_heap": 25.0,
    "driver_handles": 10,
    "driver_ports": 0,
    "python_processes": 0,
    "temporary_files": 0,
}


def python_processes(server: Server) -> int:
    marker = server.context_id("c").encode()
    return sum("DriverMain" not in command for command in processes(marker).values())


def temporary_files(server: Server) -> int:
    """Files for use within a job, and PySpark's folders, of the context and of the server."""
    context = server.data / "contexts" / server.context_id("c")
    folders = [context / name for name in ("tmp", "local", "results", "outbox")]
    folders.append(server.data / "spool")
    found = [path for folder in folders for path in folder.rglob("*")]
    return sum(path.name.startswith("pyspark-") or not path.is_dir() for path in found)


def state(server: Server) -> State:
    """Waits until nothing is left to be done, and looks."""
    end = time.monotonic() + QUIET
    while python_processes(server) > AT_REST and time.monotonic() < end:
        time.sleep(1)
    time.sleep(5)
    driver = server.driver("c")
    return State(
        server_heap=live_heap(server.pid),
        server_rss=rss(server.pid),
        server_handles=len(handles(server.pid)),
        driver_heap=live_heap(driver),
        driver_rss=rss(driver),
        driver_handles=len(handles(driver)),
        driver_ports=listening(driver),
        python_processes=python_processes(server),
        temporary_files=temporary_files(server),
    )


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    env = {"JOBSERVER_JAVA_OPTS": f"-Xmx{SERVER_HEAP}"}
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        egg = folder / "soak.egg"
        with zipfile.ZipFile(egg, "w") as archive:
            archive.writestr("soak.py", SOURCE)
        with running(folder, CONF, env) as server:
            server.upload("soak", egg)
            server.context("c", SETTINGS)
            warm_up = min(WARM_UP, jobs)
            run_jobs(server, 0, warm_up)
            before = state(server)
            begin = time.monotonic()
            ran = run_jobs(server, warm_up, jobs)
            seconds = time.monotonic() - begin
            after = state(server)
            until(lambda: server.get("/jobs?status=running").json == [], 10, "no job runs")
    print(f"{jobs} jobs in {seconds:.0f} s, after {warm_up} to warm up; -Xmx{SERVER_HEAP} (server)")
    print(f"and -Xmx{DRIVER_HEAP} (driver). All ended as they should:")
    print("  " + ", ".join(f"{count} {kind}" for kind, count in sorted(ran.items())))
    print(f"{'':18}{'before':>9}{'after':>9}{'grown':>9}{'goal':>9}")
    missed = []
    for field in fields(State):
        was, now = getattr(before, field.name), getattr(after, field.name)
        goal = GOALS.get(field.name)
        holds = goal is None or now - was <= goal
        if not holds:
            missed.append(field.name)
        words = "" if goal is None else f"{goal:9}  {'holds' if holds else 'MISSED'}"
        label = field.name.replace("_", " ")
        print(f"{label:18}{was:9.1f}{now:9.1f}{now - was:+9.1f}{words}")
    if missed:
        raise SystemExit(f"goal missed: {', '.join(missed)}")


main()
