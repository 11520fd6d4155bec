"""Plugins of a running server: installed, updated, rolled back, removed, and what contexts keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plugin_jars
import pytest
from plugin_jars import FACTORY, NAME, put, upload_job, word_of, words
from server import KERNEL_TELLS, Server, running, until

SETTINGS = "spark.jobserver.rest.change-plugins = true\n"


def plugin(server: Server, name: str = NAME) -> Any:
    answer = server.get(f"/plugins/{name}")
    return answer.json if answer.status == 200 else {}


def until_runs(server: Server, version: str, name: str = NAME) -> Any:
    def runs() -> Any:
        now = plugin(server, name)
        return now if (now.get("state"), now.get("version")) == ("ACTIVE", version) else None

    return until(runs, 20, f"{name} {version} runs")


def made(server: Server, context: str, factory: str = FACTORY) -> str:
    """Makes a context; gives the bundle that it keeps."""
    answer = server.request("POST", f"/contexts/{context}?context-factory={factory}")
    assert answer.status == 200, answer.text
    return str(server.get(f"/contexts/{context}").json["bundle"])


def test_a_context_keeps_its_revision_over_updates_rollbacks_and_restarts(tmp_path: Path) -> None:
    with running(tmp_path, SETTINGS) as server:
        upload_job(server, tmp_path)
        put(server, "words.jar", words("one"))
        first = until_runs(server, "1.0.0")
        assert first["brings"] == [f"ContextFactory {FACTORY}"]
        assert made(server, "old") == f"{NAME}:1.0.0@{first['digest']}"

        put(server, "words.jar", words("two", "2.0.0"))
        second = until_runs(server, "2.0.0")
        assert second["previous"] == {"version": "1.0.0", "digest": first["digest"]}
        assert made(server, "new") == f"{NAME}:2.0.0@{second['digest']}"
        assert (word_of(server, "old"), word_of(server, "new")) == ("one", "two")

        back = server.request("POST", f"/plugins/{NAME}/rollback")
        assert back.status == 200, back.text
        assert (back.json["version"], back.json["rolledBack"]) == ("1.0.0", True)
        assert made(server, "back") == f"{NAME}:1.0.0@{first['digest']}"

        # The server is started again, with the contexts running and the rollback made.
        server.stop("--keep-contexts")
        server.start()
        assert until_runs(server, "1.0.0")["rolledBack"] is True
        assert [word_of(server, context) for context in ("old", "new", "back")] == [
            "one",
            "two",
            "one",
        ]

        # Its file is deleted while the server is down.
        server.stop("--keep-contexts")
        (server.home / "plugins" / "words.jar").unlink()
        server.start()
        assert server.get("/plugins").json == []
        assert FACTORY not in server.get("/context-factories").text
        assert [word_of(server, context) for context in ("old", "new")] == ["one", "two"]
        assert server.get("/contexts/new").json["bundle"] == f"{NAME}:2.0.0@{second['digest']}"


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server whose plugins are changed over HTTP."""
    folder = tmp_path_factory.mktemp("changed")
    with running(folder, SETTINGS) as server:
        upload_job(server, folder)
        yield server


def test_a_plugin_is_put_updated_refused_and_removed_over_http(changed: Server) -> None:
    answer = changed.request("PUT", f"/plugins/{NAME}", words("one", path="words"))
    assert answer.status == 201, answer.text
    assert answer.json["brings"] == [f"ContextFactory {FACTORY}", "REST /words"]
    assert (changed.home / "plugins" / f"{NAME}.jar").is_file()
    until(lambda: changed.get("/words").text == "one", 5, "its route answers")

    answer = changed.request("PUT", f"/plugins/{NAME}", words("two", "2.0.0", path="words"))
    assert (answer.status, answer.json["version"]) == (200, "2.0.0"), answer.text
    until(lambda: changed.get("/words").text == "two", 5, "the newer one answers")

    broken = plugin_jars.activated('throw new IllegalStateException("no luck");', NAME)
    answer = changed.request("PUT", f"/plugins/{NAME}", broken)
    assert answer.status == 422, answer.text
    assert "IllegalStateException: no luck, at org.example.bad.Activator.start" in answer.text
    assert plugin(changed)["version"] == "2.0.0"
    assert changed.get("/words").text == "two"

    answer = changed.request("PUT", "/plugins/org.example.other", words("three"))
    assert (answer.status, answer.json["result"]) == (
        422,
        f"The bundle's symbolic name is {NAME}, not org.example.other.",
    )

    assert changed.request("DELETE", f"/plugins/{NAME}").status == 200
    assert not (changed.home / "plugins" / f"{NAME}.jar").exists()
    assert changed.get(f"/plugins/{NAME}").status == 404
    until(lambda: changed.get("/words").status == 404, 5, "its route is gone")


