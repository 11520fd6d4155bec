"""What it costs to find out who makes a request.

One server asks nobody, another knows its own user by the connection (`local`) and others by a
token. The sides take turns: requests over a connection that stays, NoOp jobs over the same, and
requests that open a connection each.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figures import egg
from latency import Http, percentile, python_settings, server

NOBODY = 'spark.jobserver.auth.ways = ["none"]\n'
JOB = "/jobs?appName=bench&classPath=benchjobs.NoOp&context=waiting&sync=true&timeout=60"
GOAL = 0.5
"""Milliseconds that a request over a connection that stays may take longer, at p50."""


class Side:
    """A caller of a server.

    :param port: the server's
    :param token: what the caller shows, or nothing
    """

    def __init__(self, port: int, token: str = "") -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = Http(port, self._headers)

    def look(self) -> None:
        self._must_be(self._http("GET", "/contexts"), ["waiting"])

    def job(self) -> None:
        status, answer = self._http("POST", JOB)
        self._must_be((status, answer.get("result")), "done")

    def come(self) -> None:
        fresh = Http(self._port, self._headers)
        self._must_be(fresh("GET", "/contexts"), ["waiting"])
        fresh.close()

    @staticmethod
    def _must_be(answer: tuple[int, object], right: object) -> None:
        if answer != (200, right):
            raise SystemExit(f"wrong: {answer}")


KINDS: dict[str, Callable[[Side], None]] = {
    "GET /contexts": Side.look,
    "NoOp": Side.job,
    "GET, connecting": Side.come,
}


def main() -> None:
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    if requests < 2:
        raise SystemExit("usage: bench/authentication [REQUESTS]")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="authentication-")))
        ports = {}
        for name, conf in (("none", NOBODY), ("asks", "")):
            (folder / name).mkdir()
            ports[name] = stack.enter_context(server(folder / name, conf))
            http = Http(ports[name])
            binary = egg(folder).read_bytes()
            http.must("POST", "/binaries/bench", binary, "application/python-archive")
            body = json.dumps({"spark": {"context-settings": python_settings()}}).encode()
            http.must("POST", "/contexts/waiting", body)
        token = (folder / "asks" / "data" / "auth" / "local-token").read_text().strip()
        sides = {
            "none": Side(ports["none"]),
            "local": Side(ports["asks"]),
            "token": Side(ports["asks"], token),
        }
        report(measure(sides, requests))


def measure(sides: dict[str, Side], requests: int) -> dict[tuple[str, str], list[float]]:
    """Seconds, by kind and side."""
    times: dict[tuple[str, str], list[float]] = {}
    order = list(sides.items())
    for number in range(-requests, requests):
        order.append(order.pop(0))  # who comes first finds the machine asleep
        for kind, ask in KINDS.items():
            for name, side in order:
                begun = time.perf_counter()
                ask(side)
                if number >= 0:
                    times.setdefault((kind, name), []).append(time.perf_counter() - begun)
    return times


def report(times: dict[tuple[str, str], list[float]]) -> None:
    print(f"{'':18}{'side':8}{'p50 ms':>9}{'p95 ms':>9}{'more':>8}{'/ none':>9}")
    for (kind, side), took in times.items():
        p50 = percentile(took, 0.5)
        none = percentile(times[kind, "none"], 0.5)
        more = f"{p50 - none:8.2f}{p50 / none:8.2f}x" if side != "none" else ""
        print(f"{kind:18}{side:8}{p50:9.2f}{percentile(took, 0.95):9.2f}{more}")
    print(f"goal: at most {GOAL} ms more over a connection that stays")


if __name__ == "__main__":
    main()
