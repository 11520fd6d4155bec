"""Faults that tests and `bench/faults` put a server through."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import time
import urllib.parse
from collections import Counter

from server import Server

JOB = "example_jobs.word_count.WordCountSparkJob"


def post(path: str, body: str, headers: dict[str, str]) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body.encode())}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def repeated_submissions(server: Server, context: str, rounds: int, seed: int) -> Counter[str]:
    """Submits jobs whose answers are lost in crashes of the server, and repeats them.

    :returns: how many jobs there are for each request
    """
    dice = random.Random(seed)
    query = urllib.parse.urlencode(
        {"appName": "example_jobs", "classPath": JOB, "context": context}
    )
    keys = [f"key-{seed}-{number}" for number in range(rounds)]
    for key in keys:
        body = f'input.strings = ["{key}"]'
        headers = {"Idempotency-Key": key}
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as lost:
            lost.sendall(post(f"/jobs?{query}", body, headers))
            time.sleep(dice.uniform(0, 0.06))
        server.kill()
        server.start()
        until_accepted(server, f"/jobs?{query}", body, headers)
    return jobs_by_request(server, set(keys))


def until_accepted(server: Server, path: str, body: str, headers: dict[str, str]) -> None:
    """Repeats a request for as long as the server says that it cannot take it yet."""
    end = time.monotonic() + 120
    status = 0
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            status = answer.status
            text = answer.read().decode()
        if status == 202:
            return
        assert status == 503, (status, text)
        time.sleep(0.1)
    raise AssertionError(f"not accepted within two minutes: {status}")


def jobs_by_request(server: Server, keys: set[str]) -> Counter[str]:
    """How many jobs there are for each key, which the jobs' configurations tell."""
    found: Counter[str] = Counter({key: 0 for key in keys})
    for job in server.get("/jobs?limit=10000").json:
        config = server.get(f"/jobs/{job['jobId']}/config").json
        (word,) = config.get("input", {}).get("strings", [""])
        if word in keys:
            found[word] += 1
    return found


def aborted_uploads(server: Server, content: bytes, count: int, seed: int) -> None:
    """Breaks off uploads at random bytes."""
    dice = random.Random(seed)
    headers = {"Content-Type": "application/python-egg"}
    for number in range(count):
        request = post(f"/binaries/aborted-{number}", "", headers).replace(
            b"Content-Length: 0", b"Content-Length: %d" % len(content)
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as broken:
            broken.sendall(
                (request + content)[: dice.randrange(len(request), len(request) + len(content))]
            )
