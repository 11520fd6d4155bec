"""Every command of the tutorial, in its order, against a server with its configuration.

The commands are the tutorial's own, run by curl through a shell: with the port of the test's
server, with Python 3 file names, and nothing else changed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server import Server, example, running

CONF = """
spark {
  jobserver {
     jobdao = spark.jobserver.io.JobSqlDAO
  }

  context-settings {
    python {
      paths = [
        ${SPARK_HOME}/python,
        "%s"
      ]

      # The default value in application.conf is "python"
      executable = "%s"
    }
  }
}
"""


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with nothing installed."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python3"
    missing = subprocess.run([python, "-c", "import pyspark"], capture_output=True, check=False)
    assert missing.returncode != 0
    return python


@pytest.fixture(scope="module")
def old_egg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An old egg of spark-jobserver's own Python API, which must not shadow ours."""
    package = tmp_path_factory.mktemp("old") / "spark_jobserver_python-0.8.0-py2.7.egg"
    (package / "sparkjobserver").mkdir(parents=True)
    (package / "sparkjobserver" / "__init__.py").write_text("")
    (package / "sparkjobserver" / "api.py").write_text("raise ImportError('the old API')")
    return package


@pytest.fixture(scope="module")
def seed(
    tmp_path_factory: pytest.TempPathFactory, bare_python: Path, old_egg: Path
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("seed")
    with running(folder, CONF % (old_egg, bare_python)) as server:
        yield server


class Shell:
    """Runs the tutorial's commands."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder

    def __call__(self, command: str) -> tuple[int, Any]:
        """Status and body of a curl command."""
        here = command.replace("localhost:8090", f"127.0.0.1:{self.server.port}")
        done = subprocess.run(
            here.replace("curl ", "curl -sS -w '\\n%{http_code}' ", 1),
            shell=True,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)


@pytest.fixture(scope="module")
def shell(seed: Server, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("work")
    (folder / "dist").mkdir()
    for pattern, name in (
        ("my_job_package-*.egg", "dist/my_job_package-0.0.0-py3.egg"),
        ("sjs_python_examples-*.egg", "sjs_python_examples-py3.egg"),
    ):
        (folder / name).write_bytes(example(pattern).read_bytes())
    (folder / "sqlinput.conf").write_text(
        'input.data = [\n  ["bob", 20, 1200],\n  ["jon", 21, 1400],\n'
        '  ["mary", 20, 1300],\n  ["sue", 21, 1600]\n]\n'
    )
    return Shell(seed, folder)


def is_report(report: Any, **expected: Any) -> None:
    assert re.fullmatch(r"[0-9a-f-]{36}", report["jobId"])
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", report["startTime"]
    )
    assert {key: report[key] for key in expected} == expected


def test_the_word_count_of_the_tutorial(shell: Shell) -> None:
    status, body = shell(
        'curl -X POST "localhost:8090/contexts/py-context'
        '?context-factory=spark.jobserver.python.PythonSessionContextFactory"'
    )
    assert (status, body) == (200, {"status": "SUCCESS", "result": "Context initialized"})

    status, body = shell(
        "curl --data-binary @dist/my_job_package-0.0.0-py3.egg \\\n"
        "-H 'Content-Type: application/python-archive' localhost:8090/binaries/my_py_job"
    )
    assert (status, body) == (201, {"status": "SUCCESS"})

    status, body = shell(
        'curl -d \'input.strings = ["a", "b", "a", "b" ]\' \\\n'
        '"localhost:8090/jobs?appName=my_py_job&classPath=my_job_package.WordCountSparkJob'
        '&context=py-context"'
    )
    assert status == 202
    is_report(
        body,
        status="STARTED",
        context="py-context",
        classPath="my_job_package.WordCountSparkJob",
        duration="Job not done yet",
    )

    shell.server.ended(body["jobId"])
    status, report = shell(f'curl "localhost:8090/jobs/{body["jobId"]}"')
    assert status == 200
    is_report(report, status="FINISHED", context="py-context", result={"a": 2, "b": 2})
    assert re.fullmatch(r"\d+\.\d+ secs", report["duration"])


def test_the_sql_average_of_the_tutorial(shell: Shell) -> None:
    status, body = shell(
        'curl -X POST "localhost:8090/contexts/pysql-context'
        '?context-factory=spark.jobserver.python.PythonSessionContextFactory"'
    )
    assert (status, body) == (200, {"status": "SUCCESS", "result": "Context initialized"})

    status, body = shell(
        "curl --data-binary @sjs_python_examples-py3.egg \\\n"
        "-H 'Content-Type: application/python-archive' localhost:8090/binaries/example_jobs"
    )
    assert (status, body) == (201, {"status": "SUCCESS"})

    # The seed's own "-d @file", which drops the line breaks: this file survives it.
    status, body = shell(
        "curl -d @sqlinput.conf \\\n"
        '"localhost:8090/jobs?appName=example_jobs'
        '&classPath=example_jobs.sql_average.SQLAverageJob&context=pysql-context"'
    )
    assert status == 202
    is_report(body, status="STARTED")

    shell.server.ended(body["jobId"])
    status, report = shell(f'curl "localhost:8090/jobs/{body["jobId"]}"')
    assert status == 200
    is_report(
        report,
        status="FINISHED",
        context="pysql-context",
        classPath="example_jobs.sql_average.SQLAverageJob",
        result=[[20, 1250.0], [21, 1500.0]],
    )
    assert '"result":[[20,1250.0],[21,1500.0]]' in shell.server.get(
        f"/jobs/{body['jobId']}"
    ).text.replace(" ", "")


def test_the_validation_of_the_tutorial_tells_its_problems(shell: Shell) -> None:
    status, body = shell(
        "curl -d '' \"localhost:8090/jobs?appName=example_jobs"
        '&classPath=example_jobs.sql_average.SQLAverageJob&context=pysql-context"'
    )

    assert status == 400
    assert body["status"] == "VALIDATION FAILED"
    assert "config input.data not found" in body["result"]["message"]


def test_what_was_made_can_be_listed_and_removed(shell: Shell) -> None:
    status, listed = shell("curl localhost:8090/binaries")
    assert (status, set(listed)) == (200, {"my_py_job", "example_jobs"})
    assert listed["my_py_job"]["binary-type"] == "Egg"

    assert shell("curl localhost:8090/contexts") == (200, ["pysql-context", "py-context"])
    status, context = shell("curl localhost:8090/contexts/py-context")
    assert (context["name"], context["state"], context["endTime"]) == (
        "py-context",
        "RUNNING",
        "Empty",
    )
    assert context["applicationId"].startswith("local-")

    status, jobs = shell("curl localhost:8090/jobs")
    assert [job["status"] for job in jobs].count("FINISHED") == 2
    assert all("result" not in job for job in jobs if job["status"] == "FINISHED")

    assert shell("curl -X DELETE localhost:8090/contexts/py-context") == (
        200,
        {"status": "SUCCESS", "result": "Context stopped"},
    )
    assert shell("curl localhost:8090/contexts") == (200, ["pysql-context"])
    assert shell("curl -X DELETE localhost:8090/binaries/my_py_job") == (200, {"status": "SUCCESS"})
