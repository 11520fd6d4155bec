"""The command `sjs`, against a server that answers as the test says."""

import hashlib
import io
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import web
from sparkjobserver.client import Progress, ProgressEvent, command, hocon, local_token, terminal
from sparkjobserver.client.connection import segment
from web import event, events, report

SOURCES = Path(__file__).parent.parent / "src"
SUCCESS = web.answer({"status": "SUCCESS"})
STARTED = web.answer(report("STARTED"), 202)
RUNNING = event("state", "RUNNING-0", report())
LOG = event("log", "RUNNING-4", "one")
FINISHED = events(RUNNING, LOG, event("state", "FINISHED-4", report("FINISHED")))
FAILED = events(RUNNING, LOG, event("state", "ERROR-4", report("ERROR", result=web.FAILURE)))
KILLED = events(RUNNING, event("state", "KILLED-0", report("KILLED")))
BINARY = {"app-name": "words", "binary-type": "Egg", "upload-time": "2026-01-31T23:59:59.000Z"}
CONTEXT = {
    "id": "c1",
    "name": "c",
    "startTime": "2026-01-31T23:59:59.000Z",
    "endTime": "Empty",
    "state": "RUNNING",
    "applicationId": "local-1",
}


@pytest.fixture
def server(monkeypatch):
    one = web.Web()
    monkeypatch.setenv("SJS_URL", one.url)
    yield one
    one.close()


@pytest.fixture
def sjs(server, capfd):
    """Runs the command: its exit code, and what it has written to both streams."""

    def run(*arguments):
        try:
            code = command.run(arguments)
        except SystemExit as left:
            code = left.code
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return int(code or 0), out, err

    return run


def process(server, *arguments, environment=None, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "sparkjobserver.client", *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(SOURCES),
            "SJS_URL": server.url,
            **(environment or {}),
        },
        stdout=subprocess.PIPE,
        text=True,
        # A shell that runs these tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        **more,
    )


# Running a job


def test_the_result_goes_to_the_one_stream_and_the_log_to_the_other(server, sjs):
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", FINISHED)
    server.on("GET /jobs/j1/result", web.Reply(200, b'{"a": 2.50}'))
    code, out, err = sjs("submit", "words.Count", "--binary", "words", "--context", "c")
    assert (code, out) == (0, '{"a": 2.50}\n')
    assert err == "sjs: job j1 runs in context c\none\n"
    (posted,) = server.of("POST /jobs")
    assert posted.query == {"appName": "words", "classPath": "words.Count", "context": "c"}
    assert len(posted.headers["Idempotency-Key"]) == 36


def test_quiet_leaves_the_result_alone(server, sjs):
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", FINISHED)
    server.on("GET /jobs/j1/result", web.Reply(200, b"1"))
    assert sjs("submit", "a.B", "--binary", "b", "-q") == (0, "1\n", "")


def test_the_whole_report_may_be_asked_for(server, sjs):
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", FINISHED)
    server.on("GET /jobs/j1", web.answer(report("FINISHED", result=[1.5])))
    code, out, _ = sjs("--json", "submit", "a.B", "--binary", "b")
    assert code == 0
    assert json.loads(out) == report("FINISHED", result=[1.5])


def test_a_job_that_fails_shows_its_traceback(server, sjs):
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", FAILED)
    code, out, err = sjs("submit", "a.B", "--binary", "b")
    assert (code, out) == (1, "")
    assert err.endswith("one\n" + web.FAILURE["stack"] + "sjs: job j1 has failed\n")


def test_a_traceback_that_the_log_ends_with_is_not_shown_twice(server, sjs):
    stack = web.FAILURE["stack"]
    log = event("log", "RUNNING-4", "one\n" + stack.rstrip())
    ended = event("state", "ERROR-4", report("ERROR", result=web.FAILURE))
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", events(RUNNING, log, ended))
    assert sjs("submit", "a.B", "--binary", "b")[2].endswith(
        "one\n" + stack + "sjs: job j1 has failed\n"
    )
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", events(RUNNING, log, ended))
    assert sjs("submit", "a.B", "--binary", "b", "-q")[2] == stack + "sjs: job j1 has failed\n"


