"""The commands of the documentation, run as they stand there, in their order."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from server import EXAMPLES, KERNEL_TELLS, Server, running, until, until_none_left

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """The blocks of a page that are commands."""
    return BLOCK.findall((ROOT / page).read_text())


def run(server: Server, folder: Path, command: str) -> str:
    """Runs a block; its server, and its home, are the test's."""
    here = command.replace("localhost:8090", f"127.0.0.1:{server.port}")
    here = re.sub(r"^home=.*$", f"home={server.home}", here, flags=re.MULTILINE)
    done = subprocess.run(
        [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            f'curl() {{ command curl -sS --fail-with-body "$@"; }}\n{here}',
        ],
        cwd=folder,
        env=server.env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Where the commands run: what they name of a clone is there."""
    folder = tmp_path / "clone"
    (folder / "examples").mkdir(parents=True)
    (folder / "examples" / "target").symlink_to(EXAMPLES)
    return folder


def test_the_page_for_job_authors(tmp_path: Path, clone: Path) -> None:
    with running(tmp_path) as server:
        printed = []
        home = ""
        for command in commands("docs/python-jobs.md"):
            if command.startswith(("bin/jobserver", "bin/buildPyExamples")):
                continue  # the fixtures have done that, and test_commands.py tests it
            if "venv-pack" in command:
                continue  # test_dependencies.py runs it
            stop = command.replace("bin/jobserver stop\n", "")
            printed.append(run(server, clone, home + stop))
            if (line := re.search(r"^home=.*$", command, re.MULTILINE)) is not None:
                home = line[0] + "\n"

    everything = "\n".join(printed)
    assert '"result":{"a":2,"b":2}' in everything
    assert '"result":[[20,1250.0],[21,1500.0]]' in everything
    assert '{"status":"KILLED"}' in everything
    assert "jobserver.context.example.CustomContextFactory" in everything
    assert '"result":["Hello, Ada"]' in everything
    assert len(printed) == 14


def test_the_page_on_rest(tmp_path: Path, clone: Path) -> None:
    with running(tmp_path) as server:
        printed = [run(server, clone, command) for command in commands("docs/rest-api.md")]

    everything = "\n".join(printed)
    assert '"status":"FINISHED"' in everything
    assert "event: state" in everything
    assert "Log-Next-Offset: " in everything
    assert '"title":"Bad Request"' in everything
    assert len(printed) == 7


def test_the_page_for_operators(tmp_path: Path, clone: Path) -> None:
    with running(tmp_path) as server:
        here = [
            re.sub(
                r"bin/jobserver (token [^>\n]*)",
                rf"{server.home}/bin/jobserver \1 --data {server.data} ",
                command,
            ).replace(
                "bin/jobserver shell", f"{server.home}/bin/jobserver shell --data {server.data}"
            )
            for command in commands("docs/operating.md")
            if "sbom.json" not in command  # test_sbom.py runs it
        ]
        if not KERNEL_TELLS:
            here = [command for command in here if "shell" not in command]
        printed, scraped, *said = (run(server, clone, command) for command in here)

    assert re.search(r"^ci  user  since \S+  until \S+$", printed, re.MULTILINE)
    assert "\n[]Revoked ci\n" in printed
    assert 'jobserver_info{version="' in scraped
    if KERNEL_TELLS:
        assert said[0].startswith("There are no contexts.\nThere are no jobs.\n")
        assert "jobserver.shell" in said[0]
    assert len(said) == KERNEL_TELLS


def test_the_page_on_plugins(tmp_path: Path) -> None:
    with running(tmp_path, "spark.jobserver.rest.change-plugins = true\n") as server:
        folder, broken, told, changed, safe = commands("docs/operating-plugins.md")
        home = server.home
        found = run(server, home, folder)
        assert '"brings":["ContextFactory jobserver.context.example.CustomContextFactory"]' in found
        assert '"problems":["The file is no jar' in run(server, home, broken)
        (home / "plugins" / "contexts.jar").unlink()
        until(lambda: server.get("/plugins").json == [], 5, "it is gone")
        if KERNEL_TELLS:
            here = re.sub(r"plugin (\w+)", rf"plugin \1 --data {server.data}", told)
            assert "jobserver.context.custom-example" in run(server, home, here)
        put, deleted = run(server, home, changed).split("}{")
        assert '"state":"ACTIVE"' in put
        assert '"status":"SUCCESS"' in deleted
        assert [line.split()[:2] for line in safe.splitlines()] == [
            ["bin/jobserver", "stop"],
            ["bin/jobserver", "start"],
        ]
        assert "--safe-mode" in server.command("--help").stdout


@pytest.mark.skipif(not KERNEL_TELLS, reason="the kernel does not tell who is at a socket")
def test_the_page_on_context_factories(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with running(tmp_path) as server:
        blocks = commands("docs/how-to/write-a-context-factory.md")
        script = re.sub(
            r"jobserver plugin (?!check)(\w+)",
            rf"jobserver plugin \1 --data {server.data}",
            "\necho =====\n".join(blocks),
        )
        begun = time.monotonic()
        made, _, installed, used, updated, gone = run(server, folder, script).split("=====\n")
        taken = time.monotonic() - begun

    assert "org.example.greeter.GreeterContextFactory" in made
    assert "brings ContextFactory org.example.greeter.GreeterContextFactory" in installed
    assert '"bundle":"org.example.greeter"' in installed
    assert results(used) == [["good day Ada"]]
    assert results(updated) == [["hello, dear Ada"], ["good day Ada"]]
    assert results(gone) == [["hello Ada"]]
    assert "GreeterContextFactory" not in gone.partition("result")[2]
    typed = [line for block in blocks for line in block.splitlines()]
    java = list((folder / "greeter" / "src" / "main" / "java").rglob("*.java"))
    lines = sum(len(file.read_text().splitlines()) for file in java)
    print(
        f"{taken:.0f} s from the empty folder to the removed plugin; {len(typed)} lines typed,"
        f" 3 of them change a line of code each; the {len(java)} files of Java have {lines} lines"
    )
    assert taken < 600


def results(printed: str) -> list[list[str]]:
    """What jobs have returned."""
    return [json.loads(one) for one in re.findall(r'"result": ?(\[.*?\])', printed)]


def test_the_page_on_security(tmp_path: Path, clone: Path) -> None:
    with running(tmp_path, 'spark.jobserver.auth.ways = ["local", "basic"]\n') as server:
        here = [
            re.sub(
                r"bin/jobserver (user [^>\n]*)",
                rf"{server.home}/bin/jobserver \1 --data {server.data} ",
                command,
            )
            for command in commands("docs/security.md")
        ]
        (printed,) = (run(server, clone, command) for command in here)

    assert re.search(r"^ada  user  since \S+$", printed, re.MULTILINE)
    assert "\n[]Removed ada\n" in printed


def test_the_readme_names_commands_that_exist() -> None:
    for command in re.findall(
        r"^(?:\$ )?(bin/[A-Za-z]+|bench/[a-z]+)", (ROOT / "README.md").read_text(), re.M
    ):
        assert (ROOT / command).is_file(), command


def test_the_page_on_traps_names_tests_that_exist() -> None:
    named = re.findall(r"`(\w+)::(\w+)`", (ROOT / "docs" / "traps.md").read_text())
    assert len(named) > 50
    sources = {
        file.stem: file
        for folder in ROOT.glob("jobserver.*")
        for file in [*folder.glob("src/test/**/*.java"), *folder.glob("**/tests/test_*.py")]
    }
    for name, test in named:
        assert re.search(rf"(def|void) {test}\(", sources[name].read_text()), f"{name}::{test}"


@pytest.mark.parametrize("known", [True, False], ids=["known", "by a token"])
def test_the_demo_of_the_readme(fresh: Server, tmp_path: Path, *, known: bool) -> None:
    if not known:
        # As where the kernel does not tell who makes a connection.
        proxied = tmp_path / "bin" / "curl"
        proxied.parent.mkdir()
        proxied.write_text(f'#!/bin/sh\nexec {shutil.which("curl")} -H "Via: a proxy" "$@"\n')
        proxied.chmod(0o755)
        fresh.env["PATH"] = f"{proxied.parent}:{fresh.env['PATH']}"
    before = set((ROOT / "build").glob("demo-*"))

    done = subprocess.run(
        [str(ROOT / "bin" / "demo")],
        env=fresh.env,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status": "FINISHED",\n  "result": [[20, 1250.0], [21, 1500.0]]' in done.stdout
    assert '"result": {"a": 2, "b": 2}' in done.stdout
    assert ("takes a token" in done.stderr) is not known
    assert set((ROOT / "build").glob("demo-*")) == before
    assert until_none_left(str(ROOT / "build" / "demo-").encode(), 5) == {}
