"""Drivers that are ready before their context is asked for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import server as jobserver
from server import Server, until

WORD_COUNT = "example_jobs.word_count.WordCountSparkJob"


def spares(server: Server) -> dict[int, str]:
    """The ids of the contexts to come, by their drivers' processes."""
    found = {}
    for ready in (server.data / "contexts").glob("*/spare-ready"):
        name = ready.parent.name
        if not (ready.parent / "spare-assigned").exists():
            for pid, command in jobserver.processes(name.encode()).items():
                if "DriverMain" in command and "spark-submit" not in command.split()[0]:
                    found[pid] = name
    return found


def spare(server: Server) -> tuple[int, str]:
    """The one that is ready, once it is."""
    found = until(lambda: spares(server), 240, "a spare driver is ready")
    assert len(found) == 1
    return next(iter(found.items()))


def count_words(server: Server, context: str) -> None:
    answer = server.submit(
        "example_jobs", WORD_COUNT, context, 'input.strings = ["a", "b", "a"]', sync="true"
    )
    assert answer.json["result"] == {"a": 2, "b": 1}, answer.text


@pytest.fixture(scope="module")
def spared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    conf = "spark.jobserver.driver.spares = 1\n"
    with jobserver.running(tmp_path_factory.mktemp("spared"), conf) as running:
        running.upload("example_jobs", jobserver.example("sjs_python_examples-*.egg"))
        yield running


def test_a_context_takes_the_spare_with_its_id_its_folder_and_its_process(spared: Server) -> None:
    pid, context_id = spare(spared)
    body = "spark.context-settings { num-cpu-cores = 2, spark.sql.shuffle.partitions = 3 }"
    spared.context("taken", body)
    report = spared.get("/contexts/taken").json
    assert report["driverStart"] == "spare"
    assert report["id"] == context_id
    assert spared.driver("taken") == pid
    assert f"context {context_id}: spare start of its driver" in spared.log()
    count_words(spared, "taken")


def test_it_has_the_settings_of_its_context_and_nothing_of_the_one_it_was_warmed_up_with(
    spared: Server,
) -> None:
    spare(spared)
    spared.context(
        "settings",
        "spark.context-settings { spark.sql.shuffle.partitions = 5, spark.ui.enabled = false }",
    )
    report = spared.get("/contexts/settings").json
    assert report["driverStart"] == "spare"
    assert "url" not in report
    folder = spared.data / "contexts" / report["id"]
    assert not (folder / "warm-up").exists()
    properties = (folder / "spark.properties").read_text()
    assert "spark.app.name=settings\n" in properties
    assert "spark.sql.shuffle.partitions=5\n" in properties
    count_words(spared, "settings")


def test_settings_that_a_running_process_cannot_take_start_another_one(spared: Server) -> None:
    pid, _ = spare(spared)
    spared.context("own", 'spark.context-settings { spark.driver.memory = "700m" }')
    report = spared.get("/contexts/own").json
    assert report["driverStart"] in ("cold", "archive")
    assert spared.driver("own") != pid
    assert pid in spares(spared)
    count_words(spared, "own")


def test_a_job_without_a_context_takes_it_and_it_is_gone_with_the_job(spared: Server) -> None:
    pid, context_id = spare(spared)
    query = f"/jobs?appName=example_jobs&classPath={WORD_COUNT}&sync=true"
    answer = spared.request("POST", query, 'input.strings = ["a"]')
    assert answer.json["result"] == {"a": 1}
    until(lambda: not jobserver.alive(pid), 30, "its driver has ended")
    left = lambda: [f.name for f in (spared.data / "contexts" / context_id).iterdir()]  # noqa: E731
    until(lambda: left() == ["log"], 30, "its folder is cleared")


def test_a_spare_that_is_killed_is_replaced(spared: Server) -> None:
    pid, context_id = spare(spared)
    os.kill(pid, signal.SIGKILL)
    replaced = until(lambda: {p for p in spares(spared) if p != pid}, 240, "there is another spare")
    assert pid not in replaced
    assert not (spared.data / "contexts" / context_id).exists()


def test_a_spare_ends_with_a_server_that_was_killed_and_the_next_one_cleans_up(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, "spark.jobserver.driver.spares = 1\n")
    try:
        server.start()
        pid, context_id = spare(server)
        server.kill()
        until(lambda: not jobserver.alive(pid), 30, "the spare has ended")
        server.start()
        until(
            lambda: not (server.data / "contexts" / context_id).exists(),
            30,
            "what the spare has left is removed",
        )
    finally:
        server.end()


def test_a_context_of_a_spare_is_taken_up_by_the_next_server(spared: Server) -> None:
    spare(spared)
    spared.context("stays")
    pid = spared.driver("stays")
    spared.kill()
    spared.start()
    until(lambda: spared.context_state("stays") == "RUNNING", 60, "it is taken up")
    count_words(spared, "stays")
    assert spared.driver("stays") == pid
    assert spared.get("/contexts/stays").json["driverStart"] == "spare"