def test_a_job_that_was_killed_has_a_code_of_its_own(server, sjs):
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", KILLED)
    code, out, err = sjs("submit", "a.B", "--binary", "b")
    assert (code, out) == (3, "")
    assert err.endswith("sjs: job j1 was killed\n")


def test_problems_of_the_input_are_told_line_by_line(server, sjs):
    result = {"message": "no input\nno output", "errorClass": "", "stack": ""}
    server.on("POST /jobs", web.answer({"status": "VALIDATION FAILED", "result": result}, 400))
    assert sjs("submit", "a.B", "--binary", "b") == (4, "", "no input\nno output\n")


def test_a_refusal_has_the_servers_words(server, sjs):
    server.on("POST /jobs", web.refusal(404, "appName b not found"))
    assert sjs("submit", "a.B", "--binary", "b") == (5, "", "sjs: appName b not found\n")


def test_a_refusal_shows_the_exception_behind_it(server, sjs):
    told = {"status": "CONTEXT INIT ERROR", "result": web.FAILURE}
    server.on("POST /contexts/c", web.answer(told, 500))
    code, _, err = sjs("contexts", "create", "c")
    assert code == 5
    assert err == web.FAILURE["stack"] + "sjs: CONTEXT INIT ERROR: division by zero\n"


def test_a_server_that_is_not_there_is_named(server, sjs):
    free = web.Web()
    free.close()
    code, out, err = sjs("status", "--url", free.url)
    assert (code, out) == (5, "")
    assert f"{free.url} cannot be reached" in err


def test_without_waiting_the_id_is_all(server, sjs):
    server.on("POST /jobs", STARTED)
    assert sjs("submit", "a.B", "--binary", "b", "--no-wait") == (0, "j1\n", "")
    code, out, _ = sjs("submit", "a.B", "--binary", "b", "--no-wait", "--json")
    assert (code, json.loads(out)) == (0, report("STARTED"))


def test_the_key_may_be_given(server, sjs):
    server.on("POST /jobs", STARTED)
    sjs("submit", "a.B", "--binary", "b", "--no-wait", "--idempotency-key", "k")
    assert server.of("POST /jobs")[0].headers["Idempotency-Key"] == "k"


def test_the_time_for_waiting_ends(server, sjs):
    held = threading.Event()
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", events(RUNNING, hold=held))
    try:
        code, out, err = sjs("submit", "a.B", "--binary", "b", "--timeout", "0.5")
    finally:
        held.set()
    assert (code, out) == (124, "")
    assert err.endswith("sjs: The time is over; the job goes on\n")
    assert server.of("DELETE /jobs/j1") == []


# What is sent


def test_the_configuration_is_sent_as_it_is_with_settings_behind_it(server, sjs, tmp_path):
    server.on("POST /jobs", STARTED)
    file = tmp_path / "job.conf"
    file.write_text("# ü\na.b = [1, x]\n")
    sjs("submit", "a.B", "--binary", "b", "--no-wait", "--config", str(file))
    sjs(
        *("submit", "a.B", "--binary", "b", "--no-wait", "--config", str(file)),
        *("--set", "a.c=true", "--set", "d=two words", "--set", 'e=["x"]', "--set", "f="),
    )
    plain, more = (one.body.decode() for one in server.of("POST /jobs"))
    assert plain == "# ü\na.b = [1, x]\n"
    assert more == plain + '\n"a"."c" = true\n"d" = "two words"\n"e" = ["x"]\n"f" = ""\n'


