"""What a report says of an exception."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from types import TracebackType

import sparkjobserver

_OUR_FOLDER = sparkjobserver.__file__.removesuffix("__init__.py")
_LONGEST = 256 * 1024
"""Characters of a message or a stack that are told; what is longer is cut."""


@dataclass(frozen=True)
class Failure:
    """Why a job failed.

    :param message: the exception's own text; may be empty
    :param error_class: the qualified Python name of its class; may be empty
    :param stack: the traceback with its line breaks, without the frames of this package
    """

    message: str
    error_class: str = ""
    stack: str = ""

    def as_message(self) -> dict[str, str]:
        """The failure as the driver is told it."""
        return {"message": self.message, "errorClass": self.error_class, "stack": self.stack}


def failure_of(error: BaseException) -> Failure:
    """What is told of an exception that a job has raised."""
    return Failure(
        _printable(_message(error)),
        qualified_name(type(error)),
        _printable(_stack(error)),
    )


def qualified_name(kind: type) -> str:
    """The name of a class with its module, as a traceback has it: without `builtins`."""
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"The job called sys.exit({'' if error.code is None else repr(error.code)})"
    if isinstance(error, KeyboardInterrupt):
        return "The job was interrupted (KeyboardInterrupt)"
    try:
        return str(error)
    except Exception as second:
        return f"{qualified_name(type(error))} (its text cannot be told: {type(second).__name__})"


def _stack(error: BaseException) -> str:
    try:
        lines = traceback.format_exception(type(error), error, _authors_part(error.__traceback__))
    except Exception as second:
        return f"(the traceback cannot be told: {type(second).__name__})"
    return "".join(lines)


def _authors_part(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame on that is neither ours nor the import system's."""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        name = trace.tb_frame.f_globals.get("__name__", "")
        if not (
            file.startswith((_OUR_FOLDER, "<frozen importlib"))
            or name == "importlib"
            or name.startswith("importlib.")
        ):
            return trace
        trace = trace.tb_next
    return None


def _printable(text: str) -> str:
    """The text, cut to what a report can bear, and without characters that UTF-8 cannot tell."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n... ({len(text) - _LONGEST} more characters)"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
