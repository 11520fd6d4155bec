"""`bin/jobserver new-plugin`: a project of one's own, built with what the distribution carries."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from server import HOME, Server, until

ROOT = Path(__file__).resolve().parent.parent.parent
POM = "{http://maven.apache.org/POM/4.0.0}"


def new_plugin(
    folder: Path, *arguments: str, home: Path = HOME
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(home / "bin" / "jobserver"), "new-plugin", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def code_lines(*files: Path) -> int:
    """Lines that are neither blank nor comments nor imports."""
    lines = [line.strip() for file in files for line in file.read_text().splitlines()]
    return sum(not re.match(r"$|/?\*|//|#|import |package ", line) for line in lines)


def test_from_nothing_to_a_job_in_a_context_of_ones_own(server: Server, tmp_path: Path) -> None:
    begun = time.monotonic()
    made = new_plugin(tmp_path, "word-tally", home=server.home)
    assert made.returncode == 0, made.stderr
    project = tmp_path / "word-tally"
    page = (project / "README.md").read_text()
    (script,) = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("localhost:8090", server.url)],
        cwd=project,
        env=server.env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    taken = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"result":["hello Ada"]' in done.stdout.replace(", ", ",")
    reports = list((project / "target" / "failsafe-reports").glob("TEST-*.xml"))
    passed = [case for one in reports for case in ElementTree.parse(one).iter("testcase")]
    assert len(passed) == 7
    sources = list((project / "src" / "main" / "java").rglob("*.java"))
    everything = [file for file in project.rglob("*.*") if "target" not in file.parts]
    print(
        f"{taken:.0f} s; {code_lines(*sources)} lines of Java,"
        f" {code_lines(*project.rglob('__init__.py'))} of Python; {len(everything)} files"
    )
    assert code_lines(*sources) < 60
    assert taken < 60
    (file,) = (server.home / "plugins").glob("word-tally-*.jar")
    file.unlink()
    until(lambda: server.get("/plugins").json == [], 10, "the plugin is gone")


def test_everything_is_named_after_the_plugin(tmp_path: Path) -> None:
    made = new_plugin(tmp_path, "two-words", "--package", "com.acme.spark_things", "in/there")
    assert made.returncode == 0, made.stderr
    assert "com.acme.spark_things.TwoWordsContextFactory" in made.stdout
    project = tmp_path / "in" / "there"
    files = {str(file.relative_to(project)) for file in project.rglob("*") if file.is_file()}
    java = "java/com/acme/spark_things"
    assert files == {
        ".gitignore",
        "README.md",
        "bnd.bnd",
        "jobs/two_words_jobs/__init__.py",
        "pom.xml",
        f"src/main/{java}/TwoWordsContext.java",
        f"src/main/{java}/TwoWordsContextFactory.java",
        "src/main/python/two_words_context/__init__.py",
        f"src/test/{java}/TwoWordsContextFactoryIT.java",
    }
    left = [file for file in files if re.search(r"@[A-Za-z]+@", (project / file).read_text())]
    assert left == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "new-plugin needs a name"),
        (["Greeter"], 2, "Greeter is no name for a plugin: lower-case letters"),
        (["a--b"], 2, "a--b is no name"),
        (["1st"], 2, "1st is no name"),
        (["../x"], 2, "../x is no name"),
        (["x;y"], 2, "x;y is no name"),
        (["new"], 2, "org.example.new is no package: new is a word of Java. Name another with"),
        (["greeter", "--package"], 2, "--package needs a value"),
        (["greeter", "--package", "greeter"], 2, "greeter is no package for a plugin: two words"),
        (["greeter", "--package", "Org.Example"], 2, "Org.Example is no package"),
        (["greeter", "--package", "a..b"], 2, "a..b is no package"),
        (["greeter", "--package", "spark.jobserver.x"], 2, "is a package of somebody else"),
        (["greeter", "here", "there"], 2, "unknown argument there"),
        (["greeter", "--what"], 2, "unknown option --what"),
        (["greeter", "taken"], 1, "taken is there already. Name another folder."),
        (["greeter", "file"], 1, "file is there already. Name another folder."),
        (["greeter", "file/in"], 1, "The folder file/in cannot be made or written."),
    ],
)
def test_what_cannot_be_made_is_told(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))

    done = new_plugin(tmp_path, *arguments)

    assert (done.returncode, words in done.stderr) == (code, True), done
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert new_plugin(tmp_path, "greeter", "empty").returncode == 0
    assert (tmp_path / "empty" / "pom.xml").is_file()


def test_a_distribution_without_its_repository_is_told(tmp_path: Path, fresh: Server) -> None:
    (fresh.home / "repository").rename(fresh.home / "elsewhere")
    done = new_plugin(tmp_path, "greeter", home=fresh.home)
    assert done.returncode == 1
    assert "is no complete distribution: it has no templates/plugin or no repository" in done.stderr


def test_the_template_builds_with_what_the_server_is_built_with() -> None:
    ours = ElementTree.parse(ROOT / "pom.xml").getroot()
    template = ElementTree.parse(HOME / "templates" / "plugin" / "pom.xml").getroot()
    properties = {one.tag: (one.text or "").split() for one in ours.find(f"{POM}properties") or ()}
    for name, same in (
        ("spark.version", "spark.compile.version"),
        ("spark.opens", "spark.opens"),
        ("maven.compiler.release", "maven.compiler.release"),
    ):
        mine = (template.findtext(f"{POM}properties/{POM}{name}") or "").split()
        assert mine == properties[POM + same], name
    versions = {
        one.findtext(f"{POM}artifactId"): one.findtext(f"{POM}version")
        for one in ours.iter(f"{POM}plugin")
        if one.find(f"{POM}version") is not None
    }
    for one in template.iter(f"{POM}plugin"):
        name, version = one.findtext(f"{POM}artifactId"), one.findtext(f"{POM}version")
        (expected,) = (
            properties[f"{POM}bnd.version"] if "bnd" in str(name) else [versions[str(name)]]
        )
        assert version == expected, name


def test_the_repository_is_small_and_whole() -> None:
    files = [file for file in (HOME / "repository").rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    print(f"{size} bytes")
    assert size <= 2 * 1024 * 1024
    names = {file.parent.parent.name for file in files if file.suffix == ".jar"}
    assert names == {
        "jobserver.api",
        "jobserver.boot",
        "jobserver.context.python",
        "jobserver.testkit",
    }
    assert not [file for file in files if "sources" in file.name]
    for file in files:
        if file.suffix == ".pom":
            pom = ElementTree.parse(file).getroot()
            assert pom.find(f"{POM}parent") is None
            told = {d.findtext(f"{POM}artifactId") for d in pom.iter(f"{POM}dependency")}
            assert {one for one in told if str(one).startswith("jobserver.")} <= names
