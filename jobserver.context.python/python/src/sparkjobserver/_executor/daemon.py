"""Forks the Python processes of an executor, as `pyspark.daemon` does, at less cost.

It runs PySpark's daemon as it is, of whatever version, and changes what surrounds it:

- Each task lets Python forget what it knows of its path. Since Python 3.10 it then reads the tables
  of all archives on the path anew: those of PySpark, Py4J and Spark's core, each several times.
  Here it reads only the archives that have changed.
- What the daemon imports it imports from PySpark's folder, where its modules lie compiled, rather
  than from the archive beside it.
- What it has imported is no matter of its workers' garbage collection, which follows every task.
- It ends when it has had no worker for a while. The JVM starts another when it needs one.

It travels alone, so it imports nothing of its package, and its file has the name of a module of the
top level. Everything here happens in the one thread of the daemon.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import select
import socket
import sys
import time
import zipimport
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

WAY_HERE = "JOBSERVER_DAEMON_PATH"
"""Which entries of PYTHONPATH are there for the JVM to find this module."""

LONG_REST = 300.0
"""Seconds without a worker after which a daemon ends that has one of the seats."""

SHORT_REST = 10.0
"""The same for all others. Not zero, for the JVM may still speak of a worker that has ended."""

SEATS = 4
"""How many daemons of an executor may take the long rest. Each binary has one of its own."""


def forget_the_way_here(environment: MutableMapping[str, str], path: list[str]) -> None:
    """Takes away what led here, so that tasks and their children see what they would else."""
    added = environment.pop(WAY_HERE, "").split(os.pathsep)
    entries = environment.get("PYTHONPATH", "").split(os.pathsep)
    for entry in filter(None, added):
        if entry in entries:
            del entries[len(entries) - 1 - entries[::-1].index(entry)]
    environment["PYTHONPATH"] = os.pathsep.join(entries)
    gone = {str(Path(entry).absolute()) for entry in added if entry and entry not in entries}
    path[1:] = [entry for entry in path[1:] if entry not in gone]


def import_pyspark_from_its_folder() -> None:
    """Imports PySpark from the folder that the archive was made of, where that is the same.

    The path stays as it is. Without such a folder PySpark will come from the archive.
    """
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not isinstance(spec.loader, zipimport.zipimporter):
        return
    archive = Path(spec.loader.archive)
    home = archive.parent.parent.parent
    for folder in (home / "python" / "pyspark", home):
        if folder.name == "pyspark" and _is_copy(folder, spec.loader):
            _import_package("pyspark", folder)
            return


def _is_copy(folder: Path, archive: Any) -> bool:
    """Whether a folder holds the PySpark that an archive holds, as far as its version tells."""
    try:
        told: bytes = archive.get_data(str(Path(archive.archive, "pyspark", "version.py")))
        return (folder / "__init__.py").is_file() and (folder / "version.py").read_bytes() == told
    except OSError:
        return False


def _import_package(name: str, folder: Path) -> None:
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        return
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    try:
        spec.loader.exec_module(package)
    except Exception:
        # The archive is what all others run on: it shall say what is wrong, if anything is.
        for module in [key for key in sys.modules if key.split(".")[0] == name]:
            del sys.modules[module]


def reread_changed_archives_only() -> None:
    """Makes importers of archives keep what they know for as long as the file is the same."""
    importer: Any = zipimport.zipimporter
    if "invalidate_caches" in vars(importer):  # else it costs nothing
        importer.invalidate_caches = _where_changed(importer.invalidate_caches)


def _where_changed(invalidate: Callable[[Any], None]) -> Callable[[Any], None]:
    def invalidate_caches(self: Any) -> None:
        # looked at before the table is read: a change in between is seen the next time
        now = _state(self.archive)
        if now is None or now != getattr(self, "_jobserver_state", None):
            invalidate(self)
            self._jobserver_state = now

    return invalidate_caches


def _state(file: str) -> tuple[int, ...] | None:
    try:
        status = Path(file).stat()
    except OSError:
        return None
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


class Seats:
    """The places that the daemons of one executor share. The kernel frees that of a dead one.

    They are names of sockets that no file system knows. Outside Linux there is no such thing, and
    there are no seats.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._taken: socket.socket | None = None

    def take(self) -> bool:
        """Whether there was one."""
        for number in range(self._count):
            place = socket.socket(socket.AF_UNIX)
            try:
                place.bind(f"\0jobserver-daemon-{os.getuid()}-{os.getppid()}-{number}")
            except OSError:
                place.close()
            else:
                self._taken = place
                return True
        return False

    def leave(self) -> None:
        """Gives the place back. Without one it does nothing."""
        if self._taken is not None:
            self._taken.close()
            self._taken = None


class Rest:
    """Ends the daemon when it has rested long enough."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._since: float | None = None
        self._longest = 0.0

    def interrupted(self) -> None:
        """Somebody has come, or a worker is there."""
        self._since = None
        self._seats.leave()  # at the latest now, or a worker would be born with it

    def goes_on(self) -> None:
        """Nobody has come for a second.

        A connection that comes from here on is refused or reset by the end of this process. Either
        makes the JVM start another daemon and try there.

        :raises SystemExit: to end the daemon
        """
        if _has_children():
            self.interrupted()
            return
        now = time.monotonic()
        if self._since is None:
            self._since = now
            self._longest = LONG_REST if self._seats.take() else SHORT_REST
        elif now - self._since >= self._longest:
            raise SystemExit(0)


def _has_children() -> bool:
    """Those that have ended are gone by themselves, for the daemon ignores their signal."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


class RestingSelect:
    """The module `select` for a daemon that waits, a second at a time, for somebody to come."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def __getattr__(self, name: str) -> Any:
        return getattr(select, name)

    def select(self, *arguments: Any) -> Any:
        """As in Spark 3.5 and 4.0."""
        ready = select.select(*arguments)
        self._told(any(ready))
        return ready

    def poll(self) -> Any:
        """As in later versions."""
        return _RestingPoll(select.poll(), self._told)

    def _told(self, somebody: bool) -> None:
        if somebody:
            self._rest.interrupted()
        else:
            self._rest.goes_on()


class _RestingPoll:
    def __init__(self, poller: select.poll, told: Callable[[bool], None]) -> None:
        self._poller = poller
        self._told = told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._poller, name)

    def poll(self, *arguments: Any) -> Any:
        ready = self._poller.poll(*arguments)
        self._told(bool(ready))
        return ready


def main() -> None:
    """Serves the JVM until it closes standard input, or nobody has come for long enough."""
    forget_the_way_here(os.environ, sys.path)
    with contextlib.suppress(Exception):  # what is wrong with PySpark is said below
        import_pyspark_from_its_folder()
    reread_changed_archives_only()
    daemon: Any = importlib.import_module("pyspark.daemon")
    daemon.select = RestingSelect(Rest(Seats(SEATS)))
    importlib.invalidate_caches()  # once for all workers
    gc.collect()
    gc.freeze()
    daemon.manager()


if __name__ == "__main__":
    main()
