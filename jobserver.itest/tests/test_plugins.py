"""Context factories that come and go in a running server."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from server import HOME, SESSION_FACTORY, Server, example, until

FACTORY = "jobserver.context.example.CustomContextFactory"
JOB = "example_jobs.custom_context_job.CustomContextJob"


def factories(server: Server) -> dict[str, dict[str, str]]:
    return {factory["name"]: factory for factory in server.get("/context-factories").json}


def bundle() -> Path:
    (jar,) = (HOME / "examples").glob("jobserver.context.custom-example*.jar")
    return jar


def run_custom(server: Server) -> None:
    answer = server.submit(
        "example_jobs", JOB, "custom", 'input.strings = ["a"]', sync="true", timeout="60"
    )
    assert answer.status == 200, answer.text
    assert "result" in answer.json and "status" not in answer.json, answer.text


def test_a_bundle_adds_its_factory_and_takes_it_away(server: Server) -> None:
    assert FACTORY not in factories(server)
    server.context("session")
    session = server.driver("session")
    plugin = server.home / "plugins" / bundle().name

    shutil.copy(bundle(), plugin)
    until(lambda: FACTORY in factories(server), 5, "the factory is there")
    assert factories(server)[FACTORY]["bundle"] == "jobserver.context.custom-example"

    answer = server.request("POST", f"/contexts/custom?context-factory={FACTORY}")
    assert answer.status == 200, answer.text
    run_custom(server)

    removed = time.monotonic()
    os.remove(plugin)
    until(lambda: FACTORY not in factories(server), 2, "the factory is gone")
    assert time.monotonic() - removed < 2
    run_custom(server)
    assert server.context_state("session") == "RUNNING"
    assert server.driver("session") == session

    answer = server.request("POST", f"/contexts/another?context-factory={FACTORY}")
    assert answer.status == 500
    assert answer.json["status"] == "CONTEXT INIT ERROR"
    assert FACTORY in answer.json["result"]["message"]


def test_the_factory_of_the_server_is_listed(server: Server) -> None:
    assert bundle().is_file()
    assert factories(server)[SESSION_FACTORY]["bundle"] == "jobserver.context.python"


def test_contexts_of_the_configuration_wait_for_their_plugins(tmp_path: Path) -> None:
    conf = f"""
spark.contexts {{
  another {{ num-cpu-cores = 1 }}
  custom.context-factory = {FACTORY}
}}
"""
    server = Server(tmp_path, conf)
    shutil.copy(bundle(), server.home / "plugins")
    server.start()
    try:
        server.upload("example_jobs", example("sjs_python_examples-*.egg"))

        def runs(context: str) -> bool:
            answer = server.get(f"/contexts/{context}")
            return answer.status == 200 and answer.json["state"] == "RUNNING"

        until(lambda: runs("another") and runs("custom"), 120, "both run")
        run_custom(server)
        assert "the context custom of the configuration waits" in server.log()
        assert "of the configuration cannot be made" not in server.log()
    finally:
        server.end()
