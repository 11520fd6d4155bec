"""What a job finds in its process, so that the next job in the same process finds it, too."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM, signal.SIGUSR1)


class Slate:
    """Remembers, when it is made, how this process is; to be made before the first job.

    It knows what jobs change in passing: output, environment, working directory, `sys.path`,
    `sys.argv`, signal handlers, umask. Modules, and what a job has changed in them, stay.
    """

    def __init__(self) -> None:
        self._output = [os.dup(1), os.dup(2)]  # like all of Python's they end with an exec
        self._streams = (sys.stdin, sys.stdout, sys.stderr)
        self._threads = set(threading.enumerate())
        self._environment = dict(os.environ)
        self._folder = os.getcwd()
        self._path = list(sys.path)
        self._arguments = list(sys.argv)
        self._handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        self._umask = os.umask(0o077)
        os.umask(self._umask)

    def is_clean(self) -> bool:
        """Whether the job has left nothing that goes on: no thread, no process, no broken stream.

        What it has left could disturb the next job, and is ended by ending this process.
        """
        return (
            all(thread in self._threads for thread in threading.enumerate())
            and not _has_children()
            and not any(stream is None or stream.closed for stream in self._streams)
        )

    def wipe(self) -> None:
        """Puts everything back.

        :raises OSError: when there is no way back
        """
        sys.stdin, sys.stdout, sys.stderr = self._streams
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(ValueError, OSError):
                stream.flush()
        for descriptor, kept in zip((1, 2), self._output, strict=True):
            os.dup2(kept, descriptor)
        if os.environ != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        os.chdir(self._folder)
        os.umask(self._umask)
        sys.path[:] = self._path
        sys.argv[:] = self._arguments
        signal.alarm(0)
        for number, handler in self._handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        random.seed()
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is not None:
            numpy_random.seed()


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
