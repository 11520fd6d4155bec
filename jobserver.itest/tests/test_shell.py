"""The operator's shell: commands to a running server, for its user and for no job."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
import tempfile
import time
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from credentials import as_nobody
from server import KERNEL_TELLS, SESSION_FACTORY, Server, running, until

pytestmark = pytest.mark.skipif(
    not KERNEL_TELLS, reason="the kernel does not tell whose a connection is"
)

JOBS = '''
import os
import socket
import subprocess
import sys
import tempfile

from sparkjobserver.api import SparkJob

ASK = """
import os, socket, sys, tempfile
with socket.socket(socket.AF_UNIX) as client, tempfile.TemporaryDirectory(dir="/tmp") as folder:
    client.bind(os.path.join(folder, "c"))
    os.chdir(os.path.dirname(sys.argv[1]))
    client.connect(os.path.basename(sys.argv[1]))
    print(client.makefile().readline())
"""


class Ask(SparkJob):
    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, config):
        def child(**settings):
            return subprocess.run(
                [sys.executable, "-S", "-c", ASK, config["socket"]],
                capture_output=True,
                text=True,
                check=True,
                **settings,
            ).stdout

        os.chdir(os.path.dirname(config["socket"]))
        # A job's own temporary folder is too far down for the name of a socket.
        with (
            socket.socket(socket.AF_UNIX) as client,
            tempfile.TemporaryDirectory(dir="/tmp") as folder,
        ):
            client.bind(os.path.join(folder, "c"))
            client.connect(os.path.basename(config["socket"]))
            own = client.makefile().readline()
        return {"own": own, "child": child(), "cleared": child(env={})}
'''


class Shell:
    """A session, as any program may have one."""

    def __init__(self, data: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        with tempfile.TemporaryDirectory() as folder:
            self.socket.bind(str(Path(folder) / uuid.uuid4().hex))
            with in_folder(data / "run"):
                self.socket.connect("shell.sock")
        self.lines = self.socket.makefile(encoding="utf-8", newline="\n")

    def line(self) -> str:
        """The next line; empty at the end."""
        return self.lines.readline()

    def ask(self, command: str) -> tuple[bool, list[str]]:
        """Whether a command went well, and what it has printed."""
        self.socket.sendall(f"{command}\n".encode())
        printed = []
        while (line := self.line()) not in ("ok\n", "failed\n"):
            assert line[:1] in (" ", "!"), line
            printed.append(line[1:].rstrip("\n"))
        return line == "ok\n", printed

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


@contextlib.contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """For paths of sockets, which must be short."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def session(server: Server) -> Iterator[Shell]:
    """A session that is ready."""
    shell = Shell(server.data)
    try:
        assert shell.line() == "ready\n"
        yield shell
    finally:
        shell.close()


@pytest.fixture(scope="module")
def busy(server: Server) -> Server:
    """A server with a context and a job."""
    server.context("shown")
    answer = server.submit(
        "example_jobs",
        "example_jobs.word_count.WordCountSparkJob",
        "shown",
        "input.strings = [a, b, a]",
        sync="true",
        timeout="120",
    )
    assert answer.status == 200, answer.text
    return server


def shell(server: Server, *command: str, code: int = 0) -> str:
    """What `bin/jobserver shell` prints, or complains of."""
    done = server.command("shell", "--data", str(server.data), *command)
    assert done.returncode == code, done
    return done.stdout if code == 0 else done.stderr


def columns(printed: str) -> list[list[str]]:
    """The entries of a table, whose columns are apart by two blanks at least."""
    return [re.split(r"  +", line) for line in printed.splitlines()]


# Commands


def test_context_factories(busy: Server) -> None:
    head, *rows = columns(shell(busy, "context-factories"))
    assert head == ["NAME", "BUNDLE", "VERSION"]
    names = {row[0]: row[1] for row in rows}
    assert names[SESSION_FACTORY] == "jobserver.context.python"


def test_contexts(busy: Server) -> None:
    head, row = columns(shell(busy, "jobserver:contexts"))
    assert head == ["NAME", "STATE", "SINCE", "OWNER", "FACTORY", "BUNDLE", "APPLICATION"]
    assert row[:2] == ["shown", "RUNNING"]
    assert row[4] == SESSION_FACTORY
    assert row[5].startswith("jobserver.context.python:")
    assert row[6] == busy.get("/contexts/shown").json["applicationId"]