def test_the_configuration_may_come_from_standard_input(server, sjs, monkeypatch):
    server.on("POST /jobs", STARTED)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a = 1")))
    assert sjs("submit", "a.B", "--binary", "b", "--no-wait", "--config", "-")[0] == 0
    assert server.of("POST /jobs")[0].body == b"a = 1"


def test_settings_go_into_the_braces_of_a_configuration():
    assert hocon.with_settings('{"a": 1}', {}) == '{"a": 1}'
    assert hocon.with_settings(' {"a": 1}\n', {"b": 2}) == '{"a": 1\n"b" = 2\n}'
    assert hocon.with_settings("", {"b": None}) == '"b" = null\n'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("true", True),
        ('"1"', "1"),
        ("a b", "a b"),
        ("NaN", "NaN"),
        ("[1", "[1"),
        ("", ""),
    ],
)
def test_a_value_is_json_or_else_a_text(text, value):
    assert hocon.value_of(text) == value


def test_a_file_is_uploaded_under_a_name_of_its_own(server, sjs, tmp_path):
    wheel = tmp_path / "words-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK\x03\x04")
    name = f"words-{hashlib.sha256(wheel.read_bytes()).hexdigest()[:12]}"
    server.on("POST /jobs", STARTED).on(f"POST /binaries/{name}", SUCCESS)
    assert sjs("submit", "a.B", "--file", str(wheel), "--no-wait")[0] == 0
    assert server.of("POST /jobs")[0].query["appName"] == name
    server.on(f"GET /binaries/{name}", web.answer(BINARY))
    assert sjs("submit", "a.B", "--file", str(wheel), "--no-wait")[0] == 0
    assert len(server.of(f"POST /binaries/{name}")) == 1


def test_a_file_may_be_uploaded_under_a_name_that_is_given(server, sjs, tmp_path):
    wheel = tmp_path / "words-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK\x03\x04")
    server.on("POST /jobs", STARTED).on("POST /binaries/given", SUCCESS)
    assert sjs("submit", "a.B", "--file", str(wheel), "--binary", "given", "--no-wait")[0] == 0
    assert server.of("POST /jobs")[0].query["appName"] == "given"
    assert server.of("POST /binaries/given")[0].body == b"PK\x03\x04"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("jobs",),
        ("nonsense",),
        ("submit", "a.B"),
        ("submit", "--binary", "b"),
        ("submit", "a.B", "--binary", "b", "--set", "a"),
        ("submit", "a.B", "--binary", "b", "--set", "a..b=1"),
        ("submit", "a.B", "--binary", "b", "--config", "/none/such.conf"),
        ("submit", "a.B", "--binary", "b", "--timeout", "-1"),
        ("submit", "a.B", "--file", "words.py"),
        ("submit", "a.B", "--file", "/none/words.whl"),
        ("jobs", "list", "--limit", "many"),
        ("jobs", "list", "--status", "failed"),
        ("status", "--url", "nowhere"),
    ],
)
def test_arguments_without_sense_are_told(server, sjs, arguments):
    code, out, err = sjs(*arguments)
    assert (code, out) == (2, "")
    assert err
    assert server.received == []


# Interrupts


def interrupted(server, *arguments):
    """Runs a job that never ends, and interrupts the command once it follows it."""
    held = threading.Event()
    server.on("POST /jobs", STARTED)
    server.on("GET /jobs/j1/events", events(RUNNING, LOG, hold=held))
    with process(server, "submit", "a.B", "--binary", "b", *arguments, stderr=-1) as running:
        assert running.stderr.readline() == "sjs: job j1 runs in context c\n"
        assert running.stderr.readline() == "one\n"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    held.set()
    return running.returncode, out, err


def test_an_interrupt_cancels_the_job_and_says_so(server):
    server.on("DELETE /jobs/j1", web.answer({"status": "KILLED"}))
    code, out, err = interrupted(server)
    assert (code, out) == (130, "")
    assert err == (
        "sjs: cancelling job j1; interrupt again to leave it running\nsjs: job j1 is KILLED\n"
    )
    assert len(server.of("DELETE /jobs/j1")) == 1


