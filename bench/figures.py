"""What benchmarks of the running server share."""

from __future__ import annotations

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
"""


def egg(folder: Path) -> Path:
    """The jobs of these benchmarks."""
    file = folder / "benchjobs.egg"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("benchjobs.py", SOURCE)
    return file


class Client:
    """A connection that stays open; an answer that is not as expected fails the benchmark."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=120)

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
