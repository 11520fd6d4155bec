"""Running a job to its end: what `sjs submit` and `sjs jobs wait` have in common."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable

from sparkjobserver.client.client import Client
from sparkjobserver.client.errors import ClientError, JobserverError
from sparkjobserver.client.events import StateEvent
from sparkjobserver.client.reports import Failure, Job
from sparkjobserver.client.terminal import Terminal


class Exit(enum.IntEnum):
    """How a command has ended, as the shell sees it."""

    FINISHED = 0
    ERROR = 1
    USAGE = 2
    KILLED = 3
    INVALID = 4
    REFUSED = 5
    TIME_OVER = 124
    INTERRUPTED = 130


class Run:
    """A job that a command follows.

    :param log: whether to show what it writes
    :param whole_report: whether to write the whole report in place of the result
    :param detach: whether an interrupt leaves the job running
    :param timeout: for how many seconds to follow it; None for as long as it takes
    """

    def __init__(
        self,
        client: Client,
        terminal: Terminal,
        *,
        log: bool,
        whole_report: bool,
        detach: bool,
        timeout: float | None,
    ) -> None:
        self._client = client
        self._terminal = terminal
        self._log = log
        self._whole_report = whole_report
        self._detach = detach
        self._timeout = timeout
        self._started = time.monotonic()

    def started(self, submit: Callable[[float | None], Job]) -> Job:
        """Submits a job; on an interrupt, cancels it.

        :param submit: submits it within so many seconds. Called twice it makes one job.
        :raises KeyboardInterrupt: when the job was not started, or is cancelled
        """
        try:
            return submit(self._timeout)
        except KeyboardInterrupt:
            if not self._detach:
                self._terminal.say("cancelling as soon as the server says which job it is")
                self._cancel(submit(None).id)
            raise

    def followed(self, job_id: str, first: str = "") -> Exit:
        """Shows what happens to a job until its end, then its outcome.

        :param first: what to say before all else
        :raises KeyboardInterrupt: when it was interrupted, and the job is cancelled or detached
        """
        try:
            if first:
                self._terminal.say(first)
            ended = self._end(job_id)
        except KeyboardInterrupt:
            self._terminal.end_bar()
            if self._detach:
                self._terminal.say(f"job {job_id} goes on; to see more: sjs jobs wait {job_id}")
            else:
                self._cancel(job_id)
            raise
        return self._outcome(ended)

    def _end(self, job_id: str) -> Job:
        left = self._timeout
        if left is not None:
            left = max(0.0, left - (time.monotonic() - self._started))
        try:
            for event in self._client.follow(job_id, timeout=left):
                self._terminal.event(event, log=self._log)
                if isinstance(event, StateEvent) and event.job.has_ended:
                    return event.job
        finally:
            self._terminal.end_bar()
        return self._client.job(job_id)

    def _outcome(self, job: Job) -> Exit:
        if self._whole_report:
            self._terminal.raw(self._client.get(f"/jobs/{job.id}").content)
            self._terminal.raw(b"\n")
        if job.status == "FINISHED":
            if not self._whole_report:
                self._client.write_result(job.id, self._terminal.out)
                self._terminal.raw(b"\n")
            return Exit.FINISHED
        if job.status == "KILLED":
            self._terminal.error(f"sjs: job {job.id} was killed")
            return Exit.KILLED
        why = failure_text(job.failure)
        if not self._terminal.log_ended_with(why):  # as it mostly does
            self._terminal.error(why)
        self._terminal.error(f"sjs: job {job.id} has failed")
        return Exit.ERROR

    def _cancel(self, job_id: str) -> None:
        try:
            self._terminal.say(f"cancelling job {job_id}; interrupt again to leave it running")
            self._terminal.say(f"job {job_id} is {self._client.cancel(job_id)}")
        except KeyboardInterrupt:
            self._terminal.say(f"whether job {job_id} is cancelled is not known")
        except JobserverError as error:
            if error.status == 404:
                self._terminal.say(f"job {job_id} had ended: {self._client.job(job_id).status}")
            else:
                self._terminal.error(f"sjs: {error}")
        except ClientError as error:
            self._terminal.error(f"sjs: job {job_id} may go on: {error}")


def failure_text(failure: Failure | None) -> str:
    """The traceback of a failure, or what there is in its place."""
    if failure is None:
        return "It is not known why."
    if failure.stack:
        return failure.stack
    return f"{failure.error_class}: {failure.message}" if failure.error_class else failure.message