def test_a_job_that_had_ended_meanwhile_is_told_so(server):
    server.on("DELETE /jobs/j1", web.refusal(404, "No running job with ID j1"))
    server.on("GET /jobs/j1", web.answer(report("FINISHED", result=1)))
    code, _, err = interrupted(server)
    assert code == 130
    assert err.endswith("sjs: job j1 had ended: FINISHED\n")


def test_an_interrupt_may_leave_the_job_running(server):
    code, out, err = interrupted(server, "--detach-on-interrupt")
    assert (code, out) == (130, "")
    assert err == "sjs: job j1 goes on; to see more: sjs jobs wait j1\n"
    assert server.of("DELETE /jobs/j1") == []


def test_a_second_interrupt_leaves_at_once(server):
    held = threading.Event()
    server.on("DELETE /jobs/j1", web.Reply(200, b"{", hold=held))
    server.on("POST /jobs", STARTED)
    server.on("GET /jobs/j1/events", events(RUNNING, LOG, hold=held))
    with process(server, "submit", "a.B", "--binary", "b", stderr=-1) as running:
        for line in ("sjs: job j1 runs in context c\n", "one\n"):
            assert running.stderr.readline() == line
        running.send_signal(signal.SIGINT)
        assert "interrupt again" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    held.set()
    assert running.returncode == 130
    assert err == "sjs: whether job j1 is cancelled is not known\n"


def test_an_interrupt_before_the_answer_cancels_what_the_submission_made(server):
    held = threading.Event()
    asked = threading.Event()
    server.on("POST /jobs", web.Reply(202, b"{", hold=held), STARTED)
    server.on("DELETE /jobs/j1", web.answer({"status": "KILLED"}))
    arrive = server.handle

    def handle(handler):
        if handler.command == "POST":
            asked.set()
        arrive(handler)

    server.handle = handle
    with process(server, "submit", "a.B", "--binary", "b", stderr=-1) as running:
        assert asked.wait(30)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    held.set()
    assert running.returncode == 130
    assert err.startswith("sjs: cancelling as soon as the server says which job it is\n")
    assert err.endswith("sjs: job j1 is KILLED\n")
    first, second = server.of("POST /jobs")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_waiting_for_a_job_leaves_it_running_when_interrupted(server):
    held = threading.Event()
    server.on("GET /jobs/j1", web.answer(report()))
    server.on("GET /jobs/j1/events", events(RUNNING, LOG, hold=held))
    with process(server, "jobs", "wait", "j1", "--log", stderr=-1) as running:
        assert running.stderr.readline() == "one\n"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    held.set()
    assert (running.returncode, server.of("DELETE /jobs/j1")) == (130, [])
    assert "goes on" in err


# The bar


class Screen(io.StringIO):
    def isatty(self):
        return True


PROGRESS = ProgressEvent("", Progress(3, 1, 8, 4, 2, 1))


def test_the_bar_stays_below_the_log():
    screen = Screen()
    shown = terminal.Terminal(io.BytesIO(), screen)
    shown.event(PROGRESS, log=True)
    line = "[############------------] 4/8 tasks, 1/3 stages, 2 running, 1 failed"
    assert screen.getvalue() == f"\r\x1b[K{line}"
    shown.event(terminal.LogEvent("", "one\n"), log=True)
    assert screen.getvalue().endswith(f"\r\x1b[Kone\n{line}")
    shown.end_bar()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_the_bar_fits_and_may_be_empty():
    assert len(terminal.bar(PROGRESS.progress, 20)) == 19
    assert terminal.bar(Progress(0, 0, 0, 0, 0, 0), 80).startswith(f"[{'-' * 24}] 0/0 tasks")


