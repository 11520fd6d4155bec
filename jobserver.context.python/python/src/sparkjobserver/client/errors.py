"""What can go wrong between a client and the server."""

from __future__ import annotations

import json
from typing import Any


class ClientError(Exception):
    """What a client asked for was not done, or nobody knows whether it was."""


class UnreachableError(ClientError):
    """The server did not answer: nobody listens there, or the connection broke off.

    `may_come_back` says that something was there.
    """

    def __init__(self, message: str, *, may_come_back: bool) -> None:
        super().__init__(message)
        self.may_come_back = may_come_back


class WaitTimeoutError(ClientError):
    """The time for waiting is over; the job goes on."""


class JobserverError(ClientError):
    """The server answered that it cannot or will not.

    `status` is the HTTP status, `word` what failed in the server's words (`NO SLOTS AVAILABLE`, or
    `ERROR` where it has none), `message` why. `error_class` and `stack` are those of the exception
    behind it, empty where there is none.
    """

    may_pass = False
    """Whether a server that is just being started, or what stands before one, answers so."""

    def __init__(
        self, status: int, word: str, message: str, error_class: str = "", stack: str = ""
    ) -> None:
        super().__init__(message if word == "ERROR" else f"{word}: {message}")
        self.status = status
        self.word = word
        self.message = message
        self.error_class = error_class
        self.stack = stack

    @staticmethod
    def of(status: int, text: str) -> JobserverError:
        """The error that an answer tells, as JSON or as plain text."""
        try:
            told: Any = json.loads(text)
        except ValueError:
            told = None
        if not isinstance(told, dict) or "result" not in told:
            error = JobserverError(status, "ERROR", text.strip() or f"HTTP status {status}")
            error.may_pass = status in (404, 502, 503, 504)
            return error
        word, result = str(told.get("status", "ERROR")), told["result"]
        if not isinstance(result, dict):
            error = JobserverError(status, word, str(result))
            error.may_pass = status == 503
            return error
        kind = ValidationError if word == "VALIDATION FAILED" else JobserverError
        return kind(
            status,
            word,
            str(result.get("message") or ""),
            str(result.get("errorClass") or ""),
            str(result.get("stack") or ""),
        )

    @property
    def is_timeout(self) -> bool:
        """Whether the time for the answer was over, while what was asked for goes on."""
        return self.status == 500 and (
            self.error_class.endswith(".TimeoutException")
            or self.message.startswith("Request timed out")
        )


class ValidationError(JobserverError):
    """The job refuses its input. It is on record as ERROR."""

    @property
    def problems(self) -> list[str]:
        """The texts of the job's reasons."""
        return self.message.splitlines()
