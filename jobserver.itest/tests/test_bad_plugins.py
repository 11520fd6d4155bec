"""Bundles that must not harm the server: others keep answering, and what is wrong is told."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import plugin_jars
import pytest
from bad_plugins import BAD
from plugin_jars import put, words
from server import SPARK_HOME, Server, until


def told(server: Server, name: str) -> str:
    answer = server.get(f"/plugins/{name}")
    if answer.status != 200 or answer.json["state"] != "FAILED":
        return ""
    return "\n".join(answer.json["problems"])


def test_bad_plugins_are_told_and_harm_nobody(server: Server, tmp_path: Path) -> None:
    jars = {kind: make() for kind, (make, _, _) in BAD.items()}
    put(server, "good.jar", words("one"))
    plugin_jars.upload_job(server, tmp_path)
    until(lambda: "ACTIVE" in server.get(f"/plugins/{plugin_jars.NAME}").text, 20, "it runs")
    answer = server.request("POST", f"/contexts/good?context-factory={plugin_jars.FACTORY}")
    assert answer.status == 200, answer.text

    over = threading.Event()
    wrong: list[str] = []

    def others() -> None:
        while not over.is_set():
            for path in ("/healthz", "/jobs?limit=5", "/contexts", "/plugins"):
                if (answer := server.get(path)).status != 200:
                    wrong.append(f"{path}: {answer}")
            if plugin_jars.word_of(server, "good") != "one":
                wrong.append("the job")

    at_work = threading.Thread(target=others)
    at_work.start()
    try:
        for kind, content in jars.items():
            put(server, f"{kind}.jar", content)
        put(server, "zz-second.jar", words("two", "2.0.0"))
        for kind, (_, name, words_of_it) in BAD.items():
            until(lambda name=name: told(server, name), 120, f"{kind} is told")
            assert words_of_it in told(server, name), kind
        assert told(server, "zz-second.jar") == (
            f"good.jar brings {plugin_jars.NAME} already. Remove one of the two files."
        )
    finally:
        over.set()
        at_work.join(60)
    assert wrong == []
    assert not at_work.is_alive()
    assert not (server.home.parent / "slipped.txt").exists()
    assert server.get("/open").status == 404
    assert server.get("/jobs/mine").status == 404
    assert server.get(f"/plugins/{plugin_jars.NAME}").json["state"] == "ACTIVE"

    for file in (server.home / "plugins").glob("*.jar"):
        file.unlink()
    until(lambda: server.get("/plugins").json == [], 20, "all are gone")
    assert plugin_jars.word_of(server, "good") == "one"


@pytest.mark.parametrize("kind", ["throws", "shadow", "half", "good"])
def test_a_bundle_is_checked_by_a_command(server: Server, tmp_path: Path, kind: str) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(words("one") if kind == "good" else BAD[kind][0]())

    done = subprocess.run(
        [server.home / "bin" / "jobserver", "plugin", "check", jar],
        env={**server.env, "SPARK_HOME": str(SPARK_HOME)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    if kind == "good":
        assert done.returncode == 0, done.stderr
        assert f"brings ContextFactory {plugin_jars.FACTORY}" in done.stdout
        assert "no problem was found" in done.stdout
    else:
        assert done.returncode == 1, done.stderr
        assert "  problem: " in done.stdout
        assert BAD[kind][2] in done.stdout
