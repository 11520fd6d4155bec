"""The token of a server that runs on this machine, for the user who runs it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sparkjobserver.client.connection import is_loopback

_SERVER = b"spark.jobserver.boot.ServerMain"
_DATA = b"--data"
_DRIVER = "JOBSERVER_DRIVER"
"""What the environment of a job has: what a job starts is not the operator of its server."""
_DEEPEST = 64
"""How many generations are looked at, which is more than there are."""


def find(url: str, proc: Path = Path("/proc")) -> str | None:
    """The first token of the server at an address, where it is one of this user's processes.

    :param url: its host is of this machine and it names no user, or nothing is looked for
    :return: None where there is none, or it cannot be read
    """
    wanted = urlsplit(url)
    if wanted.username is not None or not is_loopback(wanted.hostname or ""):
        return None
    if _DRIVER in os.environ or _is_of_driver(proc):
        return None
    found = (_token(data, wanted.hostname or "", wanted.port) for data in _data_folders(proc))
    return next(filter(None, found), None)


def _is_of_driver(proc: Path) -> bool:
    """Whether this process descends from a driver.

    Its own environment need not say so: jobs start programs with environments of their own, too.
    """
    process = os.getppid()
    for _ in range(_DEEPEST):
        if process <= 1:
            return False
        try:
            environment = (proc / str(process) / "environ").read_bytes().split(b"\0")
        except OSError:
            environment = []  # of another user, who runs no driver of this one
        if any(entry.startswith(_DRIVER.encode() + b"=") for entry in environment):
            return True
        try:
            # The name before may have any characters.
            stat = (proc / str(process) / "stat").read_bytes().rpartition(b")")[2]
            process = int(stat.split()[1])
        except (OSError, ValueError, IndexError):
            return False  # it has ended meanwhile
    return False


def _token(data: Path, host: str, port: int | None) -> str | None:
    """That of a data folder; None where its server has another address, or it has none."""
    try:
        served = urlsplit((data / "url").read_text("utf-8").strip())
        if served.port != port or not _leads_only_to(served.hostname or "", host):
            return None
        return (data / "auth" / "local-token").read_text("ascii").strip()
    except (OSError, ValueError):
        return None  # it is starting, or has no tokens


def _leads_only_to(address: str, host: str) -> bool:
    """Whether a host is this address, and none where somebody else may listen, such as `::1`."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return is_loopback(address) and {entry[4][0] for entry in found} == {address}


def _data_folders(proc: Path) -> Iterator[Path]:
    """Those of the servers that this user runs."""
    for process in proc.iterdir() if proc.is_dir() else ():
        try:
            if not process.name.isdigit() or process.stat().st_uid != os.geteuid():
                continue
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended meanwhile
        if _SERVER in words and _DATA in words[:-1]:
            yield Path(os.fsdecode(words[words.index(_DATA) + 1]))
