"""What slow clients cost the others: readers of a large result, and requests that are half sent."""

from __future__ import annotations

import json
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from server import Server, running

from figures import Client, egg, live_heap, milliseconds, percentile

SIZE = 50 * 1024 * 1024
LOOKS = 300
NOOP = "/jobs?appName=bench&classPath=benchjobs.NoOp&context=c&sync=true&timeout=60"
ROUTES = (
    ("GET", "/healthz"),
    ("GET", "/binaries"),
    ("GET", "/contexts"),
    ("GET", "/jobs"),
    ("POST", NOOP),
)


def p99(server: Server) -> dict[str, float]:
    client = Client(server.port)
    found = {}
    for method, path in ROUTES:
        milliseconds(lambda m=method, p=path: client.ask(m, p), 30)
        taken = milliseconds(lambda m=method, p=path: client.ask(m, p), LOOKS)
        found[f"{method} {path.split('?')[0]}"] = percentile(taken, 99)
    client.close()
    return found


class SlowClients:
    """Readers that take a byte a second, and posts that never end."""

    def __init__(self, server: Server, job: str, count: int) -> None:
        self.sockets: list[socket.socket] = []
        self._stop = threading.Event()
        read = f"GET /jobs/{job} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        half = (
            b"POST /jobs?context=c HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"
        )
        for request in (read, half):
            for _ in range(count):
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", server.port))
                client.sendall(request)
                client.setblocking(False)
                self.sockets.append(client)
        self._readers = self.sockets[:count]
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while not self._stop.wait(1):
            for client in self._readers:
                try:
                    if client.recv(1) == b"":
                        print("a slow reader was cut off", file=sys.stderr)
                except BlockingIOError:
                    pass
                except OSError:
                    return

    def close(self) -> None:
        self._stop.set()
        for client in self.sockets:
            client.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory(prefix="slow-clients-") as name:
        folder = Path(name)
        with running(folder) as server:
            server.upload("bench", egg(folder))
            server.context("c", 'spark.context-settings { spark.master = "local[2]" }')
            answer = server.submit("bench", "benchjobs.Large", "c", f"size = {SIZE}")
            job = answer.json["jobId"]
            if len(server.ended(job, 120)["result"]) != SIZE:
                raise SystemExit("the large result is wrong")
            before, heap_before = p99(server), live_heap(server.pid)
            clients = SlowClients(server, job, count)
            time.sleep(5)
            after, heap_after = p99(server), live_heap(server.pid)
            clients.close()
            time.sleep(2)
            if json.loads(server.get("/healthz").text) != {"status": "SUCCESS"}:
                raise SystemExit("the server is not healthy afterwards")
    print(f"{'p99 in ms':14} {'alone':>8} {f'beside {2 * count} slow clients':>26} {'ratio':>6}")
    bad = False
    for route, alone in before.items():
        bad |= after[route] > max(2 * alone, 100)
        print(f"{route:14} {alone:8.1f} {after[route]:26.1f} {after[route] / alone:6.1f}")
    grown = heap_after - heap_before
    print(f"live heap, MB  {heap_before:8.1f} {heap_after:26.1f} {grown:+6.1f}")
    if bad or grown >= 64:
        raise SystemExit("goal missed: p99 at most max(2x, 100 ms), live heap less than 64 MB more")


main()
