"""What the server tells of itself, as records. Each keeps the JSON that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FINAL = frozenset({"FINISHED", "ERROR", "KILLED"})
"""The states in which a job has ended."""


@dataclass(frozen=True)
class Binary:
    """An upload. `kind` is `Egg` or `Wheel`."""

    name: str
    kind: str
    uploaded: datetime

    @staticmethod
    def of(told: Mapping[str, Any], name: str | None = None) -> Binary:
        """A binary out of its report, which has no name where it stands in a list."""
        return Binary(
            told["app-name"] if name is None else name,
            told["binary-type"],
            _time(told["upload-time"]),
        )


@dataclass(frozen=True)
class Context:
    """A context: STARTED, RUNNING, STOPPING, FINISHED, ERROR or KILLED.

    `ended` is None while it has not. `application_id` and `url` are Spark's, while it can be
    reached; `failure` says why the context is ERROR or KILLED.
    """

    id: str
    name: str
    state: str
    started: datetime
    ended: datetime | None
    application_id: str | None
    url: str | None
    failure: str | None
    json: Mapping[str, Any] = field(repr=False, compare=False)

    @staticmethod
    def of(told: Mapping[str, Any]) -> Context:
        """A context out of its report."""
        return Context(
            told["id"],
            told["name"],
            told["state"],
            _time(told["startTime"]),
            None if told["endTime"] == "Empty" else _time(told["endTime"]),
            told.get("applicationId"),
            told.get("url"),
            told.get("failure"),
            told,
        )


@dataclass(frozen=True)
class ContextFactory:
    """What can make contexts, and the bundle that brings it."""

    name: str
    bundle: str
    version: str

    @staticmethod
    def of(told: Mapping[str, Any]) -> ContextFactory:
        """A factory out of its report."""
        return ContextFactory(told["name"], told["bundle"], told["version"])


@dataclass(frozen=True)
class Failure:
    """The exception that made a job fail. `stack` is its traceback, empty where there is none."""

    message: str
    error_class: str
    stack: str

    @staticmethod
    def of(told: Mapping[str, Any]) -> Failure:
        """A failure out of its report."""
        return Failure(
            told.get("message") or "", told.get("errorClass") or "", told.get("stack") or ""
        )


@dataclass(frozen=True)
class Progress:
    """How far a job is with what it has asked Spark to do so far; it may ask for more."""

    stages: int
    completed_stages: int
    tasks: int
    completed_tasks: int
    active_tasks: int
    failed_tasks: int

    @staticmethod
    def of(told: Mapping[str, Any]) -> Progress:
        """Progress out of its report."""
        return Progress(
            told["stages"],
            told["completedStages"],
            told["tasks"],
            told["completedTasks"],
            told["activeTasks"],
            told["failedTasks"],
        )


@dataclass(frozen=True)
class Job:
    """A run: STARTED, RUNNING, FINISHED, ERROR or KILLED.

    `seconds` is how long it took, None while it runs. `result` is there where the job is FINISHED
    and was asked for alone, `failure` where it is ERROR or KILLED, `progress` while it runs and has
    asked Spark for something.
    """

    id: str
    class_path: str
    context: str
    context_id: str
    status: str
    started: datetime
    seconds: float | None
    result: Any
    failure: Failure | None
    progress: Progress | None
    json: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def has_ended(self) -> bool:
        """Whether the job is in a state that never changes."""
        return self.status in FINAL

    @staticmethod
    def of(told: Mapping[str, Any]) -> Job:
        """A job out of its report."""
        failed = told["status"] in ("ERROR", "KILLED") and "result" in told
        return Job(
            told["jobId"],
            told["classPath"],
            told["context"],
            told["contextId"],
            told["status"],
            _time(told["startTime"]),
            _seconds(told["duration"]),
            None if failed else told.get("result"),
            Failure.of(told["result"]) if failed else None,
            Progress.of(told["progress"]) if "progress" in told else None,
            told,
        )


@dataclass(frozen=True)
class LogPart:
    """Some of what a job has written; the next part begins at byte `next_offset` of its log."""

    data: bytes
    next_offset: int


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


def _seconds(duration: str) -> float | None:
    """What is before the unit in `0.25 secs`; a job that runs has words there."""
    return float(duration.split(maxsplit=1)[0]) if duration.endswith(" secs") else None
