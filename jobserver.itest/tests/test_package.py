"""The Python project as a job author installs it: with pip, into an environment of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from server import SPARK_HOME, Server, running
from test_docs import ROOT, commands

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "sums"
version = "1.0"

[tool.setuptools]
packages = ["sums"]
""",
    "sums/__init__.py": """
from sparkjobserver.api import SparkJob, build_problems


class Sum(SparkJob):
    def validate(self, context, runtime, config):
        n = config.get("n", None)
        return build_problems(["config n not found"]) if n is None else n

    def run_job(self, context, runtime, data):
        print("adding", flush=True)
        return context.range(data).groupBy().sum().first()[0]
""",
    "tests/test_sums.py": """
import pytest
from sparkjobserver.testing import InvalidInputError, local_session, run_job
from sums import Sum


@pytest.fixture(scope="session")
def spark():
    with local_session() as session:
        yield session


def test_it_adds(spark):
    assert run_job(Sum, "n = 4", spark) == 6


def test_it_asks_for_n():
    with pytest.raises(InvalidInputError, match="config n not found"):
        run_job(Sum)
""",
}


def done(command: list[str | Path], folder: Path, **environment: str) -> str:
    """Runs a command, which must end well, and returns what it has written."""
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip makes of the project with its client, and pytest; with the server's PySpark."""
    folder = tmp_path_factory.mktemp("environment")
    sources = folder / "jobserver.context.python" / "python"
    shutil.copytree(
        ROOT / "jobserver.context.python" / "python",
        sources,
        ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info"),
    )
    done([sys.executable, "-m", "venv", folder / "venv"], folder)
    python = folder / "venv" / "bin" / "python"
    (install,) = [block for block in commands("docs/sjs.md") if block.startswith("pip install")]
    assert install == "pip install 'jobserver.context.python/python[client]'\n"
    done([python, "-m", "pip", "install", "-q", install.split("'")[1], "pytest"], folder)
    path = [SPARK_HOME / "python", *(SPARK_HOME / "python" / "lib").glob("py4j-*-src.zip")]
    if (SPARK_HOME / "__init__.py").exists():
        path = [SPARK_HOME.parent]  # pip's Spark: the package is the SPARK_HOME
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "spark.pth").write_text("".join(f"{entry}\n" for entry in path))
    return folder / "venv"


@pytest.fixture(scope="module")
def wheel(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a job author, whose tests have passed in the environment."""
    folder = tmp_path_factory.mktemp("sums")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    python = environment / "bin" / "python"
    tested = done([python, "-m", "pytest", "-q", "tests"], folder, PYTHONPATH=str(folder))
    assert re.search(r"^2 passed", tested, re.M)
    done([python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", "dist", "."], folder)
    (built,) = (folder / "dist").glob("sums-1.0-*.whl")
    return built


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as one:
        yield one


def test_a_job_goes_from_its_unit_tests_to_the_server(
    environment: Path, wheel: Path, server: Server
) -> None:
    sjs = [str(environment / "bin" / "sjs"), "--url", server.url]
    done([*sjs, "contexts", "create", "c"], wheel.parent)

    submit = [*sjs, "submit", "sums.Sum", "--file", wheel.name, "--context", "c"]
    result = subprocess.run(
        [*submit, "--set", "n=4"], cwd=wheel.parent, capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stdout) == (0, "6\n"), result.stderr
    assert "adding\n" in result.stderr
    assert (
        json.loads(done([*sjs, "jobs", "list", "--json"], wheel.parent))[0]["status"] == "FINISHED"
    )
    refused = subprocess.run(submit, cwd=wheel.parent, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr) == (4, "config n not found\n")


def test_the_environment_has_what_the_extra_says_and_no_more(environment: Path) -> None:
    listed = json.loads(
        done([environment / "bin" / "python", "-m", "pip", "list", "--format=json"], environment)
    )
    names = {entry["name"].lower() for entry in listed}
    assert {"sparkjobserver", "httpx2", "pyhocon"} <= names
    assert not names & {"rich", "click", "typer", "requests"}
    assert "sjs 0.1.0" in done([environment / "bin" / "sjs", "--version"], environment)


def test_the_wheel_of_the_project_has_its_types(environment: Path, tmp_path: Path) -> None:
    python = environment / "bin" / "python"
    sources = environment.parent / "jobserver.context.python" / "python"
    done([python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, "."], sources)
    (built,) = tmp_path.glob("sparkjobserver-*.whl")
    names = set(zipfile.ZipFile(built).namelist())
    assert {"sparkjobserver/py.typed", "sparkjobserver/client/command.py"} <= names
    assert not [name for name in names if name.startswith("tests")]
