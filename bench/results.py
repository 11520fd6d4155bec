"""Large results: how long they take from the job to the caller, and how much memory on the way.

Through the server they are one JSON text that nobody parses again. Beside it what spark-jobserver
does: Py4J makes Java objects of them, with a request for each list and each value in it, behind the
same HTTP and store.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server import Server, processes, running, until

from figures import Client, egg, forget_peak, peak_rss, pss, rows, rss
from latency import ROOT, python_settings

FACTORIES = {
    "jobserver": "spark.jobserver.python.PythonSessionContextFactory",
    "auto-convert": "jobserver.bench.FreshInterpreterContextFactory",
}
#: Py4J takes longer than a request may by default.
CONF = 'spark.jobserver.rest.request-timeout = "320 s"\n'
SIZES = {"rows": 100_000, "text": 50_000_000}
#: What is run: the name, the class and its size.
KINDS = [
    ("nothing", "NoOp", 0),
    ("100,000 rows of 4", "Rows", SIZES["rows"]),
    ("50 MB", "Large", SIZES["text"]),
]
MOST_GROWTH = 64.0
"""MB that a result of 50 MB may add to what the server or the driver has in memory."""


class Watch:
    """The most memory that processes have while this is open, in MB.

    The kernel remembers it for server and driver. Of processes that run one job it forgets it with
    them, so these are looked at all the time.
    """

    def __init__(self, server: Server, context: str) -> None:
        self._jvms = {"server": server.pid, "driver": server.driver(context)}
        self._marker = server.context_id(context).encode()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self.peaks: dict[str, float] = {}
        self.before: dict[str, float] = {}

    def __enter__(self) -> Watch:
        for name, pid in self._jvms.items():
            forget_peak(pid)
            self.before[name] = rss(pid)
        self.peaks = {"worker RSS": 0.0, "worker PSS": 0.0}
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()
        self.peaks.update({name: peak_rss(pid) for name, pid in self._jvms.items()})

    def grown(self, name: str) -> float:
        return self.peaks[name] - self.before[name]

    def _watch(self) -> None:
        workers: list[int] = []
        looked = 0.0
        while not self._over.wait(0.01):
            if time.monotonic() - looked > 0.5:
                looked = time.monotonic()
                workers = [p for p, c in processes(self._marker).items() if is_worker(c)]
            for pid in workers:
                try:
                    self._note("worker RSS", peak_rss(pid))
                    self._note("worker PSS", pss(pid))
                except (OSError, AssertionError):
                    continue  # it has ended

    def _note(self, name: str, value: float) -> None:
        self.peaks[name] = max(self.peaks[name], value)


def is_worker(command: str) -> bool:
    return "sparkjobserver._worker" in command or "fresh_job.py" in command


@dataclass(frozen=True)
class Run:
    """One result on its way.

    :param seconds: until the caller had the last byte
    :param again: the same for a caller who asks for the result afterwards
    """

    seconds: float
    again: float
    watch: Watch


def run(server: Server, context: str, name: str, size: int) -> Run:
    """Runs a job, and looks at its result."""
    client = Client(server.port)
    path = f"/jobs?appName=bench&classPath=benchjobs.{name}&context={context}"
    with Watch(server, context) as watch:
        begin = time.perf_counter()
        content = client.ask("POST", f"{path}&sync=true&timeout=300", f"size = {size}")
        seconds = time.perf_counter() - begin
        answer = json.loads(content)
        if "status" in answer:
            raise SystemExit(f"{name} in {context}: {content[:500]!r}")
        begin = time.perf_counter()
        alone = client.ask("GET", f"/jobs/{answer['jobId']}/result")
        again = time.perf_counter() - begin
    client.close()
    right: Any = {"NoOp": "done", "Rows": rows(size), "Large": "x" * size}[name]
    for told in (answer["result"], json.loads(alone)):
        if told != right:
            raise SystemExit(f"wrong: the result of {name} in {context}")
    return Run(seconds, again, watch)


def median(runs: list[Run], what: str) -> float:
    """Of all but the first, which finds nothing warm; of that one where there is no other."""
    return statistics.median(getattr(run, what) for run in runs[1:] or runs)


def report(kind: str, side: str, runs: list[Run]) -> str:
    seconds, again = median(runs, "seconds"), median(runs, "again")
    memory = ""
    for name in ("server", "driver"):
        peak = max(run.watch.peaks[name] for run in runs)
        grown = max(run.watch.grown(name) for run in runs)
        memory += f"{peak:8.0f} ({grown:+5.0f})"
    worker = [max(run.watch.peaks[f"worker {part}"] for run in runs) for part in ("RSS", "PSS")]
    return f"{kind:20}{side:14}{seconds:9.2f}{again:9.2f}{memory}{worker[0]:9.0f}{worker[1]:8.0f}"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    runs: dict[tuple[str, str], list[Run]] = {}
    with tempfile.TemporaryDirectory(prefix="results-") as name:
        folder = Path(name)
        with running(folder, CONF) as server:
            (bundle,) = (ROOT / "bench" / "fresh-interpreter" / "target").glob("*-SNAPSHOT.jar")
            shutil.copy(bundle, server.home / "plugins")
            server.upload("bench", egg(folder))
            settings = {**python_settings(), "bench": {"auto-convert": True}}
            body = json.dumps({"spark": {"context-settings": settings}})
            for side, factory in FACTORIES.items():
                until(
                    lambda factory=factory: factory in server.get("/context-factories").text,
                    60,
                    f"there is the factory {factory}",
                )
                server.context(side, body, **{"context-factory": factory})
                run(server, side, "NoOp", 0)
                run(server, side, "Rows", 100)
            for number in range(rounds + 1):
                for kind, job, size in KINDS:
                    for side in FACTORIES:
                        if side == "jobserver" or number == 0:
                            result = run(server, side, job, size)
                            runs.setdefault((kind, side), []).append(result)
    tell(runs, rounds)


def tell(runs: dict[tuple[str, str], list[Run]], rounds: int) -> None:
    print(f"Medians of {rounds} rounds after a first one, which is the only one of auto-convert;")
    print("RSS in MB at the most in all of them, and (how much more that is than before the job)")
    print(
        f"{'':20}{'side':14}{'seconds':>9}{'again':>9}{'server':>9}{'':7}{'driver':>8}{'':8}"
        f"{'worker':>8}{'PSS':>8}"
    )
    for kind, *_ in KINDS:
        for side in FACTORIES:
            print(report(kind, side, runs[kind, side]))
    missed = []
    for kind, *_ in KINDS:
        ours, theirs = (median(runs[kind, side], "seconds") for side in FACTORIES)
        print(f"{kind}: {theirs / ours:.1f} times as fast as auto-convert")
    for name in ("server", "driver"):
        grown = max(run.watch.grown(name) for run in runs["50 MB", "jobserver"])
        if grown > MOST_GROWTH:
            missed.append(f"50 MB add {grown:.0f} MB to the {name}, more than {MOST_GROWTH:.0f}")
    if missed:
        raise SystemExit("goal missed: " + "; ".join(missed))


main()
