"""What benchmarks of the running server share."""

from __future__ import annotations

import os
import re
import subprocess
import time
import zipfile
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

SOURCE = """
from sparkjobserver.api import SparkJob


class NoOp(SparkJob):
    def validate(self, context, runtime, config):
        return None

    def run_job(self, context, runtime, data):
        return "done"


class Large(SparkJob):
    def validate(self, context, runtime, config):
        return config.get("size")

    def run_job(self, context, runtime, data):
        return "x" * data


class Rows(Large):
    def run_job(self, context, runtime, data):
        return [[row, f"name {row}", row / 2, row % 2 == 0] for row in range(data)]
"""


def rows(size: int) -> list[list[object]]:
    """The right result of the job `Rows`."""
    return [[row, f"name {row}", row / 2, row % 2 == 0] for row in range(size)]


def egg(folder: Path) -> Path:
    """The jobs of these benchmarks."""
    file = folder / "benchjobs.egg"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("benchjobs.py", SOURCE)
    return file


class Client:
    """A connection that stays open; an answer that is not as expected fails the benchmark."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=330)

    def ask(self, method: str, path: str, body: str = "") -> bytes:
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:200]!r}")
        return content

    def close(self) -> None:
        self._connection.close()


def milliseconds(work: Callable[[], object], times: int) -> list[float]:
    """How long some work takes, each time."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


# Of processes


def rss(pid: int) -> float:
    """MB that the process has in memory."""
    return _memory(pid, "status", "VmRSS")


def pss(pid: int) -> float:
    """MB that the process has in memory, what it shares divided by those who share it."""
    return _memory(pid, "smaps_rollup", "Pss")


def peak_rss(pid: int) -> float:
    """MB that the process has had in memory at the most, since its peak was forgotten."""
    return _memory(pid, "status", "VmHWM")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _memory(pid: int, file: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text(), re.M)
    assert found
    return int(found[1]) / 1024


def live_heap(pid: int) -> float:
    """MB of objects that a JVM has in use, after a collection."""
    for command in ("GC.run", "GC.class_histogram"):
        told = subprocess.run(
            ["jcmd", str(pid), command], capture_output=True, text=True, check=True
        ).stdout
    total = re.search(r"^Total\s+\d+\s+(\d+)", told, re.MULTILINE)
    if total is None:
        raise SystemExit("the heap cannot be read")
    return int(total[1]) / 2**20


def handles(pid: int) -> dict[str, str]:
    """What the process has open: by number, files, sockets and others."""
    found = {}
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[handle.name] = os.readlink(handle)
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


def listening(pid: int) -> int:
    """How many TCP ports the process listens on."""
    sockets = set(handles(pid).values())
    count = 0
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, _, _, state, *_, inode = line.split()[:10]
            count += state == "0A" and f"socket:[{inode}]" in sockets
    return count