@pytest.mark.parametrize(
    ("stream", "term", "quiet"),
    [(io.StringIO, "xterm", False), (Screen, "dumb", False), (Screen, "xterm", True)],
)
def test_there_is_no_bar_where_nobody_sees_it(monkeypatch, stream, term, quiet):
    monkeypatch.setenv("TERM", term)
    screen = stream()
    terminal.Terminal(io.BytesIO(), screen, quiet=quiet).event(PROGRESS, log=True)
    assert screen.getvalue() == ""


def test_a_real_terminal_has_the_bar_and_the_result_is_clean(server):
    counts = {
        "stages": 1,
        "completedStages": 0,
        "tasks": 4,
        "completedTasks": 2,
        "activeTasks": 2,
        "failedTasks": 0,
    }
    steps = [RUNNING, event("progress", "RUNNING-0", counts), LOG]
    end = event("state", "FINISHED-4", report("FINISHED"))
    server.on("POST /jobs", STARTED).on("GET /jobs/j1/events", events(*steps, end))
    server.on("GET /jobs/j1/result", web.Reply(200, b"1"))
    ours, theirs = pty.openpty()
    with process(server, "submit", "a.B", "--binary", "b", stderr=theirs) as running:
        out, _ = running.communicate(timeout=30)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert (running.returncode, out) == (0, "1\n")
    assert "2/4 tasks" in shown
    assert shown.endswith("\r\x1b[K")
    assert "\x1b[" not in shown.replace("\x1b[K", "")


# The other commands


def test_status_tells_what_the_server_does(server, sjs):
    server.on("GET /healthz", SUCCESS).on("GET /contexts", web.answer(["a", "b"]))
    server.on("GET /jobs", web.answer([report()]))
    factories = [{"name": "f.F", "bundle": "b", "version": "1"}]
    server.on("GET /context-factories", web.answer(factories))
    code, out, _ = sjs("status")
    assert code == 0
    assert out.splitlines() == [
        f"server             {server.url} is well",
        "contexts           a, b",
        "running jobs       1",
        "context factories  f.F",
    ]
    assert server.of("GET /jobs")[0].query == {"limit": "10000", "status": "RUNNING"}
    assert json.loads(sjs("status", "--json")[1]) == {
        "url": server.url,
        "contexts": ["a", "b"],
        "runningJobs": 1,
        "contextFactories": ["f.F"],
    }


def test_a_server_that_is_not_well_is_told(server, sjs):
    server.on("GET /healthz", web.refusal(500, "the store is gone"))
    assert sjs("status") == (5, "", "sjs: the store is gone\n")


def test_lists_are_tables(server, sjs, monkeypatch):
    server.on("GET /binaries", web.answer({"words": BINARY}))
    server.on("GET /contexts", web.answer(["c"])).on("GET /contexts/c", web.answer(CONTEXT))
    server.on("GET /jobs", web.answer([report("FINISHED"), report()]))
    assert sjs("binaries", "list")[1].splitlines()[0].split() == ["NAME", "KIND", "UPLOADED"]
    assert sjs("contexts", "list")[1].splitlines()[1].split()[:2] == ["c", "RUNNING"]
    head, first, second = sjs("jobs", "list", "--status", "killed", "--limit", "2")[1].splitlines()
    assert head.split() == ["ID", "STATUS", "STARTED", "TOOK", "CONTEXT", "CLASS"]
    assert first.split()[:2] == ["j1", "FINISHED"]
    assert first.split()[-4:] == ["0.25", "s", "c", "words.Count"]
    assert second.split()[:2] == ["j1", "RUNNING"]
    assert server.of("GET /jobs")[0].query == {"status": "KILLED", "limit": "2"}


