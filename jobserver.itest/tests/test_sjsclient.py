"""The published client of spark-jobserver, python-sjsclient 0.10.0, as it is."""

from __future__ import annotations

import collections
import collections.abc
from collections.abc import Iterator
from typing import Any

import pytest
from server import SESSION_FACTORY, Server, example

collections.MutableMapping = collections.abc.MutableMapping  # type: ignore[attr-defined]
from sjsclient import client, exceptions  # noqa: E402  (needs the alias above)

WORDS = "example_jobs.word_count.WordCountSparkJob"
FAILING = "example_jobs.failing_job.FailingJob"
SLOW = "example_jobs.slow_job.SlowJob"


@pytest.fixture(scope="module")
def sjs(server: Server) -> Any:
    return client.Client(server.url)


@pytest.fixture(scope="module")
def app(sjs: Any) -> Any:
    egg = example("sjs_python_examples-*.egg").read_bytes()
    return sjs.apps.create("sjs-app", egg, "python")


@pytest.fixture(scope="module")
def context(sjs: Any) -> Iterator[Any]:
    made = sjs.contexts.create("sjs-context", {"context-factory": SESSION_FACTORY})
    yield made
    sjs.contexts.delete("sjs-context")
    assert "sjs-context" not in [one.name for one in sjs.contexts.list()]
    with pytest.raises(exceptions.NotFoundException):
        sjs.contexts.get("sjs-context")


def test_apps_are_created_listed_and_deleted(sjs: Any, app: Any) -> None:
    assert app.name == "sjs-app"
    assert "sjs-app" in [one.name for one in sjs.apps.list()]
    sjs.apps.create("short-lived", example("sjs_python_examples-*.egg").read_bytes(), "python")
    sjs.apps.delete("short-lived")
    with pytest.raises(exceptions.NotFoundException):
        sjs.apps.get("short-lived")
    with pytest.raises(exceptions.NotFoundException):
        sjs.apps.delete("short-lived")


def test_contexts_are_created_and_listed(sjs: Any, context: Any) -> None:
    assert context.name == "sjs-context"
    assert sjs.contexts.get("sjs-context").name == "sjs-context"
    assert "sjs-context" in [one.name for one in sjs.contexts.list()]


def test_a_sync_job_has_its_result(sjs: Any, app: Any, context: Any) -> None:
    job = sjs.jobs.create(
        app, WORDS, conf='input.strings = ["a", "b", "a"]', ctx=context, sync=True
    )
    assert job.result == {"a": 2, "b": 1}


def test_an_async_job_is_started_found_and_ends(
    server: Server, sjs: Any, app: Any, context: Any
) -> None:
    job = sjs.jobs.create(app, WORDS, conf='input.strings = ["a"]', ctx=context)
    assert job.jobId
    assert job.status == "STARTED"
    server.ended(job.jobId)
    found = sjs.jobs.get(job.jobId)
    assert (found.status, found.result) == ("FINISHED", {"a": 1})


def test_the_configuration_may_be_a_dict_that_is_sent_as_a_form(
    server: Server, sjs: Any, app: Any, context: Any
) -> None:
    job = sjs.jobs.create(app, SLOW, conf={"test_config": "test_config_value"}, ctx=context)
    assert sjs.jobs.get_config(job.jobId) == {"test_config": "test_config_value"}
    server.request("DELETE", f"/jobs/{job.jobId}")


def test_a_job_is_deleted(server: Server, sjs: Any, app: Any, context: Any) -> None:
    job = sjs.jobs.create(app, SLOW, conf="sleep.seconds = 600", ctx=context)
    sjs.jobs.delete(job.jobId)
    assert server.job(job.jobId)["status"] == "KILLED"
    with pytest.raises(exceptions.NotFoundException):
        sjs.jobs.delete(job.jobId)


def test_a_failed_job_is_found_with_its_error(
    server: Server, sjs: Any, app: Any, context: Any
) -> None:
    job = sjs.jobs.create(app, FAILING, ctx=context)
    server.ended(job.jobId)
    found = sjs.jobs.get(job.jobId)
    assert found.status == "ERROR"
    assert found.result["message"]


def test_what_is_not_there_is_not_found(sjs: Any, app: Any, context: Any) -> None:
    with pytest.raises(exceptions.NotFoundException):
        sjs.jobs.get("none")
    with pytest.raises(exceptions.NotFoundException):
        sjs.contexts.get("none")
    with pytest.raises(exceptions.NotFoundException):
        sjs.jobs.create(app, "no.such.Class", ctx=context)
