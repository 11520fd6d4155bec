"""Latency of jobs: the server's workers, a plain PySpark process, and a fresh interpreter per job.

All three run the same classes from the same egg, on `local[2]`, in one interleaved run: one job of
each kind on each side, then the next round. The figures are of the caller: HTTP, store and all.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ["JOBSERVER_HOME"])
SPARK_HOME = Path(os.environ["SPARK_HOME"])
SETTINGS = ("spark.master=local[2]", "spark.ui.enabled=false", "spark.sql.shuffle.partitions=2")
WARM_UP = 150
"""Rounds before the first that counts: by then the JVMs have compiled what a job needs."""

JOBS = """
from sparkjobserver.api import SparkJob


class NoOp(SparkJob):
    def validate(self, context, runtime, config):
        return None

    def run_job(self, context, runtime, data):
        return "done"


class WordCount(SparkJob):
    def validate(self, context, runtime, config):
        return config.get("input.strings")

    def run_job(self, context, runtime, data):
        return context._sc.parallelize(data).countByValue()


class SelectOne(SparkJob):
    def validate(self, context, runtime, config):
        return None

    def run_job(self, context, runtime, data):
        return context.sql("select 1 as one").collect()[0][0]
"""

#: What is run: the name, the class, the configuration and the right result.
KINDS: list[tuple[str, str, dict[str, Any], Any]] = [
    ("NoOp", "benchjobs.NoOp", {}, "done"),
    ("select 1", "benchjobs.SelectOne", {}, 1),
    (
        "word count",
        "benchjobs.WordCount",
        {"input": {"strings": ["a", "b", "a", "b"]}},
        {"a": 2, "b": 2},
    ),
]

Side = Callable[[str, dict[str, Any]], tuple[float, Any]]


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(folder: Path, more: str = "") -> Iterator[int]:
    """A server of a benchmark's own, with the fresh interpreters as a plugin; gives its port."""
    home = folder / "home"
    shutil.copytree(HOME, home)
    (bundle,) = (ROOT / "bench" / "fresh-interpreter" / "target").glob("*-SNAPSHOT.jar")
    shutil.copy(bundle, home / "plugins")
    port = free_port()
    command = [str(home / "bin" / "jobserver")]
    data = ["--data", str(folder / "data")]
    conf = folder / "bench.conf"
    conf.write_text("spark.jobserver.driver { spares = 0, class-archive = false }\n" + more)
    start = ["start", "--port", str(port), *data, "--conf", str(conf)]
    subprocess.run([*command, *start], check=True, stdout=sys.stderr)
    try:
        yield port
    finally:
        subprocess.run([*command, "stop", *data], check=True, stdout=sys.stderr)


class Http:
    """Requests over one connection.

    :param headers: what each has
    """

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=180)
        self.headers = headers or {}

    def __call__(
        self, method: str, path: str, body: bytes = b"", kind: str = "text/plain"
    ) -> tuple[int, Any]:
        self.connection.request(method, path, body, {"Content-Type": kind, **self.headers})
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text)

    def close(self) -> None:
        self.connection.close()

    def must(self, method: str, path: str, body: bytes = b"", kind: str = "text/plain") -> None:
        status, answer = self(method, path, body, kind)
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {answer}")


def through_http(http: Http, context: str) -> Side:
    def run(class_path: str, config: dict[str, Any]) -> tuple[float, Any]:
        query = urllib.parse.urlencode(
            {
                "appName": "bench",
                "classPath": class_path,
                "context": context,
                "sync": "true",
                "timeout": "60",
            }
        )
        body = json.dumps(config).encode()
        begun = time.perf_counter()
        status, answer = http("POST", f"/jobs?{query}", body)
        took = time.perf_counter() - begun
        if status != 200 or "status" in answer:
            raise SystemExit(f"{class_path} in {context}: {status} {answer}")
        return took, answer["result"]

    return run


def python_settings() -> dict[str, Any]:
    """The settings of the contexts of all sides."""
    paths = [
        str(ROOT / "jobserver.context.python" / "python" / "src"),
        *(path for path in sys.path if path.endswith("site-packages")),
    ]
    common = dict(setting.split("=") for setting in SETTINGS)
    return {**common, "python": {"executable": sys.executable, "paths": paths}}


