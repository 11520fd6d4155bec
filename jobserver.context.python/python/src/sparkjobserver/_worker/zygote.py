"""Forks workers. One zygote runs beside each driver and has loaded all that workers need.

`python -m sparkjobserver._worker.zygote <the driver's UNIX socket>`, with the secret that proves
to the driver who is calling as the one line of its standard input.

The process has one thread and never a connection to the JVM: both would not survive a fork. It
lives as long as its connection to the driver; when that is gone, so are all workers, and whatever
jobs have started.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import platform
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from sparkjobserver._worker import frames, hocon
from sparkjobserver._worker.joblog import JobLog

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)

_NEEDED = (
    "pyspark",
    "pyspark.sql",
    "pyspark.sql.functions",
    "pyspark.sql.types",
    "pyspark.sql.window",
    "sparkjobserver.api",
    "sparkjobserver._worker.worker",
)
_USEFUL = (
    "encodings.ascii",
    "encodings.cp437",  # of names in archives
    "encodings.idna",  # of the host that results are fetched from
    "py4j.clientserver",
    "pyspark.accumulators",
    "pyspark.cloudpickle",
    "pyspark.errors.exceptions.captured",
    "pyspark.resource",
    "pyspark.sql.classic.column",
    "pyspark.sql.classic.dataframe",
    "pyspark.sql.dataframe",
    "pyspark.sql.readwriter",
    "pyspark.sql.udf",
    "pyspark.taskcontext",
    "pyspark.testing.utils",  # where PySpark 4 looks for numpy; takes pandas along
    "socketserver",
    "zipimport",
)
"""Modules that some versions of PySpark have, and that jobs would otherwise load one by one."""

_WITHOUT_THREADS = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Variables by which libraries start no thread when they are loaded: pyarrow's allocator."""

_LOG_PERIOD = 0.25
"""Seconds between two looks at how long the logs of jobs are."""

_LOG_PATIENCE = 1.0
"""Seconds after a job's end in which its log is left as it is.

By then all that the job has left behind is dead, and who follows the log has read its end.
"""

_PATIENCE = 5.0
"""Seconds that the processes of jobs are given to be gone, once they were killed at the end."""


def main() -> None:
    """Is the whole life of a zygote. Returns when the driver is gone."""
    path = sys.argv[1]
    token = _read_token()
    _leave_working_directory_off_path()
    fallback = os.environ.pop("JOBSERVER_FALLBACK_PATH", "")
    sys.path.extend(entry for entry in fallback.split(os.pathsep) if entry)
    gc.disable()
    preload()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    gc.collect()
    gc.freeze()
    _give_back_free_memory()
    with frames.connect(path) as control:
        Zygote(path, token, control).run()


def _read_token() -> str:
    """The line of standard input, which then is empty, for workers too."""
    token = os.read(0, 1_000).decode("ascii").strip()
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return token


