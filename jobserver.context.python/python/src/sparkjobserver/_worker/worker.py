"""The process that runs jobs: attaches to the driver's JVM, waits for a job, runs it, ends.

Where the context wants it, it waits for another job of the same binary in place of ending.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from sparkjobserver._worker import frames, jobs, results
from sparkjobserver._worker.attach import Attachment, attach
from sparkjobserver._worker.failures import failure_of
from sparkjobserver._worker.rehearsal import rehearse
from sparkjobserver._worker.slate import Slate

_PATIENCE = 1.0
"""Seconds that a worker is there at most after it has told the outcome of its last job."""


def serve(path: str, worker_id: int, port: int, token: str, mode: str) -> NoReturn:
    """Is the whole life of a worker.

    The process ends with 0 when it has told the outcome of its last job, or when the driver has
    closed the connection before there was one; else with 1.

    :param path: the driver's UNIX socket, relative to the working directory
    :param worker_id: the number that the driver has given this worker
    :param port: the port of the Py4J server that is there for this worker
    :param token: that server's secret, which also proves to the driver who is calling
    :param mode: as for `attach`
    """
    hello: dict[str, Any] = {"kind": "worker", "id": worker_id, "token": token, "pid": os.getpid()}
    try:
        attachment = attach(port, token, mode)
        frames_of(rehearse(attachment.named_objects))
        attachment.warm_up()
    except Exception as error:
        with frames.connect(path) as connection:
            frames.send_message(connection, {**hello, "error": failure_of(error).as_message()})
        os._exit(1)
    connection = frames.connect(path)
    frames.send_message(connection, {**hello, "tmp": attachment.temporary_folder})
    slate = Slate()
    while True:
        try:
            message = frames.receive_message(connection)
        except (EOFError, ConnectionError):
            os._exit(0)
        job = jobs.Job.from_message(message)
        stays = _run(job, attachment, connection, slate)
        if not stays:
            try:
                _see_taken(connection)
            finally:
                # Threads that the job has left may run on for ever, so nothing waits for them.
                os._exit(0)
        # By now the driver may have sent the next job, which waits until all this is done.
        slate.wipe()
        attachment.settle(job.tag)


def _see_taken(connection: socket.socket) -> None:
    """Waits until the driver has taken the outcome, which closes the connection then.

    To take apart a process of this size is a millisecond of a processor, which those who pass on
    the outcome would lack. What the job has left behind, threads and children, lives as long.
    """
    connection.settimeout(_PATIENCE)
    with contextlib.suppress(OSError):
        connection.recv(1)


def _run(job: jobs.Job, attachment: Attachment, connection: socket.socket, slate: Slate) -> bool:
    """Runs a job and tells its outcome.

    :return: whether the driver was told that this process waits for another job
    """
    sys.argv[1:] = []
    if job.request:
        os.environ["JOBSERVER_REQUEST_ID"] = job.request
    process = os.getpid()

    def validated() -> None:
        if os.getpid() == process:
            frames.send_message(connection, {"op": "validated"})

    try:
        redirect_output(job.log)
    except OSError as error:
        outcome: jobs.Outcome = jobs.Failed(failure_of(error))
    else:
        outcome = jobs.run(job, attachment, validated)
    if isinstance(outcome, jobs.Failed) and outcome.failure.stack:
        _print_last(outcome.failure.stack)
    _flush()
    if os.getpid() != process:  # the job forked, and this is its child, which has no say
        os._exit(0 if isinstance(outcome, jobs.Finished) else 1)
    stays = (
        job.may_stay
        and not isinstance(outcome, jobs.Failed)
        and slate.is_clean()
        and attachment.serves_again()
    )
    for frame in frames_of(outcome, stays):
        frames.send(connection, frame)
    return stays


def frames_of(outcome: jobs.Outcome, stays: bool = False) -> list[bytes]:
    """What the driver is told of an outcome.

    :param stays: whether this process then waits for another job
    """
    ended: dict[str, Any] = {"op": "ended", "stays": True} if stays else {"op": "ended"}
    if isinstance(outcome, jobs.Finished):
        return [_message({**ended, "outcome": "finished"}), outcome.result]
    if isinstance(outcome, jobs.Invalid):
        return [_message({**ended, "outcome": "invalid", "problems": outcome.problems})]
    if isinstance(outcome, jobs.NotFound):
        return [_message({**ended, "outcome": "not-found", "classPath": outcome.class_path})]
    failure = outcome.failure.as_message()
    return [_message({**ended, "outcome": "failed", "failure": failure})]


def _message(content: dict[str, Any]) -> bytes:
    return results.to_json(content)


def redirect_output(log: Path) -> None:
    """Sends standard output and error of this process, and of its children, to a file.

    The file is made with mode 0600, or appended to.
    """
    _flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _print_last(text: str) -> None:
    with contextlib.suppress(Exception):
        _flush()
        os.write(2, text.encode("utf-8", "backslashreplace"))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a job may have closed or replaced them
            stream.flush()