@contextlib.contextmanager
def plain(egg: Path) -> Iterator[Side]:
    conf = " ".join(f"--conf {setting}" for setting in SETTINGS)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bench" / "plain.py"), str(egg)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={
            **os.environ,
            "PYSPARK_SUBMIT_ARGS": f"{conf} pyspark-shell",
            "PYTHONPATH": str(ROOT / "jobserver.context.python" / "python" / "src"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        },
    )
    assert process.stdin and process.stdout
    try:
        if process.stdout.readline().strip() != "ready":
            raise SystemExit("the plain PySpark process did not start")

        def run(class_path: str, config: dict[str, Any]) -> tuple[float, Any]:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps([class_path, config]) + "\n")
            process.stdin.flush()
            took, result = json.loads(process.stdout.readline())
            return took, result

        yield run
    finally:
        process.stdin.close()
        process.wait(60)


def fsync(folder: Path) -> list[float]:
    """How long one takes here, with a small write before it, as commits do."""
    times = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(200):
            file.write(b"x" * 512)
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return times


def percentile(times: list[float], part: float) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[round(part * 100) - 1] * 1000


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    if jobs < 2:
        raise SystemExit("usage: bench/latency [JOBS]")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="latency-")))
        egg = folder / "benchjobs-1.0-py3.egg"
        with zipfile.ZipFile(egg, "w") as archive:
            archive.writestr("benchjobs/__init__.py", JOBS)
        syncs = fsync(folder)
        http = Http(stack.enter_context(server(folder)))
        http.must("POST", "/binaries/bench", egg.read_bytes(), "application/python-archive")
        body = json.dumps({"spark": {"context-settings": python_settings()}}).encode()
        http.must("POST", "/contexts/waiting", body)
        fresh = "context-factory=jobserver.bench.FreshInterpreterContextFactory"
        http.must("POST", f"/contexts/fresh?{fresh}", body)
        sides: dict[str, Side] = {
            "floor": stack.enter_context(plain(egg)),
            "jobserver": through_http(http, "waiting"),
            "fresh": through_http(http, "fresh"),
        }
        times = measure(sides, jobs)
        http.must("DELETE", "/contexts/waiting")
        http.must("DELETE", "/contexts/fresh")
    report(times, syncs, jobs)


def measure(sides: dict[str, Side], jobs: int) -> dict[tuple[str, str], list[float]]:
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(-WARM_UP, jobs):
        for kind, class_path, config, right in KINDS:
            for side, run in sides.items():
                if side == "fresh" and -WARM_UP <= number < -3:
                    continue  # each starts cold anyway
                took, result = run(class_path, config)
                if result != right:
                    raise SystemExit(f"wrong: {kind} on the side {side} gave {result!r}")
                if number >= 0:
                    times.setdefault((kind, side), []).append(took)
        if sys.stderr.isatty():
            print(f"\r{max(number + 1, 0)} of {jobs}", end="", file=sys.stderr, flush=True)
    return times


def report(times: dict[tuple[str, str], list[float]], syncs: list[float], jobs: int) -> None:
    print(f"fsync here: p50 {percentile(syncs, 0.5):.2f} ms, p95 {percentile(syncs, 0.95):.2f} ms")
    print(f"{jobs} jobs of each kind on each side, interleaved; milliseconds")
    print(f"{'':12}{'side':12}{'p50':>9}{'p95':>9}{'above floor':>13}{'fresh/this':>12}")
    for kind, *_ in KINDS:
        floor = percentile(times[kind, "floor"], 0.5)
        fresh = percentile(times[kind, "fresh"], 0.5)
        for side in ("floor", "jobserver", "fresh"):
            p50 = percentile(times[kind, side], 0.5)
            p95 = percentile(times[kind, side], 0.95)
            ratio = f"{fresh / p50:11.1f}x" if side == "jobserver" else ""
            above = "" if side == "floor" else f"{p50 - floor:13.1f}"
            print(f"{kind:12}{side:12}{p50:9.1f}{p95:9.1f}{above:13}{ratio}")


if __name__ == "__main__":
    main()
