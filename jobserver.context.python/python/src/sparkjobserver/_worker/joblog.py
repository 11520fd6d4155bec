"""Keeps the files small that jobs print to."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import BinaryIO

_MIB = 1024 * 1024
_ROOM_FOR_WORDS = 100
_LINE = 8 * 1024
"""How far a cut is moved to the end of a line, in bytes."""

_FALLOC_FL_KEEP_SIZE = 1
_FALLOC_FL_PUNCH_HOLE = 2
_libc = ctypes.CDLL(None, use_errno=True)


class JobLog:
    """The file that a job prints to: of a long one the middle is left out.

    The job's processes write to the file themselves, by appending to it. A pipe with somebody who
    reads it would bound the file more strictly, but that one could hold up the job, would have to
    outlive it to save its last lines, and would have to be waited for at its end, while a job that
    prints little pays for it as well. So nobody stands between, and what is too much is taken away
    afterwards: while the job runs, `shorten` gives the disk space of the middle back, again and
    again. That moves no byte, so nothing gets lost that is printed meanwhile. (To copy the end and
    to cut the file would lose what is printed in between.) The file looks longer than it is then,
    with zeros in its middle, and who follows it goes on at the same offset. When the job and all
    that it has started are dead, `finish` makes a short file of it, with a line in place of the
    middle.

    :param path: the file, which need not exist
    :param limit: how many bytes are kept, in the end; while the job runs there are as many more as
        it prints between two calls of `shorten`
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._tail = min(limit // 2, _MIB)
        self._head = limit - self._tail - _ROOM_FOR_WORDS
        self._given_back = self._head
        self._can_give_back = True

    def shorten(self) -> None:
        """Gives disk space back, where there is too much. For as long as the job may print."""
        if not self._can_give_back or self._excess() <= 0:
            return
        try:
            with self._path.open("r+b") as file:
                end = os.fstat(file.fileno()).st_size - self._tail
                _punch_hole(file.fileno(), self._given_back, end)
                self._given_back = end
        except OSError as error:  # a file system that cannot do that
            self._can_give_back = False
            print(f"{self._path} is shortened only at its job's end: {error}", file=sys.stderr)

    def finish(self) -> None:
        """Leaves the middle out, where the file is too long. Only when nothing is printed now."""
        if self._excess() <= 0:
            return
        try:
            with self._path.open("r+b") as file:
                self._leave_out_middle(file)
        except OSError as error:
            print(f"{self._path} is not shortened: {error}", file=sys.stderr)

    def _excess(self) -> int:
        try:
            return self._path.stat().st_size - self._limit
        except OSError:  # there is none, for example
            return 0

    def _leave_out_middle(self, file: BinaryIO) -> None:
        file.seek(self._head - _LINE)
        before = file.read(_LINE)
        line = before.rfind(b"\n") + 1
        head = self._head - len(before) + (line or len(before))
        file.seek(-self._tail, os.SEEK_END)
        tail = file.read()
        size = file.tell()
        tail = tail[tail.find(b"\n", 0, _LINE) + 1 :]
        words = f"[{size - head - len(tail)} bytes are left out here: job-log.max-size]\n"
        file.seek(head)
        file.write((b"" if line else b"\n") + words.encode("ascii") + tail)
        file.truncate()


def _punch_hole(descriptor: int, begin: int, end: int) -> None:
    if end > begin:
        mode = _FALLOC_FL_PUNCH_HOLE | _FALLOC_FL_KEEP_SIZE
        offset, length = ctypes.c_int64(begin), ctypes.c_int64(end - begin)
        if _libc.fallocate(descriptor, mode, offset, length) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
