"""What a long history costs: lists of jobs, and a start of the server."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server import Server, running

from figures import Client, egg, milliseconds, percentile

FEW = 100
LOOKS = 500
SUBMIT = "/jobs?appName=bench&classPath=benchjobs.NoOp&context=c&sync=true&timeout=60"
LISTS = ("/jobs", "/jobs?status=finished", "/jobs?context=c&limit=50", "/jobs?limit=500")


def run_jobs(server: Server, count: int) -> None:
    """Runs jobs, some at a time, to their ends."""

    def several(number: int) -> None:
        client = Client(server.port)
        for _ in range(number):
            if json.loads(client.ask("POST", SUBMIT))["result"] != "done":
                raise SystemExit("a job has a wrong result")
        client.close()

    lanes = 4
    shares = [count // lanes + (1 if lane < count % lanes else 0) for lane in range(lanes)]
    with ThreadPoolExecutor(lanes) as threads:
        list(threads.map(several, shares))


def lists(server: Server) -> dict[str, float]:
    """The p99 of each list, in milliseconds."""
    client = Client(server.port)
    found = {}
    for path in LISTS:
        milliseconds(lambda path=path: client.ask("GET", path), 50)  # warm up
        taken = milliseconds(lambda path=path: client.ask("GET", path), LOOKS)
        found[path] = percentile(taken, 99)
    client.close()
    return found


def restart(server: Server) -> float:
    """Seconds from the start command to its end, which is when the server answers."""
    server.stop()
    begin = time.monotonic()
    server.start()
    return time.monotonic() - begin


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="history-") as name:
        folder = Path(name)
        with running(folder) as server:
            server.upload("bench", egg(folder))
            server.context("c", 'spark.context-settings { spark.master = "local[2]" }')
            run_jobs(server, FEW)
            before = lists(server)
            server.stop()
            start_before = restart(server.start())
            server.context("c", 'spark.context-settings { spark.master = "local[2]" }')
            begin = time.monotonic()
            run_jobs(server, jobs - FEW)
            print(
                f"{jobs} jobs on record, {(jobs - FEW) / (time.monotonic() - begin):.0f} a second"
            )
            after = lists(server)
            server.request("DELETE", "/contexts/c")
            start_after = restart(server)
            listed = len(json.loads(server.get("/jobs?limit=10000").text))
            if listed != min(jobs, 10_000):
                raise SystemExit(f"{listed} jobs are listed, not {jobs}")
    print(f"{'p99 in ms':28} {FEW:>8} {jobs:>8} {'ratio':>6}")
    for path in LISTS:
        ratio = after[path] / before[path]
        print(f"GET {path:24} {before[path]:8.1f} {after[path]:8.1f} {ratio:6.1f}")
    ratio = start_after / start_before
    print(f"{'start, s':28} {start_before:8.1f} {start_after:8.1f} {ratio:6.1f}")


main()
