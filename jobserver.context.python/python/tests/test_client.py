"""The client against a transport that answers as the test says, and against nobody."""

import datetime as dt
import io
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

import web
from sparkjobserver.client import (
    ArchiveError,
    Binary,
    Client,
    ContextFactory,
    Failure,
    JobserverError,
    Progress,
    UnreachableError,
    ValidationError,
    WaitTimeoutError,
)

SOURCES = Path(__file__).parent.parent / "src"


class Script:
    """A transport that answers in turn: a response, or an error that is raised."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.requests = []
        self.slept = []

    def __call__(self, request):
        request.read()
        self.requests.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def client(self, **more):
        return Client(
            "http://server:8090",
            transport=httpx2.MockTransport(self),
            sleep=self.slept.append,
            **more,
        )


def told(value, status=200):
    return httpx2.Response(status, json=value)


def refused():
    return httpx2.ConnectError("Connection refused")


def broken():
    return httpx2.ReadError("Connection reset by peer")


# Reading


def test_reports_become_records():
    script = Script(
        told({"words": {"binary-type": "Wheel", "upload-time": "2026-01-31T23:59:59.000Z"}}),
        told(
            {
                "id": "c1",
                "name": "c",
                "startTime": "2026-01-31T23:59:59.000Z",
                "endTime": "Empty",
                "state": "RUNNING",
                "applicationId": "local-1",
            }
        ),
        told([{"name": "f", "bundle": "b", "version": "1"}]),
        told(web.report("FINISHED", result={"a": 2})),
        told(web.report("ERROR", result=web.FAILURE)),
    )
    with script.client() as client:
        utc = dt.timezone.utc
        uploaded = dt.datetime(2026, 1, 31, 23, 59, 59, tzinfo=utc)
        assert client.binaries() == [Binary("words", "Wheel", uploaded)]
        context = client.context("c")
        assert (context.name, context.state, context.ended) == ("c", "RUNNING", None)
        assert (context.application_id, context.url) == ("local-1", None)
        assert client.context_factories() == [ContextFactory("f", "b", "1")]
        job = client.job("j1")
        assert (job.result, job.seconds, job.has_ended) == ({"a": 2}, 0.25, True)
        assert job.started == dt.datetime(2026, 1, 31, 22, 59, 59, tzinfo=utc)
        failed = client.job("j1")
        assert failed.result is None
        assert failed.failure == Failure(
            "division by zero", "builtins.ZeroDivisionError", web.FAILURE["stack"]
        )


def test_a_running_job_has_progress_and_no_duration():
    counts = {
        "stages": 3,
        "completedStages": 1,
        "tasks": 8,
        "completedTasks": 4,
        "activeTasks": 2,
        "failedTasks": 0,
    }
    with Script(told([web.report(progress=counts)])).client() as client:
        (job,) = client.jobs()
    assert job.progress == Progress(3, 1, 8, 4, 2, 0)
    assert (job.seconds, job.has_ended, job.failure) == (None, False, None)


def test_jobs_are_filtered_by_the_server():
    script = Script(told([]), told([]))
    with script.client() as client:
        client.jobs()
        client.jobs(status="ERROR", context="a b", class_path="x.Y", limit=3)
    assert script.requests[0].url.query == b"limit=50"
    assert dict(script.requests[1].url.params) == {
        "status": "ERROR",
        "context": "a b",
        "classPath": "x.Y",
        "limit": "3",
    }


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("words", b"/binaries/words"),
        ("a/b c?d", b"/binaries/a%2Fb%20c%3Fd"),
        ("..", b"/binaries/%2E%2E"),
        ("ü", b"/binaries/%C3%BC"),
    ],
)
def test_any_name_fits_into_a_path(name, path):
    script = Script(told({"status": "SUCCESS"}))
    with script.client() as client:
        client.delete_binary(name)
    assert script.requests[0].url.raw_path == path


def test_the_server_may_be_below_a_path_and_a_password_is_sent_but_not_shown():
    script = Script(told(["c"]))
    client = Client("http://me:secret@server/spark/", transport=httpx2.MockTransport(script))
    with client:
        assert client.contexts() == ["c"]
        assert client.url == "http://server/spark"
    assert script.requests[0].url.path == "/spark/contexts"
    assert script.requests[0].headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("url", ["localhost:8090", "ftp://server", "http://", "http://a:b", ""])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="is no address"):
        Client(url)


def test_headers_go_with_each_request():
    script = Script(told([]))
    with script.client(headers={"Authorization": "Bearer t"}) as client:
        client.contexts()
    assert script.requests[0].headers["Authorization"] == "Bearer t"


# Errors


@pytest.mark.parametrize(
    ("response", "word", "message"),
    [
        (told({"status": "ERROR", "result": "no such job"}, 404), "ERROR", "no such job"),
        (told({"status": "NO SLOTS", "result": "all taken"}, 503), "NO SLOTS", "all taken"),
        (httpx2.Response(413, text="too large\n"), "ERROR", "too large"),
        (httpx2.Response(502, text=""), "ERROR", "HTTP status 502"),
        (told(["an array"], 500), "ERROR", '["an array"]'),
        (httpx2.Response(301, headers={"Location": "/x"}), "ERROR", "leads to /x"),
    ],
)
def test_an_error_has_the_servers_words(response, word, message):
    with Script(response).client() as client, pytest.raises(JobserverError) as raised:
        client.contexts()
    assert raised.value.status == response.status_code
    assert raised.value.word == word
    assert message in raised.value.message
    assert message in str(raised.value)


def test_an_error_has_the_exception_behind_it():
    answer = told({"status": "CONTEXT INIT ERROR", "result": web.FAILURE}, 500)
    with Script(answer).client() as client, pytest.raises(JobserverError) as raised:
        client.create_context("c")
    assert raised.value.error_class == "builtins.ZeroDivisionError"
    assert raised.value.stack == web.FAILURE["stack"]
    assert str(raised.value) == "CONTEXT INIT ERROR: division by zero"


def test_a_refused_input_has_its_problems():
    result = {"message": "no input\nno output", "errorClass": "", "stack": ""}
    answer = told({"status": "VALIDATION FAILED", "result": result}, 400)
    with Script(answer).client() as client, pytest.raises(ValidationError) as raised:
        client.submit("a.B", binary="b")
    assert raised.value.problems == ["no input", "no output"]


def test_what_is_no_json_is_no_jobserver():
    with (
        Script(httpx2.Response(200, text="<html>")).client() as client,
        pytest.raises(JobserverError, match="is this a Jobserver"),
    ):
        client.contexts()


# Repeating


def test_reading_is_repeated_when_it_broke_off_also_while_nobody_listens():
    starting = [httpx2.Response(status, text="not yet") for status in (404, 503)]
    script = Script(broken(), refused(), *starting, told(["c"]))
    with script.client() as client:
        assert client.contexts() == ["c"]
    assert script.slept == [0.25, 0.5, 1.0, 2.0]


def test_that_nobody_listens_at_all_is_told_at_once():
    script = Script(refused())
    with script.client() as client, pytest.raises(UnreachableError, match="cannot be reached"):
        client.contexts()
    assert script.slept == []


def test_patience_ends():
    script = Script(*[broken() for _ in range(10)])
    with (
        script.client(patience=3) as client,
        pytest.raises(UnreachableError, match="did not answer to the end"),
    ):
        client.contexts()
    assert script.slept == [0.25, 0.5, 1.0, 1.25]


@pytest.mark.parametrize(
    "change",
    [
        lambda client: client.create_context("c"),
        lambda client: client.delete_context("c"),
        lambda client: client.delete_binary("b"),
        lambda client: client.cancel("j"),
    ],
)
def test_a_change_is_not_repeated(change):
    script = Script(broken())
    with script.client() as client, pytest.raises(UnreachableError):
        change(client)
    assert len(script.requests) == 1


def test_a_submission_whose_answer_is_lost_is_repeated_as_it_was():
    script = Script(broken(), refused(), told(web.report("STARTED"), 202))
    with script.client() as client:
        job = client.submit("words.Count", binary="words", context="c", config={"a": 1})
    assert (job.id, job.status) == ("j1", "STARTED")
    first, _, last = script.requests
    assert first.headers["Idempotency-Key"] == last.headers["Idempotency-Key"]
    assert (first.url, first.content) == (last.url, last.content)
    assert dict(last.url.params) == {"appName": "words", "classPath": "words.Count", "context": "c"}
    assert last.content == b'{"a": 1}'


def test_two_submissions_have_two_keys_unless_one_is_given():
    script = Script(*[told(web.report("STARTED"), 202) for _ in range(3)])
    with script.client() as client:
        client.submit("a.B", binary="b")
        client.submit("a.B", binary="b")
        client.submit("a.B", binary="b", idempotency_key="mine", callback_url="http://x")
    keys = [request.headers["Idempotency-Key"] for request in script.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"
    assert script.requests[2].url.params["callbackUrl"] == "http://x"


def test_a_submission_waits_until_the_job_has_started():
    late = {"message": "Ask timed out", "errorClass": "java.util.concurrent.TimeoutException"}
    script = Script(
        told({"status": "ERROR", "result": late}, 500), told(web.report("STARTED"), 202)
    )
    with script.client() as client:
        assert client.submit("a.B", binary="b").id == "j1"
    first, second = script.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_waiting_for_the_start_has_an_end():
    late = {"message": "Ask timed out", "errorClass": "java.util.concurrent.TimeoutException"}
    with (
        Script(told({"status": "ERROR", "result": late}, 500)).client() as client,
        pytest.raises(WaitTimeoutError),
    ):
        client.submit("a.B", binary="b", timeout=0)


def test_a_busy_server_refuses_a_submission_at_once():
    script = Script(told({"status": "NO SLOTS AVAILABLE", "result": "8 jobs"}, 503))
    with script.client() as client, pytest.raises(JobserverError, match="NO SLOTS AVAILABLE"):
        client.submit("a.B", binary="b")
    assert script.slept == []


def test_waiting_goes_on_while_the_server_is_started_anew():
    script = Script(
        told(web.report()),
        told(web.report()),
        httpx2.Response(503, text="stopping"),
        refused(),
        told(web.report("FINISHED", result=7)),
    )
    with script.client() as client:
        assert client.wait("j1").result == 7
    assert [request.url.query for request in script.requests] == [b"", *[b"wait=60"] * 4]


def test_waiting_has_an_end():
    with (
        Script(told(web.report())).client() as client,
        pytest.raises(WaitTimeoutError, match="the job goes on"),
    ):
        client.wait("j1", timeout=0)


# Uploads


def test_an_upload_is_the_file_with_the_type_of_its_name(tmp_path):
    wheel = tmp_path / "w-1-py3-none-any.whl"
    wheel.write_bytes(b"PK\x03\x04 bytes")
    egg = tmp_path / "w-1-py3.egg"
    egg.write_bytes(b"PK\x03\x04 egg")
    script = Script(told({"status": "SUCCESS"}, 201), told({"status": "SUCCESS"}, 201))
    with script.client() as client:
        client.upload("w", wheel)
        client.upload("w", egg)
    assert [request.headers["Content-Type"] for request in script.requests] == [
        "application/python-wheel",
        "application/python-egg",
    ]
    assert script.requests[0].content == b"PK\x03\x04 bytes"
    assert script.requests[0].headers["Content-Length"] == "10"


def test_what_the_server_has_is_not_uploaded_again(tmp_path):
    wheel = tmp_path / "my_words-1.0-py3-none-any.whl"
    wheel.write_bytes(b"one")
    unknown = told({"status": "ERROR", "result": "none"}, 404)
    entry = {
        "app-name": "x",
        "binary-type": "Wheel",
        "upload-time": "2026-01-31T23:59:59.000Z",
    }
    script = Script(unknown, told({"status": "SUCCESS"}, 201), told(entry), unknown, told({}, 201))
    with script.client() as client:
        name = client.upload_once(wheel)
        assert client.upload_once(wheel) == name
        assert len(script.requests) == 3
        wheel.write_bytes(b"other")
        other = client.upload_once(wheel)
    assert name.startswith("my_words-")
    assert len({name, other}) == 2
    assert [r.method for r in script.requests] == ["GET", "POST", "GET", "GET", "POST"]


def test_a_file_that_is_no_archive_is_not_sent(tmp_path):
    script = Script()
    with script.client() as client, pytest.raises(ArchiveError, match="no egg and no wheel"):
        client.upload("w", tmp_path / "words.py")
    assert script.requests == []


# Contexts, logs, results


def test_settings_of_a_context_go_into_its_block():
    script = Script(told({"status": "SUCCESS", "result": "Context initialized"}))
    with script.client() as client:
        client.create_context("c", {"num-cpu-cores": 2, "spark.x": "y z"}, factory="f.F")
    assert script.requests[0].content.decode() == (
        '"spark"."context-settings"."num-cpu-cores" = 2\n'
        '"spark"."context-settings"."spark"."x" = "y z"\n'
        '"spark"."context-settings"."context-factory" = "f.F"\n'
    )
    assert script.requests[0].url.query == b""


@pytest.mark.parametrize(("status", "stopped"), [(200, True), (202, False)])
def test_a_context_may_take_its_time_to_stop(status, stopped):
    with Script(httpx2.Response(status)).client() as client:
        assert client.delete_context("c") is stopped


def test_a_log_is_read_in_parts():
    script = Script(*[httpx2.Response(200, text="b\n", headers={"Log-Next-Offset": "4"})] * 2)
    with script.client() as client:
        part = client.log("j1", offset=2)
        client.log("j1", tail=1)
    assert (part.data, part.next_offset) == (b"b\n", 4)
    assert [r.url.query for r in script.requests] == [b"offset=2", b"tail=1"]


def test_a_result_is_written_as_it_is():
    out = io.BytesIO()
    with Script(httpx2.Response(200, content=b'{"a": 1.2500000000000000001}')).client() as client:
        client.write_result("j1", out)
    assert out.getvalue() == b'{"a": 1.2500000000000000001}'


def test_cancelling_tells_how_the_job_ended():
    script = Script(told({"status": "KILLED"}), told({"status": "ERROR", "ERROR": {}}))
    with script.client() as client:
        assert [client.cancel("j1"), client.cancel("j2")] == ["KILLED", "ERROR"]


# Beyond the client


def test_nobody_there_is_told_by_the_real_network_too():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Client(url) as client, pytest.raises(UnreachableError, match=url):
            client.check_health()


def test_proxies_of_the_environment_are_not_for_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    server = web.Web().on("GET /contexts", web.answer(["c"]))
    try:
        with Client(server.url) as client:
            assert client.contexts() == ["c"]
    finally:
        server.close()


IMPORTS = """
import importlib, pkgutil, sys
for name in {hidden!r}:
    sys.modules[name] = None
import sparkjobserver.{package} as package
for module in pkgutil.iter_modules(getattr(package, "__path__", []), package.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted(sys.modules))
"""


def loaded(package, *hidden):
    """The modules that are loaded with all of a package, while some cannot be imported."""
    code = IMPORTS.format(package=package, hidden=hidden)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["api", "_worker", "testing"])
def test_what_runs_jobs_does_not_load_the_client(package):
    if package == "_worker":
        pytest.importorskip("pyspark")
    modules = loaded(package, "httpx", "httpx2")
    assert f"sparkjobserver.{package}" in modules
    assert not [name for name in modules if name.startswith("sparkjobserver.client")]


def test_nothing_but_the_client_names_it():
    sources = [file for file in SOURCES.rglob("*.py") if "client" not in file.parts]
    assert SOURCES / "sparkjobserver" / "api.py" in sources
    for file in sources:
        assert "httpx" not in file.read_text(), file
        assert "sparkjobserver.client" not in file.read_text(), file


def test_the_client_needs_neither_spark_nor_hocon():
    modules = loaded("client", "pyspark", "py4j", "pyhocon")
    assert "sparkjobserver.client.command" in modules
    assert "httpx2" in modules
    assert "sparkjobserver.api" not in modules
