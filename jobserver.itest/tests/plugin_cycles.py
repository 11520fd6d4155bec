"""A plugin that comes, changes and goes again and again while jobs run, and what is left of it."""

from __future__ import annotations

import io
import re
import subprocess
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from plugin_jars import FACTORY, NAME, all_three, upload_job, word_of
from server import SESSION_FACTORY, Server, until

#: The class loader that the framework gives a bundle.
LOADER = "org.apache.felix.framework.BundleWiringImpl$BundleClassLoader"
COLLECTIONS = 3


@dataclass(frozen=True)
class Count:
    """What a server has, after collections.

    :param loaders: class loaders of bundles
    :param metaspace: MiB of classes
    :param threads: of the process
    :param handles: open files and sockets
    """

    loaders: int
    metaspace: float
    threads: int
    handles: int


def count(pid: int) -> Count:
    for _ in range(COLLECTIONS):
        jcmd(pid, "GC.run")
        time.sleep(0.5)  # another thread lets go of what a reference queue has
    loaders = re.search(
        rf"^\s*\d+:\s+(\d+)\s+\d+\s+{re.escape(LOADER)}",
        jcmd(pid, "GC.class_histogram"),
        re.MULTILINE,
    )
    used = re.search(r"Metaspace\s+used (\d+)K", jcmd(pid, "GC.heap_info"))
    assert loaders is not None
    assert used is not None
    return Count(
        int(loaders[1]),
        int(used[1]) / 1024,
        len(list(Path(f"/proc/{pid}/task").iterdir())),
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
    )


def jcmd(pid: int, command: str) -> str:
    return subprocess.run(
        ["jcmd", str(pid), command], capture_output=True, text=True, check=True
    ).stdout


class Revision:
    """Jars of one word, which differ by a number in them."""

    def __init__(self, word: str, version: str) -> None:
        self.word = word
        self._jar = all_three(word, version)

    def jar(self, number: int) -> bytes:
        whole = io.BytesIO(self._jar)
        with zipfile.ZipFile(whole, "a") as archive:
            archive.writestr("number.txt", str(number))
        return whole.getvalue()


class Load:
    """Jobs in contexts that have nothing to do with the cycles, until it is closed."""

    def __init__(self, server: Server, contexts: dict[str, str]) -> None:
        """:param contexts: the word of each, by its name"""
        self.jobs = 0
        self.wrong: list[str] = []
        self._server = server
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=one, daemon=True) for one in contexts.items()
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, context: str, word: str) -> None:
        while not self._over.is_set():
            answer = self._server.submit(
                "words", "tells.Tells", context, "", sync="true", timeout="60"
            )
            self.jobs += 1
            if answer.status != 200 or answer.json["result"] != word:
                self.wrong.append(f"{context}: {answer}")
            time.sleep(0.02)

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


class Cycles:
    """Installs, updates and removes a plugin that brings all that one may, and uses each of it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._first = Revision("one", "1.0.0")
        self._second = Revision("two", "2.0.0")
        self._number = 0
        upload_job(server, folder)

    def pinned(self) -> dict[str, str]:
        """Makes contexts that stay, one of a revision that goes; gives the word of each."""
        server = self._server
        self._put(Revision("pinned", "0.1.0"), 201)
        for name, factory in (("pinned", FACTORY), ("session", SESSION_FACTORY)):
            answer = server.request("POST", f"/contexts/{name}?context-factory={factory}")
            assert answer.status == 200, answer.text
        self._remove()
        return {"pinned": "pinned", "session": "a session"}

    def one(self) -> None:
        """A cycle."""
        server = self._server
        self._put(self._first, 201)
        answer = server.request("POST", f"/contexts/cycle?context-factory={FACTORY}")
        assert answer.status == 200, answer.text
        assert word_of(server, "cycle") == self._first.word
        self._put(self._second, 200)
        assert word_of(server, "cycle") == self._first.word
        assert server.request("DELETE", "/contexts/cycle").status == 200
        self._remove()

    def _put(self, revision: Revision, status: int) -> None:
        server = self._server
        self._number += 1
        answer = server.request("PUT", f"/plugins/{NAME}", revision.jar(self._number))
        assert answer.status == status, answer.text
        assert answer.json["brings"] == [
            f"ContextFactory {FACTORY}",
            "JobDao jobserver.dao.example.FileDao",
            "REST /words",
        ]
        # The route asks the store, and tells the word when that has done what stores do.
        until(lambda: server.get("/words").text == revision.word, 10, "the route answers")

    def _remove(self) -> None:
        server = self._server
        assert server.request("DELETE", f"/plugins/{NAME}").status == 200
        until(lambda: server.get("/words").status == 404, 10, "the route is gone")
        assert FACTORY not in server.get("/context-factories").text
