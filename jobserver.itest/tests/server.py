"""A server as an operator runs it, and the processes that belong to it."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOME = Path(os.environ["JOBSERVER_HOME"]).resolve()
SPARK_HOME = Path(os.environ["SPARK_HOME"]).resolve()
EXAMPLES = Path(os.environ["JOBSERVER_EXAMPLES"]).resolve()

#: Machines that run tests are slow and shared; what is tested is not how fast a JVM starts there.
PATIENCE = """
spark.context-settings.context-init-timeout = "300 s"
"""

#: Nothing is started that a test has not asked for. What a test says goes over this.
ALONE = """
spark.jobserver.driver { spares = 0, class-archive = false }
"""
if "JOBSERVER_CACHE" in os.environ:
    # All servers share what one has made for them (conftest.py).
    ALONE = """
spark.jobserver.driver.spares = 0
"""


def kernel_tells() -> bool:
    """Whether the kernel says whose a connection is: where it does not, `local` knows nobody."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as client,
        contextlib.suppress(OSError),
    ):
        inode = str(os.fstat(client.fileno()).st_ino)
        return inode in Path("/proc/self/net/tcp").read_text().split()
    return False


KERNEL_TELLS = kernel_tells()
if not KERNEL_TELLS:
    ALONE += 'spark.jobserver.auth.ways = ["none"]\n'

SESSION_FACTORY = "spark.jobserver.python.PythonSessionContextFactory"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Waits for a condition, and returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def example(pattern: str) -> Path:
    """The one file of the built examples that matches."""
    (found,) = EXAMPLES.glob(pattern)
    return found


