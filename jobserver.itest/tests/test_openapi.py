"""The server does what its OpenAPI document says, and nothing else: schemathesis tries it.

Most cases are tried with drivers that are stubs, so that no Spark is started. `OPENAPI_CASES=2000`
tries as many cases at least, which takes some minutes; without it there are a few hundred. Some
more are tried with real drivers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
import server as jobserver

import stub

PROJECT = Path(__file__).parent.parent
CASES = int(os.environ.get("OPENAPI_CASES", "300"))
CASES_WITH_DRIVERS = 50

#: The jobs that openapi_hooks.py submits; the stub knows them by their names.
JOBS = """
import time
from sparkjobserver.api import SparkJob, build_problems

class Works(SparkJob):
    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, data):
        return data.as_plain_ordered_dict()

class Fails(Works):
    def run_job(self, context, runtime, data):
        raise ValueError("it did not work")

class Refuses(Works):
    def validate(self, context, runtime, config):
        return build_problems(["it is not as it should be"])

class Lasts(Works):
    def run_job(self, context, runtime, data):
        time.sleep(2)
        return super().run_job(context, runtime, data)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("archive") / "words.egg"
    with zipfile.ZipFile(file, "w") as egg:
        egg.writestr("words.py", JOBS)
    return file


def prepared(server: jobserver.Server, archive: Path) -> jobserver.Server:
    """Starts a server, with the context and the binary that openapi_hooks.py speaks of."""
    server.start()
    jobserver.until(
        lambda: server.request("POST", "/contexts/nightly").status == 200,
        300,
        "there is a context",
    )
    server.upload("words", archive)
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, archive: Path) -> Iterator[jobserver.Server]:
    """A server without Spark."""
    folder = tmp_path_factory.mktemp("server")
    one = jobserver.Server(folder, "spark.jobserver.max-jobs-per-context = 64\n")
    stub.install(one)
    try:
        yield prepared(one, archive)
    finally:
        one.end()


def test_the_document_is_openapi(server: jobserver.Server) -> None:
    document = server.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    openapi_spec_validator.validate(document)


def test_the_server_does_what_the_document_says(
    server: jobserver.Server, archive: Path, tmp_path: Path
) -> None:
    # The number of examples is for each operation; the other phases find their own.
    told = tried(server, archive, tmp_path, "--max-examples", str(max(2, CASES // 20)))
    assert told["test_cases"]["generated"] >= CASES, told


def test_so_does_a_server_with_real_drivers(
    fresh: jobserver.Server, archive: Path, tmp_path: Path
) -> None:
    fresh.conf.write_text(fresh.conf.read_text() + "spark.jobserver.max-contexts = 2\n")
    few = ("--phases", "fuzzing,stateful", "--max-examples", "3")
    told = tried(prepared(fresh, archive), archive, tmp_path, *few)
    assert told["test_cases"]["generated"] >= CASES_WITH_DRIVERS, told


def tried(server: jobserver.Server, archive: Path, folder: Path, *options: str) -> Any:
    """What schemathesis has to report, when it found nothing."""
    report = folder / "report.json"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(PROJECT / "schemathesis.toml")),
            *("run", f"{server.url}/openapi.json", "--no-color", "--continue-on-failure"),
            *("--request-timeout", "330"),
            *("--generation-database", "none", "--suppress-health-check", "all"),
            *("--report-json-path", str(report)),
            *options,
        ],
        cwd=folder,  # where it leaves files of its own
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "openapi_hooks",
            "OPENAPI_ARCHIVE": str(archive),
            "PYTHONPATH": str(PROJECT),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "schemathesis.txt").write_text(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(report.read_text())
    assert told["operations"]["tested"] == told["operations"]["total"] >= 27, run.stdout
    submissions = told["valid_rates"]["POST /jobs"]
    assert sum(phase["accepted"] for phase in submissions.values()) > 0, run.stdout
    return told
