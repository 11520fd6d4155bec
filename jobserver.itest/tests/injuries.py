"""Faults that tests and `bench/faults` put a server through."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import random
import signal
import socket
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from server import Server

JOB = "example_jobs.word_count.WordCountSparkJob"
SLOW = "example_jobs.slow_job.SlowJob"


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


@dataclass
class Killings:
    """What has become of jobs some of whose workers were killed.

    :param jobs: how many there were
    :param finished: how many of them ended with the right result
    :param failed: how many ended with an ERROR that names the kill
    :param busy: how many workers had a job when they were killed
    :param idle: how many had none
    :param wrong: what is not as it should be, in words
    """

    jobs: int = 0
    finished: int = 0
    failed: int = 0
    busy: int = 0
    idle: int = 0
    wrong: list[str] = field(default_factory=list)


def killed_workers(server: Server, context: str, kills: int, seed: int) -> Killings:
    """Kills workers of a context at random, while four clients have it run jobs.

    Each job must end as FINISHED with its own result, or as ERROR because of a kill that can have
    been meant for it: at most one ERROR for each worker that had just been killed.
    """
    dice = random.Random(seed)
    zygote, *_ = server.workers(context)
    found = Killings()
    outcomes: dict[str, str] = {}
    victims: set[str] = set()
    over = threading.Event()
    lock = threading.Lock()

    def run(job: str, word: str, config: str) -> None:
        answer = server.submit("example_jobs", job, context, config, sync="true", timeout="100")
        told = answer.json
        with lock:
            if answer.status == 200 and "status" not in told:
                outcomes[told["jobId"]] = "FINISHED"
                result = told["result"]
                if not (result == {word: 1} if job == JOB else 0 <= result < 100):
                    found.wrong.append(f"{job} with {config} gave {result}")
            elif answer.status == 200 and "signal 9" in told["result"]["message"]:
                outcomes[told["jobId"]] = "ERROR"
            else:
                found.wrong.append(f"{job} with {config}: {answer.status} {answer.text[:500]}")

    def client(number: int) -> None:
        own = random.Random(f"{seed}-{number}")
        for count in itertools.count():
            if over.is_set():
                return
            word = f"{number}-{count}"
            job, config = own.choice(
                [
                    (JOB, f'input.strings = ["{word}"]'),
                    (SLOW, f"sleep.seconds = {own.uniform(0, 0.2):.2f}"),
                ]
            )
            with lock:
                found.jobs += 1
            try:
                run(job, word, config)
            except Exception as error:
                found.wrong.append(f"{job} with {config}: {error!r}")

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in clients:
        thread.start()
    while found.busy + found.idle < kills and not found.wrong:
        time.sleep(dice.uniform(0.02, 0.2))
        victim = dice.choice(children(zygote) or [0])
        try:
            printed_to = Path(os.readlink(f"/proc/{victim}/fd/1"))
            os.kill(victim, signal.SIGKILL)
        except OSError:
            continue  # there was none, or it has just ended
        if printed_to.parent.name == "jobs":
            victims.add(printed_to.stem)
            found.busy += 1
        else:
            found.idle += 1
    over.set()
    for thread in clients:
        thread.join()
    check(server, outcomes, victims, found)
    return found


def check(server: Server, outcomes: dict[str, str], victims: set[str], found: Killings) -> None:
    """Compares what callers were told with what is on record, and with what was killed."""
    found.finished = sum(outcome == "FINISHED" for outcome in outcomes.values())
    found.failed = len(outcomes) - found.finished
    listed = server.get("/jobs?limit=100000").json
    states = {job["jobId"]: job["status"] for job in listed}
    found.wrong += [
        f"{job} was told as {outcome} and is on record as {states.get(job)}"
        for job, outcome in outcomes.items()
        if states.get(job) != outcome
    ]
    unwarranted = {job for job, outcome in outcomes.items() if outcome == "ERROR"} - victims
    if len(unwarranted) > found.idle:  # an idle worker may have got its job just then
        found.wrong.append(f"nothing of these was killed: {sorted(unwarranted)}")
    found.wrong += [f"{job} is {state}" for job, state in states.items() if state == "RUNNING"]


def children(pid: int) -> list[int]:
    """The process ids of a process' children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