def test_names_that_others_have_chosen_do_nothing_to_a_terminal(server, sjs):
    name = "c\x1b[2J\x1b]52;c;eA==\x07\n9\u202e\x9b\r"
    failure = "first\nstate  RUNNING\x1b[A"
    context = {**CONTEXT, "name": name, "failure": failure}
    server.on("GET /contexts", web.answer([name]))
    server.on("GET /context-factories", web.answer([])).on("GET /jobs", web.answer([]))
    server.on("GET /healthz", web.answer({"status": "SUCCESS"}))
    server.on(f"GET /contexts/{segment(name)}", web.answer(context))
    for arguments in (("contexts", "list"), ("contexts", "show", name), ("status",)):
        code, out, err = sjs(*arguments)
        assert (code, err) == (0, ""), arguments
        assert "c?[2J?]52;c;eA==?" in out
        assert [c for c in out if not c.isprintable() and c != "\n"] == []
    shown = sjs("contexts", "show", name)[1].splitlines()
    assert [line.split()[0] for line in shown if not line.startswith(" ")][-1] == "failure"
    assert shown[-1].strip() == "state  RUNNING?[A"


def test_an_empty_list_writes_nothing_to_read(server, sjs):
    server.on("GET /binaries", web.answer({}))
    assert sjs("binaries", "list") == (0, "", "sjs: none\n")


@pytest.mark.parametrize(
    ("arguments", "route", "told"),
    [
        (("binaries", "list"), "/binaries", {"words": BINARY}),
        (("binaries", "show", "words"), "/binaries/words", BINARY),
        (("contexts", "list"), "/contexts", ["c"]),
        (("contexts", "show", "c"), "/contexts/c", CONTEXT),
        (("jobs", "list"), "/jobs", [report()]),
        (("jobs", "show", "j1"), "/jobs/j1", report("FINISHED", result={"a": 1})),
        (("jobs", "config", "j1"), "/jobs/j1/config", {"a": [1]}),
    ],
)
def test_json_is_what_the_server_says(server, sjs, arguments, route, told):
    server.on(f"GET {route}", web.answer(told))
    code, out, err = sjs(*arguments, "--json")
    assert (code, json.loads(out), err) == (0, told, "")


def test_one_of_each_is_shown(server, sjs):
    server.on("GET /binaries/words", web.answer(BINARY))
    server.on("GET /contexts/c", web.answer({**CONTEXT, "failure": "it died"}))
    server.on(
        "GET /jobs/j1",
        web.answer(report("FINISHED", result={"a": 1})),
        web.answer(report("ERROR", result=web.FAILURE)),
    )
    assert "kind      Egg" in sjs("binaries", "show", "words")[1]
    assert "failure      it died" in sjs("contexts", "show", "c")[1]
    assert sjs("jobs", "show", "j1")[1].endswith('took     0.25 s\n{"a": 1}\n')
    assert sjs("jobs", "show", "j1")[1].endswith(web.FAILURE["stack"])


def test_things_are_made_and_removed(server, sjs, tmp_path):
    egg = tmp_path / "words-1-py3.egg"
    egg.write_bytes(b"PK\x03\x04")
    server.on("POST /binaries/words", web.answer({"status": "SUCCESS"}, 201))
    server.on("DELETE /binaries/words", SUCCESS).on("POST /contexts/c", SUCCESS)
    server.on("DELETE /contexts/c", SUCCESS, web.Reply(202))
    server.on("DELETE /jobs/j1", web.answer({"status": "KILLED"}))

    assert sjs("binaries", "upload", "words", str(egg))[:2] == (
        0,
        f"{egg} is uploaded as words\n",
    )
    assert sjs("contexts", "create", "c", "--factory", "f.F", "--set", "num-cpu-cores=2")[:2] == (
        0,
        "context c runs\n",
    )
    assert sjs("contexts", "delete", "c")[1] == "context c is stopped\n"
    assert sjs("contexts", "delete", "c")[1] == "context c is stopping\n"
    assert sjs("jobs", "cancel", "j1")[1] == "job j1 is KILLED\n"
    assert sjs("binaries", "delete", "words", "--json")[1] == '{"status": "SUCCESS"}\n'
    assert server.of("POST /contexts/c")[0].body.decode() == (
        '"spark"."context-settings"."num-cpu-cores" = 2\n'
        '"spark"."context-settings"."context-factory" = "f.F"\n'
    )


