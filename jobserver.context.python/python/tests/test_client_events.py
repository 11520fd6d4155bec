"""Following a job over real connections, which end, break and stay silent."""

import threading
from functools import partial

import pytest

import web
from sparkjobserver.client import (
    Client,
    JobserverError,
    LogEvent,
    ProgressEvent,
    StateEvent,
    UnreachableError,
    WaitTimeoutError,
)
from sparkjobserver.client.events import EventParser
from web import event, events, report

COUNTS = {
    "stages": 2,
    "completedStages": 0,
    "tasks": 4,
    "completedTasks": 1,
    "activeTasks": 2,
    "failedTasks": 0,
}
RUNNING = event("state", "RUNNING-0", report())
FINISHED = event("state", "FINISHED-8", report("FINISHED"))


@pytest.fixture
def server():
    one = web.Web()
    yield one
    one.close()


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(server, slept):
    with Client(server.url, patience=4, sleep=slept.append) as one:
        yield one


def test_a_job_is_followed_to_its_end(server, client):
    server.on(
        "GET /jobs/j1/events",
        events(
            RUNNING,
            event("progress", "RUNNING-0", COUNTS),
            event("log", "RUNNING-8", "one\ntwo"),
            FINISHED,
        ),
    )
    running, progress, log, finished = client.follow("j1")
    assert isinstance(running, StateEvent)
    assert running.job.status == "RUNNING"
    assert isinstance(progress, ProgressEvent)
    assert progress.progress.completed_tasks == 1
    assert log == LogEvent("RUNNING-8", "one\ntwo\n")
    assert isinstance(finished, StateEvent)
    assert finished.job.status == "FINISHED"
    assert "Last-Event-ID" not in server.received[0].headers


@pytest.mark.parametrize("cut", [True, False])
def test_a_stream_that_ends_early_is_taken_up_where_it_was(server, client, cut):
    server.on(
        "GET /jobs/j1/events",
        events(RUNNING, event("log", "RUNNING-4", "one"), cut=cut),
        web.NOTHING,
        events(event("log", "RUNNING-8", "two"), FINISHED),
    )
    told = list(client.follow("j1"))
    assert [one.text for one in told if isinstance(one, LogEvent)] == ["one\n", "two\n"]
    assert [one.id for one in told] == ["RUNNING-0", "RUNNING-4", "RUNNING-8", "FINISHED-8"]
    assert [one.headers.get("Last-Event-ID") for one in server.received] == [
        None,
        "RUNNING-4",
        "RUNNING-4",
    ]


def test_half_an_event_is_told_once_when_it_is_whole(server, client):
    half = web.events(RUNNING, event("log", "RUNNING-4", "one"), cut=True)
    server.on(
        "GET /jobs/j1/events",
        web.Reply(200, half.body[:-1], half.kind, cut=True),
        events(event("log", "RUNNING-4", "one"), FINISHED),
    )
    assert [one.id for one in client.follow("j1")] == ["RUNNING-0", "RUNNING-4", "FINISHED-8"]
    assert server.received[1].headers["Last-Event-ID"] == "RUNNING-0"


def test_following_may_begin_within_the_log(server, client):
    server.on("GET /jobs/j1/events", events(FINISHED))
    list(client.follow("j1", log_offset=17))
    assert server.received[0].headers["Last-Event-ID"] == "RUNNING-17"


def test_a_client_that_has_seen_the_end_is_told_nothing(server, client):
    server.on("GET /jobs/j1/events", web.Reply(204))
    assert list(client.follow("j1")) == []


def test_a_job_that_is_not_there_is_refused(server, client):
    server.on("GET /jobs/j1/events", web.refusal(404, "No such job ID j1"))
    with pytest.raises(JobserverError, match="No such job ID j1"):
        list(client.follow("j1"))


def test_a_server_that_stays_away_is_given_up(server, client, slept):
    server.on("GET /jobs/j1/events", events(RUNNING, cut=True), web.NOTHING)
    with pytest.raises(UnreachableError):
        list(client.follow("j1"))
    assert sum(slept) == 4


def test_a_server_that_was_never_there_is_told_at_once(slept):
    server = web.Web()
    server.close()
    with (
        Client(server.url, sleep=slept.append) as client,
        pytest.raises(UnreachableError, match="cannot be reached"),
    ):
        list(client.follow("j1"))
    assert slept == []


BUSY = web.refusal(503, "Too many event streams are open")
HTML = web.Reply(200, b"<html>", "text/html")


