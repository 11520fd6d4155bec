"""What children and logs get to see: no secret, whoever's it is."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import stat
import struct
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from credentials import as_nobody
from server import Server, example, running

PASSWORD = "correct-horse-battery"
OF_SPARK = "key-of-a-store-for-spark"
SLOW = "example_jobs.slow_job.SlowJob"

CONF = f"""
spark.jobserver.auth.ways = ["local", "token", "basic"]
spark.context-settings.passthrough.spark.hadoop.fs.s3a.secret.key = {OF_SPARK}
"""


class Onlooker:
    """Remembers what anybody can see of the processes that begin after it, and drivers' tokens."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._before = set(_processes())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.seen: dict[tuple[str, str], bytes] = {}
        self.tokens: set[str] = set()

    def __enter__(self) -> Onlooker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Looks no more."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            for process in set(_processes()) - self._before:
                for file in ("cmdline", "environ"):
                    with contextlib.suppress(OSError):
                        content = (Path("/proc") / process / file).read_bytes()
                        self.seen[process, file] = self.seen.get((process, file), b"") + b"\n"
                        if content not in self.seen[process, file]:
                            self.seen[process, file] += content
            for enrolment in self._data.glob("contexts/*/enrolment.json"):
                with contextlib.suppress(OSError, ValueError):
                    self.tokens.add(json.loads(enrolment.read_text())["token"])


def _processes() -> Iterator[str]:
    return (name for name in os.listdir("/proc") if name.isdigit())


class Busy:
    """A server that was at work, what was seen of its processes, and the secrets there are."""

    def __init__(self, server: Server, onlooker: Onlooker, secrets: dict[str, str]) -> None:
        self.server = server
        self.seen = onlooker.seen
        self.secrets = secrets

    def found_in(self, content: bytes) -> list[str]:
        return [name for name, secret in self.secrets.items() if secret.encode() in content]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    folder = tmp_path_factory.mktemp("secrets")
    with contextlib.ExitStack() as stack:
        onlooker = stack.enter_context(Onlooker(folder / "data"))
        server = stack.enter_context(running(folder, CONF))
        secrets = {
            "first token": (server.data / "auth" / "local-token").read_text().strip(),
            "token": _command(server, "token", "make", "ann", "--role", "user").split()[-1],
            "password": PASSWORD,
            "credentials": base64.b64encode(f"ada:{PASSWORD}".encode()).decode(),
            "key of a store": OF_SPARK,
        }
        _command(server, "user", "add", "ada", "--role", "user", given=PASSWORD + "\n")
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.context("c")
        secrets |= {f"driver's token {n}": token for n, token in enumerate(onlooker.tokens)}
        jobs = [
            _submit(server, f"Bearer {secrets['token']}", "sleep { seconds = 1, spark = true }"),
            _submit(server, f"Basic {secrets['credentials']}", "sleep.seconds = 1"),
        ]
        for job in jobs:
            assert server.ended(job)["status"] == "FINISHED"
        onlooker.stop()
        yield Busy(server, onlooker, secrets)