def test_a_log_is_followed_from_its_last_lines_on(server, sjs):
    server.on("GET /jobs/j1/log", web.text("two\n", Log_Next_Offset="8"))
    end = event("state", "FINISHED-14", report("FINISHED"))
    server.on("GET /jobs/j1/events", events(event("log", "RUNNING-14", "three"), end))
    assert sjs("jobs", "log", "j1")[:2] == (0, "two\n")
    assert sjs("jobs", "log", "j1", "--follow", "--tail", "1")[:2] == (0, "two\nthree\n")
    assert server.of("GET /jobs/j1/log")[1].query == {"tail": "1"}
    assert server.of("GET /jobs/j1/events")[0].headers["Last-Event-ID"] == "RUNNING-8"


def test_a_result_is_written_as_the_server_has_it(server, sjs):
    server.on("GET /jobs/j1/result", web.Reply(200, b"[1.2500000000000000001]"))
    assert sjs("jobs", "result", "j1")[:2] == (0, "[1.2500000000000000001]\n")


def test_a_result_that_breaks_off_is_an_error(server, sjs):
    server.on("GET /jobs/j1/result", web.Reply(200, b"[1, 2", cut=True))
    code, _, err = sjs("jobs", "result", "j1")
    assert code == 5
    assert "did not answer to the end" in err


@pytest.mark.parametrize(("stream", "code"), [(FINISHED, 0), (FAILED, 1), (KILLED, 3)])
def test_waiting_has_the_code_of_the_outcome_and_no_log(server, sjs, stream, code):
    server.on("GET /jobs/j1", web.answer(report())).on("GET /jobs/j1/events", stream)
    server.on("GET /jobs/j1/result", web.Reply(200, b"7"))
    ended, out, err = sjs("jobs", "wait", "j1")
    assert (ended, out) == (code, "7\n" if code == 0 else "")
    assert "one" not in err


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("format_", [(), ("--json",)])
def test_a_reader_that_has_left_is_no_reason_for_a_traceback(server, unbuffered, format_):
    server.on("GET /jobs", web.answer([report()] * 3000))
    more = {"PYTHONUNBUFFERED": unbuffered}
    with process(server, "jobs", "list", *format_, stderr=-1, environment=more) as running:
        running.stdout.read(1)
        running.stdout.close()
        err = running.stderr.read()
    assert (running.returncode, err) == (1, "")


def test_help_tells_the_exit_codes(sjs):
    code, out, _ = sjs("--help")
    assert code == 0
    for words in ("submit", "3    the job is KILLED", "124"):
        assert words in out


def test_without_the_extra_it_says_what_to_install():
    # An interpreter that has nothing but itself.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "sparkjobserver.client", "status"],
        env={"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.endswith("pip install 'sparkjobserver[client]'\n")


# Who is calling


def test_a_token_is_that_of_the_file_or_else_of_the_environment(server, sjs, monkeypatch, tmp_path):
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    monkeypatch.delenv("JOBSERVER_TOKEN", raising=False)
    server.on("GET /contexts", web.answer([]))
    assert sjs("contexts", "list")[0] == 0
    monkeypatch.setenv("JOBSERVER_TOKEN", "of-the-environment")
    assert sjs("contexts", "list")[0] == 0
    assert sjs("contexts", "list", "--token-file", str(file))[0] == 0
    assert sjs("--token-file", str(file), "contexts", "list")[0] == 0
    assert [request.headers.get("Authorization") for request in server.received] == [
        None,
        "Bearer of-the-environment",
        "Bearer of-the-file",
        "Bearer of-the-file",
    ]


def test_what_is_no_token_is_not_sent(server, sjs, tmp_path):
    file = tmp_path / "token"
    for text in ("", "two words", "two\nlines"):
        file.write_text(text)
        code, _, err = sjs("contexts", "list", "--token-file", str(file))
        assert (code, "holds no token" in err) == (2, True)
    code, _, err = sjs("contexts", "list", "--token-file", str(tmp_path / "none"))
    assert (code, "none" in err) == (2, True)
    assert server.received == []


@pytest.fixture
def running(tmp_path):
    """A process that looks as a server does, and its data folder."""
    data = tmp_path / "data"
    (data / "auth").mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "input()", "spark.jobserver.boot.ServerMain", "--data", data],
        stdin=subprocess.PIPE,
    )
    yield data
    process.communicate()