def test_jobs_the_newest_first_as_many_as_wanted(busy: Server) -> None:
    second = busy.submit(
        "example_jobs",
        "example_jobs.word_count.WordCountSparkJob",
        "shown",
        "input.strings = [c]",
        sync="true",
        timeout="120",
    ).json["jobId"]
    head, latest, *others = columns(shell(busy, "jobs"))
    assert head == ["ID", "STATE", "SINCE", "TOOK", "CONTEXT", "OWNER", "CLASS"]
    assert (latest[0], latest[1], latest[4]) == (second, "FINISHED", "shown")
    assert len(others) >= 1
    _, only = columns(shell(busy, "jobs", "1"))
    assert only[0] == second
    assert 'LIMIT is a number from 1 to 1000, not "x".' in shell(busy, "jobs", "x", code=1)


def test_help_and_the_commands_of_the_framework(busy: Server) -> None:
    named = shell(busy, "help")
    for command in ("contexts", "context-factories", "jobs [LIMIT]", "plugin-install FILE"):
        assert re.search(rf"^{re.escape(command)} ", named, re.M), command
    assert re.search(r"\|Active .*jobserver\.shell", shell(busy, "lb -s"))


def test_what_is_typed_is_carried_out_until_exit(busy: Server) -> None:
    command = f"{busy.home}/bin/jobserver shell --data {busy.data}"
    typed = "contexts\\nnothing\\n\\njobs 1\\nexit\\ncontexts\\n"
    done = busy.command(within=("bash", "-c", f"printf '{typed}' | {command}"))
    assert (done.returncode, done.stdout.count("shown ")) == (0, 2), done
    assert done.stderr == "There is no command nothing: help lists those that there are.\n"
    assert "jobserver>" not in done.stdout


def test_a_terminal_is_prompted(busy: Server) -> None:
    command = f"{busy.home}/bin/jobserver shell --data {busy.data}"
    done = busy.command(within=("bash", "-c", f"echo contexts | script -qec '{command}' /dev/null"))
    assert done.stdout.count("jobserver> ") == 2, done
    assert re.search(r"^shown +RUNNING ", done.stdout, re.M)


def test_a_command_that_throws_is_told_in_words_and_the_session_goes_on(busy: Server) -> None:
    with session(busy) as shell:
        well, said = shell.ask("$.context installBundle nothing:there")
        assert (well, len(said)) == (False, 1), said
        incident = re.search(
            r"\(incident ([0-9a-f-]{36}): the server's log has the rest\)", said[0]
        )
        assert incident is not None, said
        logged = busy.log()
        assert f"incident {incident[1]}" in logged
        assert "BundleException" in logged[logged.index(incident[1]) :]
        assert shell.ask("contexts")[0]


def test_each_command_is_on_record(busy: Server) -> None:
    with session(busy) as shell:
        assert not shell.ask('nothing "a b"')[0]
    log = (busy.data / "log" / "audit.log").read_text()
    (line,) = re.findall(r'^.* command="nothing \?a b\?" .*$', log, re.M)
    user = re.escape(Path(f"/proc/{busy.pid}").owner())
    assert re.fullmatch(
        rf'\S+ request="shell-\d+" caller="{user}" way="shell" client="unix"'
        r' command="nothing \?a b\?" outcome="failed" ms="\d+"',
        line,
    )


def test_bin_jobserver_plugin_is_short_for_its_commands(busy: Server, tmp_path: Path) -> None:
    def plugin(*arguments: str, code: int) -> str:
        done = busy.command("plugin", *arguments, "--data", str(busy.data))
        assert done.returncode == code, done
        return done.stderr

    assert "plugin needs one of list" in plugin("unknown", code=2)
    assert "plugin install needs one file" in plugin("install", code=2)
    assert "plugin rollback needs one name" in plugin("rollback", code=2)
    missing = str(tmp_path / "none.jar")
    assert plugin("install", missing, code=1) == f"jobserver: There is no file {missing}.\n"
    text = tmp_path / "it's no bundle.jar"
    text.write_text("text")
    relative = os.path.relpath(text)
    assert plugin("update", relative, code=1).startswith((f"{text} is no bundle", "Plugins"))
    commands = (busy.data / "log" / "audit.log").read_text()
    assert f"jobserver:plugin-update '{text}'".replace("'s", "'\\''s") in commands


# Who may


