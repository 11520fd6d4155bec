"""What happens to a job, as it happens.

The server sends events (WHATWG HTML, 9.2) for as long as the job runs. Where the stream breaks off,
it is taken up where it was; where there is none to be had, the job is asked for again and again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sparkjobserver.client.connection import Connection, Repeat, json_of, pauses, segment
from sparkjobserver.client.errors import JobserverError, UnreachableError, WaitTimeoutError
from sparkjobserver.client.reports import Job, LogPart, Progress

SILENCE_SECONDS = 20.0
"""The server lets hear of itself every five seconds."""

POLL_SECONDS = 2


@dataclass(frozen=True)
class StateEvent:
    """The state of a job: once at the beginning, once at the end. The job comes without result."""

    id: str
    job: Job


@dataclass(frozen=True)
class ProgressEvent:
    """How far a job has come."""

    id: str
    progress: Progress


@dataclass(frozen=True)
class LogEvent:
    """Lines that a job has written, each with its end."""

    id: str
    text: str


Event = StateEvent | ProgressEvent | LogEvent


class Deadline:
    """The end of a wait.

    :param seconds: from now on; None for a wait without end
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self, most: float) -> float:
        """How many seconds are left, and no more than so many.

        :raises WaitTimeoutError: when none is
        """
        if self._end is None:
            return most
        left = self._end - time.monotonic()
        if left <= 0:
            raise WaitTimeoutError("The time is over; the job goes on")
        return min(left, most)


class EventParser:
    """Takes a stream of events apart, piece by piece, for a limit of time counts in silence too."""

    def __init__(self) -> None:
        self._rest = ""
        self._fields: dict[str, str] = {}
        self._data: list[str] = []

    def feed(self, piece: str) -> Iterator[dict[str, str]]:
        """The events that end in this piece: their `event`, `id` and `data`."""
        text = self._rest + piece
        # A piece may end between the two characters of a line's end.
        held = text[-1:] if text.endswith("\r") else ""
        *lines, self._rest = (
            text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        )
        self._rest += held
        for line in lines:
            if line:
                self._take(line)
            else:
                told = {**self._fields, "data": "\n".join(self._data)}
                is_event = bool(self._data)
                self._fields, self._data = {}, []
                if is_event:
                    yield told

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name:
            self._fields[name] = value


class Follower:
    """Follows one job.

    :param after: the id of the last event that is known; None to begin at the beginning
    """

    def __init__(
        self, connection: Connection, job_id: str, after: str | None, deadline: Deadline
    ) -> None:
        self._connection = connection
        self._path = f"/jobs/{segment(job_id)}"
        self._after = after
        self._deadline = deadline
        self._has_ended = False
        self._heard = False
        self._was_there = False

    def events(self) -> Iterator[Event]:
        """The events until the end of the job, which is the last.

        :raises JobserverError: where there is no such job
        :raises UnreachableError: where the server was never there, or has been away for too long
        :raises WaitTimeoutError: at the deadline
        """
        waits = pauses(self._connection.patience)
        while True:
            broken: UnreachableError | None = None
            try:
                yield from self._round()
            except UnreachableError as error:
                broken = error
            if self._has_ended:
                return
            self._deadline.left(0)
            if self._heard:
                waits = pauses(self._connection.patience)
            self._heard = False
            pause = next(waits, None)
            if broken is not None and (
                pause is None or not (self._was_there or broken.may_come_back)
            ):
                raise broken
            self._connection.sleep(self._deadline.left(POLL_SECONDS if pause is None else pause))

    def _round(self) -> Iterator[Event]:
        """What can be heard until the stream ends, however it does."""
        try:
            yield from self._stream()
        except JobserverError as error:
            if error.status != 503 and not (self._was_there and error.may_pass):
                raise
            yield from self._poll()

    def _stream(self) -> Iterator[Event]:
        headers = {"Accept": "text/event-stream"}
        if self._after is not None:
            headers["Last-Event-ID"] = self._after
        silence = self._deadline.left(SILENCE_SECONDS)
        with self._connection.stream(
            "GET", self._path + "/events", headers=headers, timeout=silence
        ) as response:
            self._heard = self._was_there = True
            if response.status_code == 204:
                self._has_ended = True
                return
            if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise JobserverError(503, "ERROR", "Something in between does not pass events on")
            parser = EventParser()
            for piece in response.iter_text():
                for told in parser.feed(piece):
                    yield from self._event(told)
                if not self._has_ended:
                    self._deadline.left(0)

    def _event(self, told: dict[str, str]) -> Iterator[Event]:
        at = told.get("id", self._after or "")
        self._after = at
        kind, data = told.get("event"), told["data"]
        if kind == "state":
            job = Job.of(json.loads(data))
            self._has_ended = job.has_ended
            yield StateEvent(at, job)
        elif kind == "progress":
            yield ProgressEvent(at, Progress.of(json.loads(data)))
        elif kind == "log":
            yield LogEvent(at, data + "\n")

    def _poll(self) -> Iterator[Event]:
        """One look at the job, for where events cannot be had."""
        seconds = int(self._deadline.left(POLL_SECONDS))
        answer = self._connection.request(
            "GET", self._path, params={"wait": str(seconds)}, repeat=Repeat.ALWAYS
        )
        self._heard = self._was_there = True
        job = Job.of(json_of(answer))
        part = log_part(self._connection, self._path, {"offset": str(_offset(self._after))})
        if not job.has_ended:
            part = _whole_lines(part)
        at = f"RUNNING-{part.next_offset}"
        if self._after is None and not job.has_ended:
            yield StateEvent(at, job)
        self._after = at
        if part.data:
            yield LogEvent(at, part.data.decode(errors="replace").removesuffix("\n") + "\n")
        if job.has_ended:
            self._has_ended = True
            yield StateEvent(f"{job.status}-{part.next_offset}", job)
        elif job.progress is not None:
            yield ProgressEvent(at, job.progress)


def log_part(connection: Connection, path: str, params: dict[str, str]) -> LogPart:
    """A part of the log of the job at this path."""
    answer = connection.request("GET", path + "/log", params=params, repeat=Repeat.BROKEN)
    return LogPart(answer.content, int(answer.headers["Log-Next-Offset"]))


def after_log(offset: int) -> str:
    """The id of an event after which the log goes on at this byte."""
    return f"RUNNING-{offset}"


def _offset(event_id: str | None) -> int:
    """Up to which byte of the log an event has come."""
    digits = (event_id or "").rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def _whole_lines(part: LogPart) -> LogPart:
    """A part without its last line, where that may go on."""
    length = part.data.rfind(b"\n") + 1
    return LogPart(part.data[:length], part.next_offset - (len(part.data) - length))