def preload() -> None:
    """Loads what workers need.

    :raises ImportError: when this interpreter cannot run jobs
    """
    with _environment(_WITHOUT_THREADS):
        hocon.load_trees_alone()
        for name in _NEEDED:
            importlib.import_module(name)
        for name in _USEFUL:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    if _threads() > 1:
        _fork_for_nothing()
    if _threads() > 1:
        print(f"zygote: loading modules has started {_threads() - 1} threads", file=sys.stderr)


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets these variables for a while, but for those that somebody has set."""
    ours = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


def _give_back_free_memory() -> None:
    """Lets the kernel have the pages that are free, where C's library can (glibc's)."""
    with contextlib.suppress(AttributeError):
        _libc.malloc_trim(0)


def _threads() -> int:
    """How many threads this process has, those of libraries included."""
    return len(os.listdir("/proc/self/task"))


def _fork_for_nothing() -> None:
    """Makes libraries end the threads that they have started while they were loaded.

    Those that are made for it (numpy's OpenBLAS) do so before a fork, and start them again when
    they need them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of forks beside threads
        pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _leave_working_directory_off_path() -> None:
    """`python -m` puts the working directory first, where files of jobs lie."""
    if sys.path and sys.path[0] == os.getcwd() and not getattr(sys.flags, "safe_path", False):
        del sys.path[0]


class Zygote:
    """Carries out the driver's orders.

    :param path: the driver's socket, to which workers connect too
    :param token: the zygote's secret
    :param control: the connection to the driver
    """

    def __init__(self, path: str, token: str, control: socket.socket) -> None:
        self._path = path
        self._token = token
        self._control = control
        self._workers: dict[int, int] = {}
        """The driver's numbers of the workers that are not reaped yet, by process id."""
        self._logs: dict[int, JobLog] = {}
        """The logs of the jobs that workers run, by process id."""
        self._last_logs: list[tuple[float, JobLog]] = []
        """The logs of jobs that have ended, and from when on they may be finished."""
        self._wake, self._wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Works until the driver closes the connection, or SIGTERM comes."""
        self._listen_to_signals()
        try:
            self._tell(
                kind="zygote",
                token=self._token,
                pid=os.getpid(),
                python=platform.python_version(),
                pyspark=sys.modules["pyspark"].__version__,
                pysparkFolder=str(Path(str(sys.modules["pyspark"].__file__)).parent),
            )
            while self._step():
                pass
        except (EOFError, ConnectionError):
            pass
        finally:
            self._end_all()
            for log in [*self._logs.values(), *(log for _, log in self._last_logs)]:
                log.finish()

    def _listen_to_signals(self) -> None:
        # Handlers do nothing; their arrival is written to the pipe, which wakes up select.
        signal.set_wakeup_fd(self._wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _step(self) -> bool:
        """Waits for something to happen and deals with it. False when it is time to end."""
        sources: list[Any] = [self._control, self._wake]
        period = _LOG_PERIOD if self._logs or self._last_logs else None
        ready, _, _ = select.select(sources, [], [], period)
        self._look_after_logs()
        if self._wake in ready and signal.SIGTERM in os.read(self._wake, 4096):
            return False
        if self._control in ready:
            self._obey(frames.receive_message(self._control))
        self._reap()
        return True

    def _obey(self, order: dict[str, Any]) -> None:
        if order["op"] == "fork":
            self._fork(order)
        elif order["op"] == "kill":
            self._kill(order["pid"])
        elif order["op"] == "log":
            self._keep_small(JobLog(Path(order["path"]), order["limit"]), order["pid"])
        elif order["op"] == "log-over":
            self._job_ended(order["pid"])

    def _fork(self, order: dict[str, Any]) -> None:
        zygote = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no memory, or too many processes
            self._tell(exit=0, id=order["id"], status=f"not forked: {error.strerror}")
            return
        if pid == 0:
            self._be_worker(order, zygote)
        self._workers[pid] = order["id"]
        self._tell(forked=order["id"], pid=pid)

    def _be_worker(self, order: dict[str, Any], zygote: int) -> NoReturn:
        try:
            os.setsid()  # a process group of its own, so that a kill takes its children along
            # The zygote has one thread, so its end is what this signal means.
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != zygote:
                os._exit(1)
            _prctl(_PR_SET_CHILD_SUBREAPER, 1)
            self._control.close()
            self._reset_signals()
            gc.enable()
            # Python itself seeds the module random anew after a fork.
            numpy_random = sys.modules.get("numpy.random")
            if numpy_random is not None:
                numpy_random.seed()
            worker = sys.modules["sparkjobserver._worker.worker"]
            worker.serve(self._path, order["id"], order["port"], order["token"], order["mode"])
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(1)

    def _reset_signals(self) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._wake)
        os.close(self._wake_end)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _kill(self, pid: int) -> None:
        if pid not in self._workers:  # reaped already: another process may have its id by now
            return
        _kill_group(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # may not have become a group yet

    def _keep_small(self, log: JobLog, pid: int) -> None:
        self._logs[pid] = log
        if pid not in self._workers:  # its job was a short one
            self._job_ended(pid)

    def _job_ended(self, pid: int) -> None:
        if pid in self._logs:
            self._last_logs.append((time.monotonic() + _LOG_PATIENCE, self._logs.pop(pid)))

    def _look_after_logs(self) -> None:
        for log in self._logs.values():
            log.shorten()
        while self._last_logs and self._last_logs[0][0] <= time.monotonic():
            self._last_logs.pop(0)[1].finish()

    def _reap(self) -> None:
        """Collects processes that have ended, and ends what workers have left behind.

        The zygote inherits the children of its workers, whatever groups these are in.
        """
        ended = False
        while (pid := _ended_child()) is not None:
            ended = True
            if pid in self._workers:
                _kill_group(pid)  # as long as it is not reaped the id is its own
            _, status = os.waitpid(pid, 0)
            worker = self._workers.pop(pid, None)
            if worker is not None:
                self._kill_strangers()
                self._job_ended(pid)
                self._tell(exit=pid, id=worker, status=_in_words(status))
        if ended:
            self._kill_strangers()

    def _kill_strangers(self) -> None:
        for pid in _children():
            if pid not in self._workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _end_all(self) -> None:
        for pid in self._workers:
            self._kill(pid)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            self._workers.pop(pid, None)
            self._kill_strangers()
            if pid == 0:
                select.select([self._wake], [], [], 0.1)
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)

    def _tell(self, **message: Any) -> None:
        frames.send_message(self._control, message)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def _ended_child() -> int | None:
    """A child that has ended and waits to be reaped, or None."""
    try:
        info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return None if info is None else info.si_pid


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _children() -> list[int]:
    """The process ids of this process' children."""
    pid = os.getpid()
    try:
        with open(f"/proc/self/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:  # a kernel without that file
        return [
            int(name) for name in os.listdir("/proc") if name.isdigit() and _parent(name) == pid
        ]


def _parent(pid: str) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # the name of the program, in parentheses, may contain anything
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _in_words(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return f"exit {os.WEXITSTATUS(status)}"


if __name__ == "__main__":
    main()
