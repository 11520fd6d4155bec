"""What a report says of an exception."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from types import TracebackType

import sparkjobserver

_OUR_FOLDER = sparkjobserver.__file__.removesuffix("__init__.py")
_LONGEST = 256 * 1024
"""Characters of a message or a stack that are told; what is longer is cut."""

_OF_EXECUTORS = (
    "py4j.protocol.Py4JJavaError",
    "pyspark.errors.exceptions.captured.PythonException",
)
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'^  File "(?P<file>[^"\n]*)", line \d+, in .*\n(?:    .*\n)*', re.MULTILINE)
_OF_PYSPARK = re.compile(r"/pyspark(\.zip)?/|/sparkjobserver/")


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
    """What is told of an exception that a job has raised.

    Where a Python function of the author's has failed on an executor, that is what is told first.
    """
    message, stack = _message(error), _stack(error)
    function = _function_failure(error, message)
    if function is not None:
        message, trace = function
        stack = f"{trace}\n\nThis was in a Python function on an executor. It made fail:\n\n{stack}"
    return Failure(_printable(message), qualified_name(type(error)), _printable(stack))


def _function_failure(error: BaseException, message: str) -> tuple[str, str] | None:
    """The last lines and the author's traceback of what has failed in a Python function.

    Spark tells it within the text of its own exception: PySpark's frames first, then the author's,
    then the exception, and after an empty line Spark's own stack.
    """
    if qualified_name(type(error)) not in _OF_EXECUTORS or _TRACEBACK not in message:
        return None
    _, _, told = message.partition(f"{_TRACEBACK}\n")
    told = re.split(r"\n\s*\n\tat |\n\tat |\n\s*\Z", f"{told}\n", maxsplit=1)[0].rstrip()
    frames = list(_FRAME.finditer(told))
    last = frames[-1].end() if frames else 0
    authors = next((frame for frame in frames if not _OF_PYSPARK.search(frame["file"])), None)
    text = told[last:].strip("\n")
    if not text:
        return None
    shown = told[authors.start() :] if authors else text
    return text, f"{_TRACEBACK}\n{shown}" if authors else text


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
