"""The driver's side of the conversation with zygote and workers, for tests."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

from archives import archive
from sparkjobserver._worker import frames

SOURCES = Path(__file__).parent.parent / "src"
STUB = """
import sys
from sparkjobserver._worker import attach, worker, zygote
from sparkjobserver.api import NamedObjects
from sparkjobserver.testing import MemoryStore

class Attachment:
    temporary_folder = ""
    def context_for(self, instance):
        return "context"
    def use_binaries(self, digest, includes):
        pass
    def named_objects(self, locks):
        return NamedObjects(MemoryStore())
    def warm_up(self):
        pass
    def serves_again(self):
        return True
    def settle(self, tag):
        print(f"settled {tag}", flush=True)

def attach(port, token, mode):
    if port == 0:
        raise ConnectionRefusedError("nobody listens")
    return Attachment()

worker.attach = attach
zygote.main()
"""
"""A zygote that is real but for its workers, which attach to nothing."""

PATIENCE = 60
"""Seconds after which a test gives up. Nothing takes that long."""


def python_path(*folders):
    """What finds these folders' modules, and those that this process finds by its environment."""
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(
        [str(folder) for folder in folders] + [path for path in inherited if path]
    )


class Driver:
    """Listens for one zygote and its workers, in a folder of its own."""

    def __init__(self, folder, command=None, environment=None):
        self.folder = folder
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.relpath(folder / "s"))
        self._listener.listen(20)
        log = (folder / "zygote.log").open("wb")
        self.zygote = subprocess.Popen(
            [*(command or [sys.executable, "-u", "-c", STUB]), "s"],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": python_path(SOURCES),
                **(environment or {}),
            },
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        with self.zygote.stdin as given:
            given.write(b"zygote token\n")
        self._workers = 0
        self._connections = []
        self.exits = {}
        try:
            self.control = self._accept()
        except BaseException:
            self._listener.close()
            self.zygote.kill()
            self.zygote.wait()
            raise
        self.hello = frames.receive_message(self.control)

    def close(self):
        self._listener.close()
        for connection in self._connections:
            connection.close()
        try:
            self.zygote.wait(PATIENCE)
        finally:
            self.zygote.kill()

    def log(self):
        return (self.folder / "zygote.log").read_text()

    def fork(self, port=1, token="worker token", mode="custom"):
        """A new worker that waits for its job."""
        self._workers += 1
        order = {"op": "fork", "id": self._workers, "port": port, "token": token, "mode": mode}
        frames.send_message(self.control, order)
        forked = self.told("forked", self._workers)
        connection = self._accept()
        return Worker(self, forked["pid"], connection, frames.receive_message(connection))

    def keep_small(self, log, limit, pid):
        order = {"op": "log", "pid": pid, "path": str(log), "limit": limit}
        frames.send_message(self.control, order)

    def log_over(self, pid):
        frames.send_message(self.control, {"op": "log-over", "pid": pid})

    def kill(self, pid):
        frames.send_message(self.control, {"op": "kill", "pid": pid})

    def told(self, key, value):
        """Waits for a message of the zygote; ends of workers before it are kept for later."""
        if key == "exit" and value in self.exits:
            return self.exits.pop(value)
        while True:
            message = frames.receive_message(self.control)
            if message.get(key) == value:
                return message
            self.exits[message["exit"]] = message

    def _accept(self):
        end = os.pidfd_open(self.zygote.pid)
        try:
            ready, _, _ = select.select([self._listener, end], [], [], PATIENCE)
        finally:
            os.close(end)
        assert self._listener in ready, self.log()
        connection, _ = self._listener.accept()
        connection.settimeout(PATIENCE)
        self._connections.append(connection)
        return connection


class Worker:
    def __init__(self, driver, pid, connection, hello):
        self.driver = driver
        self.pid = pid
        self.connection = connection
        self.hello = hello
        self.jobs = 0

    def give(
        self,
        class_path,
        source,
        config=None,
        includes=(),
        kind="Egg",
        *,
        limit=None,
        memory=0,
        may_stay=False,
    ):
        """Hands a job over: a module's source, or the path of an archive.

        :param limit: how many bytes of its log are kept
        :param memory: how many bytes its processes may have each; 0 for any
        :param may_stay: whether the worker may run another job afterwards
        """
        self.jobs += 1
        folder = self.driver.folder
        if isinstance(source, Path):
            path, digest = source, source.stem
        else:
            path = folder / f"{self.pid}.egg"
            digest = archive(path, {f"{class_path.split('.')[0]}.py": source})
        self.log_file = folder / f"{self.pid}-{self.jobs}.log"
        if limit is not None:
            self.driver.keep_small(self.log_file, limit, self.pid)
        frames.send_message(
            self.connection,
            {
                "op": "job",
                "jobId": f"job-{self.pid}",
                "classPath": class_path,
                "archive": str(path),
                "type": kind,
                "digest": digest,
                "unpacked": "unpacked",
                "includes": list(includes),
                "config": json.dumps(config or {}),
                "contextConfig": '{"context":{"name":"c"}}',
                "log": str(self.log_file),
                "longestResult": 1 << 20,
                "memory": memory,
                "tag": f"tag {self.pid}",
                "mayStay": may_stay,
            },
        )
        return self

    def answer(self):
        """All that the worker says of its job; the result parsed. Closes the connection then."""
        said = []
        with contextlib.suppress(EOFError):
            while not said or said[-1]["op"] != "ended":
                said.append(self._next())
            if said[-1]["outcome"] == "finished":
                said.append(self._next())
        self.connection.close()
        return said

    def said(self, messages):
        """So many messages of the worker, which is not told that they were taken."""
        return [self._next() for _ in range(messages)]

    def result(self):
        """The result of a job that is over, whose worker stays."""
        assert self._next() == {"op": "validated"}
        assert self._next() == {"op": "ended", "stays": True, "outcome": "finished"}
        return self._next()

    def _next(self):
        return json.loads(frames.receive(self.connection))

    def outcome(self):
        """The last message, and the result where there is one."""
        said = self.answer()
        if said and said[-1] == {"op": "ended", "outcome": "finished"}:
            raise AssertionError("the result is missing")
        if len(said) >= 2 and said[-2] == {"op": "ended", "outcome": "finished"}:
            return said[-1]
        return said[-1]

    def exit(self):
        """How the process ended, in the zygote's words."""
        return self.driver.told("exit", self.pid)["status"]

    def log(self):
        return self.log_file.read_text()


def wait_until_gone(pid):
    """Waits for the end of a process that need not be a child of this one."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([descriptor], [], [], PATIENCE)
        assert ready, f"process {pid} goes on"
    finally:
        os.close(descriptor)
