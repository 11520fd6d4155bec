"""Throughput of NoOp jobs: clients that submit one after the other, each waiting for its result.

The server's isolated workers, workers that run one job after another, and a fresh interpreter per
job behind the same HTTP and store. The sides take turns, with the same clients.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from figures import egg
from latency import Http, percentile, python_settings, server

CLIENTS = (1, 4, 16)
CONF = "spark.jobserver.max-jobs-per-context = 64\n"
JOB = "/jobs?appName=bench&classPath=benchjobs.NoOp&sync=true&timeout=60&context="
OURS = "context-factory=spark.jobserver.python.PythonSessionContextFactory"
CONTEXTS = {
    "isolated": OURS,
    "reused": f"{OURS}&python.workers.reuse=true",
    "fresh": "context-factory=jobserver.bench.FreshInterpreterContextFactory",
}


@dataclass
class Side:
    """What is measured.

    :param context: the context that the jobs run in
    """

    context: str
    figures: dict[int, tuple[float, list[float]]] = field(default_factory=dict)


def run(port: int, context: str, clients: int, seconds: float) -> tuple[float, list[float]]:
    """Jobs a second, and how long each took."""
    took: list[float] = []
    failures: list[str] = []
    begin = time.perf_counter()
    end = begin + seconds

    def work() -> None:
        http = Http(port)
        while time.perf_counter() < end and not failures:
            begun = time.perf_counter()
            status, answer = http("POST", JOB + context)
            took.append(time.perf_counter() - begun)
            if status != 200 or answer.get("result") != "done":
                failures.append(f"{context}: {status} {answer}")
        http.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(failures[0])
    return len(took) / (time.perf_counter() - begin), took


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="throughput-")))
        port = stack.enter_context(server(folder, CONF))
        http = Http(port)
        http.must("POST", "/binaries/bench", egg(folder).read_bytes(), "application/python-archive")
        body = json.dumps({"spark": {"context-settings": python_settings()}}).encode()
        sides = {name: Side(name) for name in CONTEXTS}
        for name, settings in CONTEXTS.items():
            http.must("POST", f"/contexts/{name}?{settings}", body)
            run(port, name, 1, min(seconds, 5))
        for clients in CLIENTS:
            for side in sides.values():
                side.figures[clients] = run(port, side.context, clients, seconds)
    report(sides)


def report(sides: dict[str, Side]) -> None:
    print(f"{'':10}{'clients':>8}{'jobs/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'/ fresh':>9}")
    for name, side in sides.items():
        for clients, (rate, took) in side.figures.items():
            ratio = rate / sides["fresh"].figures[clients][0]
            print(
                f"{name:10}{clients:8}{rate:9.1f}{percentile(took, 0.5):9.1f}"
                f"{percentile(took, 0.99):9.1f}{ratio:8.1f}x"
            )


if __name__ == "__main__":
    main()