def test_the_routes_of_a_plugin_are_described_and_tell_errors_as_the_server_does(
    changed: Server,
) -> None:
    answer = changed.request("PUT", f"/plugins/{NAME}", words("one", path="words"))
    assert answer.status == 201, answer.text
    try:
        until(lambda: changed.get("/words").status == 200, 5, "its route answers")
        paths = changed.get("/openapi.json").json["paths"]
        assert "get" in paths["/words"] and "get" in paths["/words/fails"]
        failure = changed.get("/words/fails")
        assert (failure.status, failure.json["status"]) == (500, "ERROR")
        assert "incident" in failure.json["result"]["message"]
        assert "hush" not in failure.text
        stranger = changed.used_with({"Authorization": "Bearer nobody"})
        assert stranger.get("/words").status == 401
    finally:
        changed.request("DELETE", f"/plugins/{NAME}")


def test_two_plugins_use_two_versions_of_a_library_at_the_same_time(
    changed: Server, tmp_path: Path
) -> None:
    for version in ("1.0.0", "2.0.0"):
        jar = tmp_path / f"library-{version}.jar"
        jar.write_bytes(plugin_jars.library(version))
        put(changed, jar.name, jar.read_bytes())
        major = int(version[0])
        put(
            changed,
            f"user{major}.jar",
            words(
                "",
                name=f"org.example.user{major}",
                factory=f"org.example.Factory{major}",
                imports=f',org.example.library;version="[{major},{major + 1})"',
                libraries=(jar,),
                expression="org.example.library.Library.version()",
            ),
        )
    try:
        for major in (1, 2):
            until_runs(changed, "1.0.0", f"org.example.user{major}")
            made(changed, f"with{major}", f"org.example.Factory{major}")
        assert (word_of(changed, "with1"), word_of(changed, "with2")) == ("1.0.0", "2.0.0")
    finally:
        for file in (changed.home / "plugins").glob("*.jar"):
            file.unlink()
        for major in (1, 2):
            changed.request("DELETE", f"/contexts/with{major}")
    until(lambda: changed.get("/plugins").json == [], 10, "all are gone")


@pytest.mark.skipif(not KERNEL_TELLS, reason="the kernel does not tell who is at a socket")
def test_an_operator_changes_plugins_by_commands(changed: Server, tmp_path: Path) -> None:
    def command(action: str, *arguments: str, code: int = 0) -> str:
        done = changed.command("plugin", action, *arguments, "--data", str(changed.data))
        assert done.returncode == code, done
        return done.stdout + done.stderr

    def file(content: bytes) -> str:
        jar = tmp_path / "a.jar"
        jar.write_bytes(content)
        return str(jar)

    assert "is not installed" in command("update", file(words("one")), code=1)
    assert "1.0.0" in command("install", file(words("one")))
    assert "2.0.0" in command("update", file(words("two", "2.0.0")))
    broken = plugin_jars.activated('throw new IllegalStateException("no luck");', NAME)
    assert "no luck, at org.example.bad.Activator" in command("install", file(broken), code=1)
    (line,) = [line for line in command("list").splitlines() if NAME in line]
    assert "ACTIVE" in line and "2.0.0" in line
    command("rollback", NAME)
    assert plugin(changed)["version"] == "1.0.0"
    assert plugin(changed)["rolledBack"] is True
    command("remove", NAME)
    assert plugin(changed) == {}
    assert "no plugin" in command("remove", NAME, code=1)


def test_a_server_can_be_started_without_its_plugins(tmp_path: Path) -> None:
    with running(tmp_path, SETTINGS) as server:
        put(server, "words.jar", words("one"))
        until_runs(server, "1.0.0")
        server.stop()
        server.start("--safe-mode")
        (off,) = server.get("/plugins").json
        assert (off["name"], off["state"], off["file"]) == (NAME, "OFF", "words.jar")
        assert "--safe-mode" in off["problems"][0]
        assert FACTORY not in server.get("/context-factories").text
        answer = server.request("PUT", f"/plugins/{NAME}", words("two"))
        assert answer.status == 403
        assert "--safe-mode" in answer.text
        assert server.get("/readyz").status == 200
