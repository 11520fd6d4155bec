"""Where a command writes: what it was asked for here, what it has to say there."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, BinaryIO, TextIO

from sparkjobserver.client.events import Event, LogEvent, ProgressEvent
from sparkjobserver.client.reports import Progress

BAR_CELLS = 24
ERASE_LINE = "\r\x1b[K"
_LOG_END = 256 * 1024
"""How many characters of the end of a log are remembered."""


class Terminal:
    """The standard streams of a command.

    Colours are not used. The bar is drawn only where somebody sees it.

    :param out: for data, so that other programs can read it
    :param err: for messages, for the log of a job, and for the bar
    :param quiet: whether to keep back all of the second kind but errors
    """

    def __init__(self, out: BinaryIO, err: TextIO, *, quiet: bool = False) -> None:
        self.out = out
        self._err = err
        self._quiet = quiet
        self._log_end = ""
        self._has_bar = err.isatty() and os.environ.get("TERM") != "dumb" and not quiet
        self._bar = ""

    # Data

    def data(self, text: str) -> None:
        """Writes lines that were asked for."""
        self.raw((text if text.endswith("\n") else text + "\n").encode())

    def raw(self, data: bytes) -> None:
        """Writes bytes that were asked for, as they are."""
        self.out.write(data)
        self.out.flush()

    def json(self, value: Any) -> None:
        """Writes a value as JSON."""
        self.data(json.dumps(value, ensure_ascii=False))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Writes rows below the names of their columns; where there are none, only says so."""
        if not rows:
            self.say("none")
            return
        lines = [columns, *([plain(cell) for cell in row] for row in rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.data("  ".join(cells).rstrip())

    def pairs(self, rows: Sequence[tuple[str, str | None]]) -> None:
        """Writes names and values, without those that have none."""
        there = [(name, value) for name, value in rows if value]
        width = max(len(name) for name, _ in there)
        for name, value in there:
            # Of several lines none looks like another value.
            lines = [plain(line) for line in value.splitlines()]
            self.data(f"{name.ljust(width)}  " + f"\n{'':{width}}  ".join(lines))

    # Messages

    def say(self, text: str) -> None:
        """Tells what the command does."""
        if not self._quiet:
            self._write(f"sjs: {text}\n")

    def error(self, text: str) -> None:
        """Tells what went wrong."""
        self._write(text if text.endswith("\n") else text + "\n")

    def event(self, event: Event, *, log: bool) -> None:
        """Shows what happens to a job.

        :param log: whether to show what it writes
        """
        if isinstance(event, LogEvent) and log and not self._quiet:
            self._write(event.text)
            self._log_end = (self._log_end + event.text)[-_LOG_END:]
        elif isinstance(event, ProgressEvent) and self._has_bar:
            self._bar = bar(event.progress, _width(self._err))
            self._err.write(ERASE_LINE + self._bar)
            self._err.flush()

    def log_ended_with(self, text: str) -> bool:
        """Whether the last lines that were shown of a log are these."""
        return self._log_end.rstrip().endswith(text.rstrip())

    def end_bar(self) -> None:
        """Takes the bar away."""
        if self._bar:
            self._bar = ""
            self._err.write(ERASE_LINE)
            self._err.flush()

    def _write(self, text: str) -> None:
        if self._bar:
            self._err.write(ERASE_LINE + text + self._bar)
        else:
            self._err.write(text)
        self._err.flush()


def plain(text: str) -> str:
    """A name that others have chosen, on one line and without what a terminal obeys."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _width(screen: TextIO) -> int:
    """How many characters a line has; 80 where that is not known."""
    try:
        return os.get_terminal_size(screen.fileno()).columns or 80
    except OSError:
        return 80


def bar(progress: Progress, width: int) -> str:
    """A line that shows how far a job is, no wider than so many characters."""
    done, tasks = progress.completed_tasks, progress.tasks
    filled = BAR_CELLS * done // tasks if tasks else 0
    cells = "#" * filled + "-" * (BAR_CELLS - filled)
    parts = [
        f"[{cells}] {done}/{tasks} tasks",
        f"{progress.completed_stages}/{progress.stages} stages",
        f"{progress.active_tasks} running",
    ]
    if progress.failed_tasks:
        parts.append(f"{progress.failed_tasks} failed")
    return ", ".join(parts)[: width - 1]
