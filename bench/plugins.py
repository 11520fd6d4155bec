"""Plugins that come, change and go, and bad ones: what others notice of it, and what is left."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bad_plugins import BAD
from plugin_cycles import Count, Cycles, Load, count
from plugin_jars import put
from server import Server, running, until

from figures import Client, percentile

CONF = "spark.jobserver.rest.change-plugins = true\n"
WARM_UP = 3
"""Cycles after which the JVM has loaded what such cycles need."""
MOST_METASPACE = 5.0
MOST_LOADERS = 1
"""Of the revision that was last there something may remember a class until another comes."""
MOST_THREADS, MOST_HANDLES = 20, 20
"""As many may be kept for requests to come, of threads and of connections."""
TIMES, LEAST = 2.0, 100.0
"""The p99 of others may be so many times what it is alone, or so many milliseconds."""
ALONE = 20.0
"""Seconds."""


class Looks:
    """How long others take to look at jobs, all the time until it is closed, in milliseconds."""

    def __init__(self, server: Server) -> None:
        self.taken: list[float] = []
        self._client = Client(server.port)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.01):
            begin = time.perf_counter()
            self._client.ask("GET", "/jobs?limit=5")  # what is no 200 fails the benchmark
            self.taken.append((time.perf_counter() - begin) * 1000)

    def close(self) -> float:
        """:return: the p99"""
        alive = self._thread.is_alive()
        self._over.set()
        self._thread.join()
        self._client.close()
        if not alive:
            raise SystemExit("a look at jobs was not answered")
        return percentile(self.taken, 99)


def main(cycles: int) -> None:
    with tempfile.TemporaryDirectory(prefix="plugins-") as name:
        folder = Path(name)
        with running(folder, CONF) as server:
            wrong = measured(server, folder, cycles)
    if wrong:
        raise SystemExit("\n".join(["not as it shall be:", *wrong]))


def measured(server: Server, folder: Path, cycles: int) -> list[str]:
    plugin = Cycles(server, folder)
    contexts = plugin.pinned()
    for _ in range(WARM_UP):
        plugin.one()
    load = Load(server, contexts)
    before = count(server.pid)
    alone = p99_of(server, lambda: time.sleep(ALONE))
    jobs, begun = load.jobs, time.monotonic()
    beside = p99_of(server, lambda: [plugin.one() for _ in range(cycles)])
    taken = time.monotonic() - begun
    ran = load.jobs - jobs
    bad = p99_of(server, lambda: bring_bad_ones(server))
    load.close()
    time.sleep(2)
    after = count(server.pid)

    print(f"{cycles} cycles of install, update, remove in {taken:.0f} s, beside {ran} jobs")
    print(f"failed jobs of others     {len(load.wrong):6d}")
    print(f"p99 of GET /jobs, alone   {alone:8.1f} ms")
    print(f"  beside the cycles       {beside:8.1f} ms, {beside / alone:.1f} times that")
    print(f"  beside {len(BAD)} bad plugins   {bad:8.1f} ms, {bad / alone:.1f} times that")
    for what, one, other in (
        ("class loaders of bundles", before.loaders, after.loaders),
        ("metaspace, MiB", before.metaspace, after.metaspace),
        ("threads", before.threads, after.threads),
        ("open files and sockets", before.handles, after.handles),
    ):
        print(f"{what:25s} {one:8.1f} -> {other:.1f}, {other - one:+.1f}")
    return wrong(load.wrong, max(TIMES * alone, LEAST), {"cycles": beside, "bad": bad}) + grown(
        before, after
    )


def p99_of(server: Server, work: Callable[[], object]) -> float:
    looks = Looks(server)
    try:
        work()
    finally:
        p99 = looks.close()
    return p99


def bring_bad_ones(server: Server) -> None:
    """Puts all of them into the folder at once, and takes them out when each has been told."""
    jars = {kind: make() for kind, (make, _, _) in BAD.items()}
    for kind, jar in jars.items():
        put(server, f"{kind}.jar", jar)
    for kind, (_, name, words) in BAD.items():

        def told(name: str = name, words: str = words) -> bool:
            answer = server.get(f"/plugins/{name}")
            return answer.status == 200 and words in "\n".join(answer.json.get("problems", []))

        until(told, 180, f"{kind} is told")
    for file in (server.home / "plugins").glob("*.jar"):
        file.unlink()
    until(lambda: server.get("/plugins").json == [], 20, "all are gone")


def wrong(jobs: list[str], most: float, p99s: dict[str, float]) -> list[str]:
    slow = [f"p99 beside {what}: {p99:.1f} ms" for what, p99 in p99s.items() if p99 > most]
    return jobs[:5] + slow


def grown(before: Count, after: Count) -> list[str]:
    return [
        f"{what} have grown by {growth}"
        for what, growth, most in (
            ("class loaders", after.loaders - before.loaders, MOST_LOADERS),
            ("MiB of metaspace", after.metaspace - before.metaspace, MOST_METASPACE),
            ("threads", after.threads - before.threads, MOST_THREADS),
            ("handles", after.handles - before.handles, MOST_HANDLES),
        )
        if growth > most
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
