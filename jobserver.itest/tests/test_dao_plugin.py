"""A plugin that brings the store: everything moves to it and back, and it may go while jobs run."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from server import ALONE, HOME, PATIENCE, Answer, Server, alive, example, running, until

DERBY = "spark.jobserver.io.JobSqlDAO"
FILES = "jobserver.dao.example.FileDao"
SLOW = "example_jobs.slow_job.SlowJob"
WORDS = "example_jobs.word_count.WordCountSparkJob"
INPUT = 'input.strings = ["a", "b", "a"]'
STORED = ("/jobs", "/contexts", "/binaries")
BUNDLE = HOME / "examples" / "jobserver.dao.custom-example.jar"
PLUGIN = "store.jar"


def bring(server: Server, note: str = "") -> None:
    """Puts the bundle into the folder as a whole; with a note in it, it is another revision."""
    part = server.home / "store.part"
    shutil.copy(BUNDLE, part)
    if note:
        with zipfile.ZipFile(part, "a") as jar:
            jar.writestr("note.txt", note)
    part.rename(server.home / "plugins" / PLUGIN)


def remove(server: Server) -> None:
    (server.home / "plugins" / PLUGIN).unlink()


def restart(server: Server, store: str) -> None:
    """Another server over the same data, with the contexts of the first."""
    server.stop("--keep-contexts")
    server.conf.write_text(ALONE + f'spark.jobserver.jobdao = "{store}"\n' + PATIENCE)
    server.start()


def is_ready(server: Server) -> bool:
    # What readiness was found a moment ago is told for a second.
    return server.get("/readyz").status == server.get("/jobs?limit=1").status == 200


def until_ready(server: Server, seconds: float = 60) -> None:
    until(lambda: is_ready(server), seconds, "the store is there")


def until_gone(server: Server, *words: str) -> None:
    """What needs the store says that it is away; the server itself lives."""

    def gone(path: str) -> Answer | None:
        answer = server.get(path)
        refused = answer.status == 503 and all(word in answer.json["result"] for word in words)
        return answer if refused else None

    for path in STORED:
        answer = until(lambda path=path: gone(path), 20, f"{path} is refused")
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json["status"] == "ERROR"
    assert server.get("/healthz").status == 200
    until(lambda: server.get("/readyz").status == 503, 5, "it is not ready")
    assert server.get("/context-factories").status == server.get("/plugins").status == 200


def run_words(server: Server, context: str) -> str:
    answer = server.submit("example_jobs", WORDS, context, INPUT, sync="true", timeout="60")
    assert (answer.status, answer.json["result"]) == (200, {"a": 2, "b": 1}), answer.text
    return str(answer.json["jobId"])


def start_slow(server: Server, context: str, seconds: float) -> str:
    answer = server.submit("example_jobs", SLOW, context, f"sleep.seconds = {seconds}")
    assert answer.status == 202, answer.text
    return str(answer.json["jobId"])


def told(server: Server, job_ids: list[str]) -> dict[str, Any]:
    """All that REST tells of what is stored, but for what goes on."""
    answers: dict[str, Any] = {"binaries": server.get("/binaries").json}
    for job in job_ids:
        answers[job] = [
            server.get(f"/jobs/{job}").text,
            server.get(f"/jobs/{job}/config").text,
            server.get(f"/jobs/{job}/result").text,
        ]
    answers["jobs"] = [job["jobId"] for job in server.get("/jobs?limit=1000").json]
    return answers


@dataclass
class Lives:
    """What a server is followed through."""

    server: Server
    driver: int
    jobs: list[str] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)

    def remember(self) -> None:
        self.jobs = [job["jobId"] for job in self.server.get("/jobs?limit=1000").json]
        self.known = told(self.server, self.jobs)

    def has_all(self) -> None:
        """Whatever it knew it knows, and the context goes on in its driver."""
        assert told(self.server, self.jobs) == self.known
        assert self.server.driver("stays") == self.driver
        run_words(self.server, "stays")
        self.remember()


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    with running(tmp_path_factory.mktemp("store")) as server:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))
        server.upload("again", example("sjs_python_examples-*.egg"))
        server.context("stays")
        server.context("over")
        run_words(server, "over")
        failed = server.submit("example_jobs", WORDS, "stays", "wrong = 1", sync="true")
        assert failed.status == 400, failed.text
        assert server.request("DELETE", "/contexts/over").status == 200
        run_words(server, "stays")
        yield Lives(server, server.driver("stays"))


def test_the_server_waits_for_a_store_and_copies_everything_into_it(lives: Lives) -> None:
    server = lives.server
    lives.remember()
    assert len(lives.jobs) == 3

    restart(server, FILES)
    until_gone(server, f"The store {FILES} (spark.jobserver.jobdao) is not there now", DERBY)
    bring(server)
    until_ready(server)

    lives.has_all()
    assert server.context_state("over") == "FINISHED"
    assert f"the store {FILES} has it all" in server.log()
    assert alive(lives.driver)


def test_a_job_outlives_the_store(lives: Lives) -> None:
    server = lives.server
    job = start_slow(server, "stays", 3)
    killed = start_slow(server, "stays", 600)
    begun = time.monotonic()
    lives.remember()

    remove(server)
    until_gone(server, f"The store {FILES} (spark.jobserver.jobdao) is not there now")
    while time.monotonic() < begun + 5:  # the job ends meanwhile
        time.sleep(0.1)
    assert alive(lives.driver)
    bring(server)
    until_ready(server)

    assert server.ended(job, 20)["status"] == "FINISHED"
    assert server.job(killed)["status"] == "RUNNING"
    assert server.request("DELETE", f"/jobs/{killed}").json == {"status": "KILLED"}
    assert server.driver("stays") == lives.driver
    run_words(server, "stays")


def test_whoever_waits_for_a_job_is_told_that_it_goes_on(lives: Lives) -> None:
    server = lives.server
    answers: list[Answer] = []

    def wait() -> None:
        answers.append(
            server.submit(
                "example_jobs", SLOW, "stays", "sleep.seconds = 4", sync="true", timeout="60"
            )
        )

    waiting = threading.Thread(target=wait)
    waiting.start()
    until(lambda: server.get("/jobs?status=RUNNING").json, 10, "the job runs")
    remove(server)
    waiting.join(20)
    bring(server)
    until_ready(server)

    (answer,) = answers
    assert answer.status == 500, answer
    job = answer.json["result"]["message"].split("/jobs/")[1].split(" ")[0]
    assert "It goes on" in answer.json["result"]["message"]
    assert server.ended(job, 20)["status"] == "FINISHED"


def test_an_update_of_the_store_is_short(lives: Lives) -> None:
    server = lives.server
    job = start_slow(server, "stays", 6)
    lives.remember()
    ended = [one for one in lives.jobs if one != job]
    known = told(server, ended)
    statuses: list[tuple[float, int]] = []
    end = time.monotonic() + 6
    bring(server, "another revision")
    while time.monotonic() < end:
        answer = server.get("/jobs?limit=1")
        assert answer.status in (200, 503), answer
        assert answer.status == 200 or answer.headers["Retry-After"]
        statuses.append((time.monotonic(), answer.status))
        time.sleep(0.01)
    served = [moment for moment, status in statuses if status == 200]
    gap = max(later - earlier for earlier, later in itertools.pairwise(served))

    assert len(served) < len(statuses), "it was updated"
    print(f"requests were refused for {gap:.2f} s at the most")
    assert gap < 5
    assert told(server, ended) == known
    assert server.ended(job, 20)["status"] == "FINISHED"
    assert server.driver("stays") == lives.driver


def test_everything_is_copied_back(lives: Lives) -> None:
    server = lives.server
    lives.remember()

    restart(server, DERBY)
    until_ready(server)

    lives.has_all()
    assert f"the store {DERBY} has it all" in server.log()


def test_a_store_is_not_used_while_the_data_are_out_of_reach(lives: Lives) -> None:
    server = lives.server
    restart(server, FILES)
    until_ready(server)
    lives.has_all()
    lives.remember()

    server.stop("--keep-contexts")
    remove(server)
    server.conf.write_text(ALONE + PATIENCE)
    server.start()
    until_gone(server, f"The store {DERBY} (spark.jobserver.jobdao) is not used", FILES)
    bring(server)
    until_ready(server)

    lives.has_all()


def test_what_somebody_else_has_stored_is_not_overwritten(lives: Lives, tmp_path: Path) -> None:
    server = lives.server
    lives.remember()
    files = server.data / "files-of-example" / "contexts"
    (victim, *_) = files.iterdir()
    victim.rename(tmp_path / "taken away")

    restart(server, FILES)
    until_gone(server, f"there are data in {FILES} that this server has not left there")
    restart(server, DERBY)
    until_ready(server)

    lives.has_all()