@pytest.mark.parametrize("instead", [BUSY, HTML])
def test_without_events_the_job_is_asked_for(server, client, instead):
    log = partial(web.text, Log_Next_Offset="3")
    server.on("GET /jobs/j1/events", instead)
    server.on(
        "GET /jobs/j1",
        web.answer(report()),
        web.answer(report(progress=COUNTS)),
        web.answer(report("FINISHED", result=1)),
    )
    server.on(
        "GET /jobs/j1/log",
        log("one", Log_Next_Offset="3"),  # a line that is not finished yet
        log("one\ntwo\nth", Log_Next_Offset="10"),
        log("three", Log_Next_Offset="13"),
    )
    told = list(client.follow("j1"))
    kinds = [type(one).__name__ for one in told]
    assert kinds == ["StateEvent", "LogEvent", "ProgressEvent", "LogEvent", "StateEvent"]
    assert [one.text for one in told if isinstance(one, LogEvent)] == ["one\ntwo\n", "three\n"]
    assert [one.query["offset"] for one in server.of("GET /jobs/j1/log")] == ["0", "0", "8"]
    assert told[-1].job.status == "FINISHED"


def test_events_are_gone_back_to(server, client):
    server.on("GET /jobs/j1/events", BUSY, events(event("log", "RUNNING-8", "two"), FINISHED))
    server.on("GET /jobs/j1", web.answer(report()))
    server.on("GET /jobs/j1/log", web.text("one\n", Log_Next_Offset="4"))
    told = list(client.follow("j1"))
    assert [one.text for one in told if isinstance(one, LogEvent)] == ["one\n", "two\n"]
    assert server.of("GET /jobs/j1/events")[1].headers["Last-Event-ID"] == "RUNNING-4"


STARTING = web.text("The requested resource could not be found.", status=404)


def test_a_server_that_is_just_being_started_does_not_know_its_routes_yet(server, client):
    server.on(
        "GET /jobs/j1/events",
        events(RUNNING, event("log", "RUNNING-4", "one"), cut=True),
        STARTING,
        events(event("log", "RUNNING-8", "two"), FINISHED),
    )
    server.on("GET /jobs/j1", STARTING, web.text("", status=502), web.answer(report()))
    server.on("GET /jobs/j1/log", web.text("", Log_Next_Offset="4"))
    told = list(client.follow("j1"))
    assert [one.text for one in told if isinstance(one, LogEvent)] == ["one\n", "two\n"]


def test_a_server_that_never_knew_the_route_is_none_of_ours(server, client, slept):
    server.on("GET /jobs/j1/events", STARTING)
    with pytest.raises(JobserverError, match="could not be found"):
        list(client.follow("j1"))
    assert slept == []


def test_a_job_that_is_forgotten_meanwhile_is_told(server, client, slept):
    gone = web.refusal(404, "No such job ID j1")
    server.on("GET /jobs/j1/events", events(RUNNING, cut=True), gone)
    with pytest.raises(JobserverError, match="No such job ID j1"):
        list(client.follow("j1"))
    assert len(slept) == 1


def test_asking_goes_on_for_as_long_as_there_are_answers(server, client, slept):
    rounds = 40
    server.on("GET /jobs/j1/events", BUSY)
    server.on("GET /jobs/j1", *[web.answer(report())] * rounds, web.answer(report("KILLED")))
    server.on("GET /jobs/j1/log", web.text("", Log_Next_Offset="0"))
    *_, last = client.follow("j1")
    assert last.job.status == "KILLED"
    assert len(slept) == rounds
    assert sum(slept) > 4


def test_following_has_an_end_in_silence_too(server, client):
    held = threading.Event()
    server.on("GET /jobs/j1/events", events(RUNNING, hold=held))
    try:
        with pytest.raises(WaitTimeoutError):
            list(client.follow("j1", timeout=0.3))
    finally:
        held.set()


def test_following_has_an_end_while_the_server_lets_hear_of_itself(server, client):
    server.on("GET /jobs/j1/events", web.dripping(RUNNING, FINISHED))
    with pytest.raises(WaitTimeoutError):
        list(client.follow("j1", timeout=0.5))


def test_patience_begins_anew_with_each_contact(server, client):
    breaks = [events(event("log", f"RUNNING-{n}", "x"), cut=True) for n in range(1, 31)]
    server.on("GET /jobs/j1/events", *breaks, events(FINISHED))
    assert len(list(client.follow("j1"))) == 31


STREAM = """retry: 2000

:

event: none

event: log
id: R-1
data: a
data:  b: ü

event: state
data: c

id"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_events_are_the_same_however_they_are_cut(end, size):
    text = STREAM.replace("\n", end)
    parser = EventParser()
    told = []
    for start in range(0, len(text), size):
        told.extend(parser.feed(text[start : start + size]))
    assert [(one.get("event"), one.get("id"), one["data"]) for one in told] == [
        ("log", "R-1", "a\n b: ü"),
        ("state", None, "c"),
    ]