def _command(server: Server, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [str(server.home / "bin" / "jobserver"), *arguments, "--data", str(server.data)],
        env=server.env,
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _submit(server: Server, credential: str, config: str) -> str:
    request = urllib.request.Request(
        f"{server.url}/jobs?appName=example_jobs&classPath={SLOW}&context=c",
        data=config.encode(),
        headers={"Authorization": credential},
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["jobId"])


def test_the_secrets_are_there_and_are_looked_for(busy: Busy) -> None:
    assert [name for name in busy.secrets if name.startswith("driver's token")]
    settings = list(busy.server.data.glob("contexts/*/spark.properties"))
    assert [busy.found_in(file.read_bytes()) for file in settings] == [["key of a store"]]
    ours = str(busy.server.data).encode()
    seen = {process for (process, _), content in busy.seen.items() if ours in content}
    assert len(seen) >= 5, seen  # server, launcher, driver, zygote, workers


def test_what_a_job_starts_is_known_by_its_environment(busy: Busy) -> None:
    python = [p for (p, f), c in busy.seen.items() if f == "cmdline" and b"_worker.zygote" in c]
    assert len(python) >= 3  # the zygote and its workers
    assert [p for p in python if b"JOBSERVER_DRIVER=" not in busy.seen[p, "environ"]] == []


def test_no_argument_and_no_environment_has_one(busy: Busy) -> None:
    found = {key: busy.found_in(content) for key, content in busy.seen.items()}
    assert {key: names for key, names in found.items() if names} == {}


def test_no_log_has_one(busy: Busy) -> None:
    data = busy.server.data
    logs = [*data.glob("log/*"), *data.glob("contexts/*/log/**/*")]
    logs = [file for file in logs if file.is_file()]
    assert len(logs) >= 5, logs  # server, its output, audit, driver, Python, jobs
    found = {file.name: busy.found_in(file.read_bytes()) for file in logs}
    assert {name: names for name, names in found.items() if names} == {}


def test_files_that_have_one_are_for_their_owner_alone(busy: Busy) -> None:
    found = []
    for file in (file for file in busy.server.data.rglob("*") if file.is_file()):
        if busy.found_in(file.read_bytes()):
            found.append(file.name)
            way = [file, *file.parents][: len(file.relative_to(busy.server.data).parts) + 1]
            assert any(stat.S_IMODE(step.stat().st_mode) & 0o077 == 0 for step in way), file
    assert {"local-token", "spark.properties"} <= set(found)


@pytest.mark.parametrize(
    "path", ["/contexts", "/contexts/c", "/jobs", "/status", "/metrics", "/readyz/checks"]
)
def test_no_answer_has_one(busy: Busy, path: str) -> None:
    answer = busy.server.get(path)
    assert answer.status == 200
    assert busy.found_in(answer.text.encode()) == []


def sockets(process: int) -> set[str]:
    """The numbers by which the kernel knows the sockets of a process."""
    files = Path("/proc") / str(process) / "fd"
    return {os.readlink(file)[8:-1] for file in files.iterdir() if file.is_symlink()}


def listening(process: int) -> set[int]:
    """The ports on which a process listens."""
    inodes = sockets(process)
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in (Path("/proc/net") / table).read_text().splitlines()[1:]
    ]
    return {int(f[1].rpartition(":")[2], 16) for f in lines if f[3] == "0A" and f[9] in inodes}


def test_spark_of_a_driver_talks_to_nobody_without_its_secret(busy: Busy) -> None:
    """Any user of the machine reaches these ports, and who may talk there is the server's user."""
    body = bytes(20)
    frame = struct.pack(">bqi", 3, 4711, len(body)) + body  # a call, as Spark's processes make it
    answers = []
    for port in listening(busy.server.driver("c")):
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">q", len(frame) + 8) + frame)
            with contextlib.suppress(OSError):
                answers.append(connection.recv(65536))
    of_spark = [answer for answer in answers if answer[9:17] == struct.pack(">q", 4711)]
    assert len(of_spark) >= 2, answers  # its calls, and its blocks
    for answer in of_spark:
        assert b"Expected SaslMessage" in answer, answer


def listening_sockets(process: int) -> set[Path]:
    """The sockets in the file system on which a process listens."""
    inodes = sockets(process)
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    here = Path(f"/proc/{process}/cwd").resolve()
    return {(here / f[7]).resolve() for f in lines if f[3] == "00010000" and f[6] in inodes}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_no_other_user_reaches_the_socket_of_the_workers(
    busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By it a driver tells its workers what to run. It is looked for from its own folder: others
    above it may be open."""
    (path,) = listening_sockets(busy.server.driver("c"))
    monkeypatch.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as other, as_nobody(), pytest.raises(PermissionError):
        other.connect(path.name)
    with socket.socket(socket.AF_UNIX) as own:
        own.connect(path.name)
