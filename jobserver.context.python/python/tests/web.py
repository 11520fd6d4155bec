"""A server of a test on this machine, that answers as the test says."""

import contextlib
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer. With `cut` its length is told too large, and the connection closed."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: tuple = ()
    cut: bool = False
    hold: threading.Event | None = None
    drip: bytes = b""


COMMENT = b":\n\n"

#: The connection is closed without an answer.
NOTHING = None


def answer(value, status=200, **headers):
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Reply(status, json.dumps(value).encode(), headers=named)


def refusal(status, why, word="ERROR"):
    return answer({"status": word, "result": why}, status)


def text(body, status=200, **headers):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status, body.encode(), "text/plain", named)


def events(*blocks, cut=False, hold=None):
    """A stream of events, which ends or, with `cut`, breaks off."""
    body = "".join(block + "\n\n" for block in ("retry: 2000", *blocks))
    return Reply(200, body.encode(), "text/event-stream", cut=cut, hold=hold)


def dripping(first, last):
    """A stream of events with a hundred comments in five seconds between the first and the last."""
    return Reply(200, f"{first}\n\n".encode(), "text/event-stream", drip=f"{last}\n\n".encode())


def event(kind, at, data):
    value = data if isinstance(data, str) else json.dumps(data)
    lines = "".join(f"\ndata: {line}" for line in value.split("\n"))
    return f"event: {kind}\nid: {at}{lines}"


def report(status="RUNNING", **more):
    duration = "Job not done yet" if status in ("RUNNING", "STARTED") else "0.25 secs"
    return {
        "jobId": "j1",
        "startTime": "2026-01-31T23:59:59.000+01:00",
        "classPath": "words.Count",
        "context": "c",
        "contextId": "c1",
        "duration": duration,
        "status": status,
        **more,
    }


FAILURE = {
    "message": "division by zero",
    "errorClass": "builtins.ZeroDivisionError",
    "stack": "Traceback (most recent call last):\n  line\nZeroDivisionError: division by zero\n",
}


class Web:
    """Answers requests of a route in turn; the last answer of a route is given for good."""

    def __init__(self):
        self.received = []
        self._replies = {}
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                web.handle(self)

            do_POST = do_DELETE = do_GET  # noqa: N815 (the names of http.server)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def on(self, route, *replies):
        """What to answer to `GET /path`."""
        self._replies[route] = list(replies)
        return self

    def of(self, route):
        """The requests of a route."""
        return [one for one in self.received if f"{one.method} {one.path}" == route]

    def handle(self, handler):
        url = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length", 0))
        request = Received(
            handler.command,
            url.path,
            dict(parse_qsl(url.query)),
            dict(handler.headers),
            handler.rfile.read(length),
        )
        self.received.append(request)
        replies = self._replies.get(f"{request.method} {request.path}")
        if replies is None:
            replies = [refusal(404, f"no answer to {request.method} {request.path}")]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply is NOTHING:
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        handler.send_header("Content-Type", reply.kind)
        for name, value in reply.headers:
            handler.send_header(name, value)
        if reply.status != 204:
            length = len(reply.body)
            if reply.drip:
                length += 100 * len(COMMENT) + len(reply.drip)
            if reply.cut or reply.hold:
                length += 10
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(reply.body)
        handler.wfile.flush()
        if reply.drip:
            with contextlib.suppress(OSError):  # the client has left
                for _ in range(100):
                    handler.wfile.write(COMMENT)
                    time.sleep(0.05)
                handler.wfile.write(reply.drip)
        if reply.hold:
            reply.hold.wait(30)
        if reply.cut or reply.hold:
            handler.close_connection = True

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