def test_the_token_of_a_server_of_this_user_is_found(server, sjs, monkeypatch, running):
    monkeypatch.delenv("JOBSERVER_TOKEN", raising=False)
    server.on("GET /contexts", web.answer([]))

    def sent():
        assert sjs("contexts", "list")[0] == 0
        return server.received[-1].headers.get("Authorization")

    assert sent() is None
    (running / "url").write_text(server.url + "/\n")
    assert sent() is None
    (running / "auth" / "local-token").write_text("of-the-server\n")
    assert sent() == "Bearer of-the-server"
    monkeypatch.setenv("SJS_URL", server.url.replace("//", "//ada:secret@"))
    assert sent().startswith("Basic ")
    monkeypatch.setenv("SJS_URL", server.url)
    monkeypatch.setenv("JOBSERVER_TOKEN", "of-the-environment")
    assert sent() == "Bearer of-the-environment"
    monkeypatch.delenv("JOBSERVER_TOKEN")
    monkeypatch.setenv("JOBSERVER_DRIVER", "x.1")
    assert sent() is None
    monkeypatch.delenv("JOBSERVER_DRIVER")
    (running / "url").write_text("http://127.0.0.1:1/\n")
    assert sent() is None
    (running / "url").write_text(server.url + "/\n")
    assert sent() == "Bearer of-the-server"
    # At an address that the server has not, somebody else may listen.
    addresses = [
        (socket.AF_INET6, 1, 6, "", ("::1", 0)),
        (socket.AF_INET, 1, 6, "", ("127.0.0.1", 0)),
    ]
    with monkeypatch.context() as two:
        two.setattr(local_token.socket, "getaddrinfo", lambda *_, **__: addresses)
        assert local_token.find(server.url) is None


def test_what_a_job_starts_finds_no_token_whatever_its_environment(server, running):
    (running / "url").write_text(server.url + "/\n")
    (running / "auth" / "local-token").write_text("of-the-server\n")
    find = (
        "import sys; from sparkjobserver.client import local_token; "
        "print(local_token.find(sys.argv[1]))"
    )

    def found(**environment):
        clear = ["env", "-i", f"PYTHONPATH={SOURCES}", sys.executable, "-c", find, server.url]
        done = subprocess.run(
            ["/bin/sh", "-c", '"$@"; exit', "sh", *clear],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    assert found() == "of-the-server"
    assert found(JOBSERVER_DRIVER="x.1") == "None"


def test_files_for_tls_are_named_where_they_cannot_be_used(server, sjs, monkeypatch, tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("no PEM")
    for option, variable in (
        ("--ca-file", "JOBSERVER_CA_FILE"),
        ("--certificate", "JOBSERVER_CERTIFICATE"),
    ):
        for file in (broken, tmp_path / "missing.pem"):
            code, _, err = sjs("contexts", "list", option, str(file))
            assert (code, str(file) in err) == (2, True), err
            monkeypatch.setenv(variable, str(file))
            code, _, err = sjs("contexts", "list")
            assert (code, str(file) in err) == (2, True), err
            monkeypatch.delenv(variable)
    assert server.received == []