def test_the_socket_is_for_the_servers_user_alone(busy: Server) -> None:
    folder = busy.data / "run"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    found = (folder / "shell.sock").stat()
    assert (stat.S_ISSOCK(found.st_mode), stat.S_IMODE(found.st_mode)) == (True, 0o600)
    assert [file.name for file in folder.iterdir()] == ["shell.sock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused(busy: Server, tmp_path: Path) -> None:
    folder = busy.data / "run"
    with tempfile.TemporaryDirectory() as names, in_folder(folder):
        Path(names).chmod(0o777)
        for open_to_all in (False, True):
            if open_to_all:
                folder.chmod(0o711)
                (folder / "shell.sock").chmod(0o666)
            with socket.socket(socket.AF_UNIX) as client, as_nobody():
                client.bind(f"{names}/{open_to_all}")
                if not open_to_all:
                    with pytest.raises(PermissionError):
                        client.connect("shell.sock")
                    continue
                client.connect("shell.sock")
                said = client.makefile().readline()
                assert said == "refused This is for the user who runs the server, and no other.\n"
        folder.chmod(0o700)
        (folder / "shell.sock").chmod(0o600)
    strangers = (busy.data / "log" / "audit-strangers.log").read_text()
    assert 'caller="-" way="shell" client="unix" command="-" outcome="refused"' in strangers


def test_a_socket_without_a_name_is_refused(busy: Server) -> None:
    with socket.socket(socket.AF_UNIX) as client, in_folder(busy.data / "run"):
        client.connect("shell.sock")
        assert client.makefile().readline().startswith("refused The client's socket must be bound")


def test_what_a_job_starts_is_refused(busy: Server, tmp_path: Path) -> None:
    egg = tmp_path / "ask.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr("ask.py", JOBS)
    busy.upload("ask", egg)
    config = f'socket = "{busy.data}/run/shell.sock"'
    answer = busy.submit("ask", "ask.Ask", "shown", config, sync="true", timeout="120")
    assert answer.status == 200, answer.text
    for who, said in answer.json["result"].items():
        assert said.startswith("refused This is of a process that the server or one of"), who


# Sessions


def test_two_sessions_at_once(busy: Server) -> None:
    with session(busy) as one, session(busy) as other:
        assert one.ask("x = 1") == (True, ["1"])
        assert other.ask("x = 2") == (True, ["2"])
        assert one.ask("$x") == (True, ["1"])
        assert other.ask("contexts")[0]


def test_a_session_ends_when_nothing_is_asked_and_there_are_only_so_many(tmp_path: Path) -> None:
    conf = 'spark.jobserver.shell { max-sessions = 1, idle-timeout = "2 s" }\n'
    with running(tmp_path, conf) as server:
        with session(server) as only:
            assert "There are 1 sessions already" in shell(server, "contexts", code=1)
            assert only.ask("contexts") == (True, ["There are no contexts."])
            begin = time.monotonic()
            assert only.line().startswith("bye Nothing was asked for 2 s")
            assert time.monotonic() - begin > 1.5
            assert only.line() == ""
        # The next one finds room, a moment later.
        until(
            lambda: server.command("shell", "--data", str(server.data), "contexts").returncode == 0,
            10,
            "there is room again",
        )


def test_the_socket_goes_with_the_server_and_one_that_is_left_is_replaced(fresh: Server) -> None:
    assert "There is no data folder" in shell(fresh, "contexts", code=1)
    fresh.start()
    folder = fresh.data / "run"
    with session(fresh) as ended:
        fresh.stop()
        assert ended.line() == ""
    assert list(folder.iterdir()) == []
    assert "No server runs on" in shell(fresh, "contexts", code=1)

    fresh.start()
    fresh.kill()
    left = (folder / "shell.sock").stat().st_mtime_ns
    (folder / "client-left").touch()
    fresh.start()
    assert shell(fresh, "contexts") == "There are no contexts.\n"
    assert [file.name for file in folder.iterdir()] == ["shell.sock"]
    assert (folder / "shell.sock").stat().st_mtime_ns > left
    fresh.stop()

    fresh.conf.write_text(fresh.conf.read_text() + "spark.jobserver.shell.enabled = false\n")
    fresh.start()
    assert list(folder.iterdir()) == []
    assert "spark.jobserver.shell.enabled" in shell(fresh, "contexts", code=1)


def test_a_long_data_folder_is_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with running(deep) as server:
        assert shell(server, "contexts") == "There are no contexts.\n"


def test_a_wrong_configuration_is_named(fresh: Server) -> None:
    fresh.is_wrong(
        "spark.jobserver.shell.max-sessions = 0",
        "spark.jobserver.shell.max-sessions must be at least 1, not 0",
    )