def processes(marker: bytes) -> dict[int, str]:
    """Live processes with these bytes in their command line or environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and (marker in command or marker in (entry / "environ").read_bytes()):
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
    return found


class Server:
    """One server with a data folder and plugins of its own.

    The distribution is linked into a home of this server, so that its `plugins/` can be changed.
    """

    def __init__(self, folder: Path, conf: str = "", env: dict[str, str] | None = None) -> None:
        self.home = folder / "home"
        self.data = folder / "data"
        self.port = free_port()
        self.headers: dict[str, str] = {}
        self.env = {**os.environ, "SPARK_HOME": str(SPARK_HOME), **(env or {})}
        shutil.copytree(HOME, self.home, copy_function=os.link, symlinks=True)
        self.conf = folder / "test.conf"
        self.conf.write_text(ALONE + conf + PATIENCE)

    # Commands

    def command(
        self, *arguments: str, within: tuple[str, ...] = (), timeout: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """Runs `bin/jobserver`, by way of another command where one is given."""
        return subprocess.run(
            [*within, str(self.home / "bin" / "jobserver"), *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *more: str, within: tuple[str, ...] = ()) -> Server:
        done = self.command(
            "start",
            "--port",
            str(self.port),
            "--data",
            str(self.data),
            "--conf",
            str(self.conf),
            *more,
            within=within,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def is_wrong(self, conf: str, words: str) -> None:
        """Does not start with this configuration alone, and says why."""
        self.conf.write_text(conf)
        done = self.command(
            "start",
            *("--conf", str(self.conf)),
            *("--port", str(free_port())),
            *("--data", str(self.data)),
        )
        assert (done.returncode, words in done.stderr) == (7, True), done

    def stop(self, *more: str) -> None:
        done = self.command("stop", "--data", str(self.data), *more)
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def pid(self) -> int:
        return int((self.data / "server.pid").read_text().split()[0])

    def kill(self) -> None:
        """Ends the server as a crash would, and waits until it is gone."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid), 10, "the server is gone")

    def end(self) -> None:
        """Stops whatever is left, and shows that nothing stays."""
        if (self.data / "server.pid").exists():
            self.stop()
        left = until_none_left(str(self.data).encode(), 30)
        assert left == {}, left

    def last_words(self, lines: int) -> list[tuple[str, str]]:
        """The ends of the logs of the server and its drivers, the newest first."""
        logs = [*self.data.glob("log/*.log"), *self.data.glob("contexts/*/log/driver.log")]
        logs.sort(key=lambda log: log.stat().st_mtime, reverse=True)
        return [
            (
                str(log.relative_to(self.data)),
                "\n".join(log.read_text(errors="replace").splitlines()[-lines:]),
            )
            for log in logs[:4]
        ]

    def log(self) -> str:
        """What it has logged."""
        return (self.data / "log" / "server.log").read_text()

    # HTTP

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def used_with(self, headers: dict[str, str]) -> Server:
        """The same server for a caller whose requests have these, with hyphens for underscores."""
        other = copy.copy(self)
        other.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return other

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        content_type: str | None = None,
        timeout: float = 330,
    ) -> Answer:
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(
            self.url + path, data=data, method=method, headers=self.headers
        )
        if content_type:
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.read().decode(), dict(refused.headers))

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def upload(self, name: str, file: Path) -> None:
        kind = "python-wheel" if file.suffix == ".whl" else "python-archive"
        answer = self.request("POST", f"/binaries/{name}", file.read_bytes(), f"application/{kind}")
        assert (answer.status, answer.json) == (201, {"status": "SUCCESS"}), answer

    def context(self, name: str, body: str = "", **settings: str) -> None:
        query = urllib.parse.urlencode({"context-factory": SESSION_FACTORY, **settings})
        answer = self.request("POST", f"/contexts/{name}?{query}", body)
        assert (answer.status, answer.json) == (
            200,
            {"status": "SUCCESS", "result": "Context initialized"},
        ), answer.text

    def submit(
        self, binary: str, class_path: str, context: str, config: str = "", **more: str
    ) -> Answer:
        query = urllib.parse.urlencode(
            {"appName": binary, "classPath": class_path, "context": context, **more}
        )
        return self.request("POST", f"/jobs?{query}", config)

    def job(self, job_id: str) -> Any:
        answer = self.get(f"/jobs/{job_id}")
        assert answer.status == 200, answer
        return answer.json

    def ended(self, job_id: str, seconds: float = 60) -> Any:
        """The report of a job once it is final."""

        def final() -> Any:
            report = self.job(job_id)
            return report if report["status"] in ("FINISHED", "ERROR", "KILLED") else None

        return until(final, seconds, f"job {job_id} is final")

    def context_state(self, name: str) -> str:
        return str(self.get(f"/contexts/{name}").json["state"])

    # Processes

    def context_id(self, name: str) -> str:
        return str(self.get(f"/contexts/{name}").json["id"])

    def driver(self, name: str) -> int:
        """The process id of a context's driver."""
        marker = self.context_id(name).encode()
        (pid,) = [p for p, c in processes(marker).items() if "DriverMain" in c]
        return pid

    def workers(self, name: str) -> list[int]:
        """The Python processes of a context but for those of executors: the zygote first."""
        marker = self.context_id(name).encode()
        found = [p for p, c in processes(marker).items() if "sparkjobserver._worker" in c]
        # by descent, for process ids begin anew some time
        return sorted(found, key=lambda pid: (parent(pid) in found, pid))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def parent(pid: int) -> int:
    """The process id of a process' parent, 0 if the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def until_none_left(marker: bytes, seconds: float) -> dict[int, str]:
    """The processes that are still there when the time is over."""
    end = time.monotonic() + seconds
    while (left := processes(marker)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


@contextlib.contextmanager
def running(
    folder: Path, conf: str = "", env: dict[str, str] | None = None, bundle: bytes | None = None
) -> Iterator[Server]:
    """A started server, stopped at the end with a look for what it leaves behind.

    :param bundle: one more of its own bundles
    """
    server = Server(folder, conf, env)
    if bundle is not None:
        (server.home / "bundles" / "server" / "test.jar").write_bytes(bundle)
    server.start()
    try:
        yield server
    finally:
        server.end()


@contextlib.contextmanager
def standalone_master(folder: Path, patience: float = 60, workers: int = 1) -> Iterator[str]:
    """A standalone master with worker processes, as on machines of their own; gives its URL.

    Each worker has a home directory and a Spark home of its own, and two cores that it shares.

    :param patience: seconds within which the workers register
    """
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    here = ["--host", "127.0.0.1", "--webui-port", "0"]
    commands = {"master": ["master.Master", *here, "--port", str(port)]}
    for number in range(workers):
        size = ["--cores", str(2 // workers), "--memory", "1g"]
        commands[f"worker-{number}"] = ["worker.Worker", *here, *size, url]
    with (folder / "log").open("w") as log, contextlib.ExitStack() as processes:
        for name, (main, *more) in commands.items():
            home = folder / name
            spark = spark_home_in(home)
            process = subprocess.Popen(
                [str(spark / "bin" / "spark-class"), f"org.apache.spark.deploy.{main}", *more],
                env={
                    **os.environ,
                    "HOME": str(home),
                    "SPARK_HOME": str(spark),
                    "SPARK_LOCAL_IP": "127.0.0.1",
                    "SPARK_LOG_DIR": str(folder),
                    "SPARK_LOCAL_DIRS": str(home / "local"),
                    "SPARK_WORKER_DIR": str(home / "work"),
                    "PYSPARK_PYTHON": sys.executable,
                },
                stdout=log,
                stderr=log,
                cwd=home,
            )
            processes.callback(_end, process)
        until(
            lambda: (folder / "log").read_text().count("Registering worker") == workers,
            patience,
            "the workers have registered",
        )
        yield url


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(30)
    assert not alive(process.pid)


def spark_home_in(folder: Path) -> Path:
    """Another place where Spark is; its name is that of the package, as pip has it."""
    home = folder / "pyspark"
    home.mkdir(parents=True)
    for entry in SPARK_HOME.iterdir():
        (home / entry.name).symlink_to(entry)
    return home


# Requests as they go over the wire


@dataclass(frozen=True)
class Raw:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, list[str]]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def header(self, name: str) -> str | None:
        return ", ".join(self.headers[name.lower()]) if name.lower() in self.headers else None

    def is_text(self, status: int, *words: str) -> None:
        assert self.status == status, self
        assert (self.header("Content-Type") or "").lower() == "text/plain;charset=utf-8", self
        for word in words:
            assert word in self.text, self


def talk(server: Server, request: bytes, patience: float = 60) -> bytes:
    """Sends bytes as they are, and reads until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience) as connection:
        answer = b""
        with contextlib.suppress(OSError):  # it was refused unread
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
    return answer


def raw(server: Server, request: str | bytes) -> Raw:
    """Sends bytes as they are, and reads the one answer to them."""
    answer = talk(server, request.encode("latin-1") if isinstance(request, str) else request)
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    if "chunked" in headers.get("transfer-encoding", []):
        body = b"".join(chunks(body))
    return Raw(int(first.split(" ")[1]), headers, body.decode())


def chunks(body: bytes) -> Iterator[bytes]:
    """The chunks of a body that is sent in chunks."""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        yield rest[:length]
        body = rest[length + 2 :] if length else b""


def send(server: Server, request: str, host: str = "localhost", **headers: str) -> Raw:
    """Sends a request without a body; an underscore in the name of a header is a hyphen."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return raw(
        server,
        f"{request} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n"
        f"{lines}\r\n",
    )
