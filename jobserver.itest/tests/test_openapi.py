"""The server does what its OpenAPI document says, and nothing else: schemathesis tries it.

Drivers are stubs, so that no Spark is started. `OPENAPI_CASES=2000` tries as many cases at least,
which takes some minutes; without it there are a few hundred.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openapi_spec_validator
import pytest
import server as jobserver

import stub

PROJECT = Path(__file__).parent.parent
CASES = int(os.environ.get("OPENAPI_CASES", "300"))

#: Archives that begin like one; the stub does not look further.
ARCHIVE = b"PK\x03\x04 and more"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[jobserver.Server]:
    folder = tmp_path_factory.mktemp("server")
    running = jobserver.Server(folder, "spark.jobserver.max-jobs-per-context = 64\n")
    stub.install(running, folder)
    try:
        running.start()
        jobserver.until(
            lambda: running.request("POST", "/contexts/nightly").status == 200,
            60,
            "the stub has taken the launcher's place",
        )
        uploaded = running.request("POST", "/binaries/words", ARCHIVE, "application/python-egg")
        assert uploaded.status == 201, uploaded
        yield running
    finally:
        running.end()


def test_the_document_is_openapi(server: jobserver.Server) -> None:
    document = server.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    openapi_spec_validator.validate(document)


def test_the_server_does_what_the_document_says(server: jobserver.Server, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    # The number of examples is for each operation; the other phases find their own.
    examples = max(2, CASES // 20)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(PROJECT / "schemathesis.toml")),
            *("run", f"{server.url}/openapi.json", "--no-color", "--continue-on-failure"),
            *("--max-examples", str(examples), "--request-timeout", "60"),
            *("--generation-database", "none", "--suppress-health-check", "all"),
            *("--report-json-path", str(report)),
        ],
        cwd=tmp_path,  # where it leaves files of its own
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "openapi_hooks",
            "PYTHONPATH": str(PROJECT),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "hypothesis"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    (tmp_path / "schemathesis.txt").write_text(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(report.read_text())
    assert told["operations"]["tested"] == told["operations"]["total"] >= 27, run.stdout
    assert told["test_cases"]["generated"] >= CASES, run.stdout
    submissions = told["valid_rates"]["POST /jobs"]
    assert sum(phase["accepted"] for phase in submissions.values()) > 0, run.stdout
