"""How long it takes until a context is there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server import SPARK_HOME, Server, running, until

from figures import Client, egg, percentile

GOALS = {"spare": None, "archive": 1.1, "cold": 1.25}

SCRIPT = """
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("script").getOrCreate()
print("there", flush=True)
spark.stop()
"""

MASTER = 'spark.context-settings { spark.master = "local[2]" }'


class Side:
    """A server whose contexts start in one way.

    :param start: what the contexts say of their start
    """

    def __init__(self, server: Server, start: str) -> None:
        self.server = server
        self.start = start
        self.client = Client(server.port)
        server.upload("bench", egg(server.data.parent))

    def wait(self) -> None:
        """Until the context to come can start in this way."""
        if self.start == "spare":
            ready = self.server.data / "contexts"
            until(lambda: list(ready.glob("*/spare-ready")), 300, "there is a spare")

    def measure(self) -> float:
        """Seconds from the request to its answer. The context has to work."""
        begin = time.perf_counter()
        self.client.ask("POST", "/contexts/c", MASTER)
        taken = time.perf_counter() - begin
        report = self.server.get("/contexts/c").json
        if report["driverStart"] != self.start:
            raise SystemExit(f"This was no {self.start} start: {report}")
        job = "/jobs?appName=bench&classPath=benchjobs.NoOp&context=c&sync=true"
        answer = self.client.ask("POST", job)
        if b'"done"' not in answer:
            raise SystemExit(f"The job's result is wrong: {answer!r}")
        self.client.ask("DELETE", "/contexts/c")
        return taken


def spark_submit(folder: Path) -> Callable[[], float]:
    """Measures a script that only makes a session, from its start to that."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    submit = str(SPARK_HOME / "bin" / "spark-submit")
    options = ["--master", "local[2]", "--driver-memory", "1g", "--conf", "spark.ui.port=0"]

    def measure() -> float:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [submit, *options, str(script)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout
        for line in process.stdout:
            if line.strip() == "there":
                taken = time.perf_counter() - begin
                break
        else:
            raise SystemExit("spark-submit made no session")
        process.stdout.read()
        if process.wait() != 0:
            raise SystemExit("spark-submit failed")
        return taken

    return measure


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory(prefix="context-start-") as name:
        folder = Path(name)
        confs = {
            "spare": "spark.jobserver.driver { spares = 1, class-archive = true }\n",
            "archive": "spark.jobserver.driver { spares = 0, class-archive = true }\n",
            "cold": "spark.jobserver.driver { spares = 0, class-archive = false }\n",
        }
        for start in confs:
            (folder / start).mkdir()
        with (
            running(folder / "archive", confs["archive"]) as archived,
            running(folder / "cold", confs["cold"]) as cold,
        ):
            words = "drivers start with the class archive"
            until(lambda: words in archived.log(), 300, "there is an archive")
            with running(folder / "spare", confs["spare"]) as spared:
                sides = [Side(spared, "spare"), Side(archived, "archive"), Side(cold, "cold")]
                measure_all(sides, spark_submit(folder), rounds)


def measure_all(sides: list[Side], script: Callable[[], float], rounds: int) -> None:
    taken: dict[str, list[float]] = {side.start: [] for side in sides}
    taken["spark-submit"] = []
    for number in range(rounds + 1):
        seconds = {}
        for side in sides:
            for other in sides:
                other.wait()  # nothing is being made ready meanwhile
            seconds[side.start] = side.measure()
        for side in sides:
            side.wait()
        seconds["spark-submit"] = script()
        if number > 0:  # the first of each reads files that the others find in memory
            for start, value in seconds.items():
                taken[start].append(value)
    floor = percentile(taken["spark-submit"], 50)
    print(f"{'seconds':14}{'p50':>8}{'p95':>8}{'/ spark-submit':>16}  goal")
    for start, values in taken.items():
        goal = GOALS.get(start)
        p50 = percentile(values, 50)
        words = f"{goal}" if goal else "1 s" if start == "spare" else ""
        print(f"{start:14}{p50:8.2f}{percentile(values, 95):8.2f}{p50 / floor:16.2f}  {words}")


main()
