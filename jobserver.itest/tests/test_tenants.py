"""Callers that may see and change only what they have made themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from credentials import bearing, token
from server import KERNEL_TELLS, Server, example, running

pytestmark = pytest.mark.skipif(
    not KERNEL_TELLS, reason="the kernel does not tell whose a connection is"
)

WORDS = "example_jobs.word_count.WordCountSparkJob"
SLOW = "example_jobs.slow_job.SlowJob"
INPUT = 'input.strings = ["a", "b", "a"]'
ROUTES_OF_A_JOB = ("", "/config", "/result", "/log", "/events")


@dataclass(frozen=True)
class House:
    """A server with a context, a binary and a job of alice's."""

    operator: Server
    alice: Server
    bob: Server
    job: str


def tenant(server: Server, name: str, role: str = "tenant") -> Server:
    """The server for somebody with a token."""
    return server.used_with(bearing(token(server, "make", name, "--role", role)))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("tenants")) as server:
        alice = tenant(server, "alice")
        bob = tenant(server, "bob")
        alice.upload("words", example("sjs_python_examples-*.egg"))
        alice.context("hers")
        answer = alice.submit("words", WORDS, "hers", INPUT, sync="true", timeout="60")
        assert (answer.status, answer.json["result"]) == (200, {"a": 2, "b": 1}), answer.text
        yield House(server, alice, bob, answer.json["jobId"])


def test_tenants_see_their_own(house: House) -> None:
    assert house.alice.get("/contexts").json == ["hers"]
    assert house.alice.get("/contexts/hers").json["owner"] == "alice"
    assert house.alice.get("/contexts/hers/objects").json == []
    assert [job["jobId"] for job in house.alice.get("/jobs").json] == [house.job]
    assert house.alice.job(house.job)["owner"] == "alice"
    for route in ROUTES_OF_A_JOB:
        assert house.alice.get(f"/jobs/{house.job}{route}").status == 200, route


def test_contexts_of_others_are_not_there(house: House) -> None:
    assert house.bob.get("/contexts").json == []
    for request in (
        "GET /contexts/hers",
        "GET /contexts/hers/objects",
        "DELETE /contexts/hers",
        "DELETE /contexts/hers?force=true",
        "POST /contexts/hers?_method=DELETE",
    ):
        method, path = request.split()
        assert house.bob.request(method, path).status == 404, request
    for sync in ("true", "false"):
        answer = house.bob.submit("words", WORDS, "hers", INPUT, sync=sync)
        assert (answer.status, answer.json["result"]) == (404, "context hers not found")
    assert house.alice.context_state("hers") == "RUNNING"


def test_a_name_is_taken_whosever_it_is(house: House) -> None:
    answer = house.bob.request("POST", "/contexts/hers")
    assert (answer.status, answer.json["result"]) == (400, "context hers exists")


def test_jobs_of_others_are_not_there(house: House) -> None:
    assert house.bob.get("/jobs").json == []
    assert house.bob.get("/jobs?status=finished&context=hers&limit=1000").json == []
    unknown = house.bob.get("/jobs/none").text
    for route in ROUTES_OF_A_JOB:
        answer = house.bob.get(f"/jobs/{house.job}{route}")
        assert (answer.status, answer.text) == (404, unknown.replace("none", house.job)), route
    assert house.bob.get(f"/jobs/{house.job}?wait=5").status == 404


def test_a_job_is_killed_by_its_owner(house: House) -> None:
    job = house.alice.submit("words", SLOW, "hers", "sleep.seconds = 600").json["jobId"]

    assert house.bob.request("DELETE", f"/jobs/{job}").status == 404
    assert house.alice.job(job)["status"] == "RUNNING"
    answer = house.alice.request("DELETE", f"/jobs/{job}")

    assert (answer.status, answer.json) == (200, {"status": "KILLED"})


def test_binaries_are_used_by_all_and_changed_by_their_owner(house: House) -> None:
    egg = example("sjs_python_examples-*.egg").read_bytes()

    def put(by: Server, name: str) -> int:
        return by.request("POST", f"/binaries/{name}", egg, "application/python-archive").status

    answer = house.bob.request("POST", "/binaries/words", egg, "application/python-archive")
    assert (answer.status, "uploaded by somebody else" in answer.json["result"]) == (403, True)
    assert house.bob.request("DELETE", "/binaries/words").status == 403
    assert list(house.bob.get("/binaries").json) == ["words"]
    assert put(house.alice, "words") == 201
    assert put(house.bob, "his") == 201
    assert put(house.alice, "his") == 403
    assert put(house.operator, "his") == 201  # whose it is from now on
    assert put(house.bob, "his") == 403
    assert house.operator.request("DELETE", "/binaries/his").status == 200
    assert put(house.bob, "his") == 201
    assert house.bob.request("DELETE", "/binaries/his").status == 200


def test_a_job_without_a_context_has_one_of_its_owner(house: House) -> None:
    answer = house.bob.request(
        "POST", f"/jobs?appName=words&classPath={WORDS}&sync=true&timeout=100", INPUT
    )

    assert (answer.status, answer.json["result"]) == (200, {"a": 2, "b": 1}), answer.text
    (job,) = house.bob.get("/jobs").json
    assert (job["jobId"], job["owner"]) == (answer.json["jobId"], "bob")
    assert house.alice.get(f"/jobs/{job['jobId']}").status == 404
    assert house.operator.job(job["jobId"])["owner"] == "bob"
    assert house.operator.get(f"/contexts/{job['context']}").json["owner"] == "bob"


def test_who_may_start_jobs_anywhere_sees_those_of_its_own(house: House) -> None:
    role = "jobs:start,jobs:read:own,jobs:delete:own"
    guest = tenant(house.operator, "guest", role)

    answer = guest.submit("words", WORDS, "hers", INPUT, sync="true", timeout="60")

    assert answer.status == 200, answer.text
    assert [job["jobId"] for job in guest.get("/jobs").json] == [answer.json["jobId"]]
    assert house.alice.get(f"/jobs/{answer.json['jobId']}").status == 404
    assert guest.get("/contexts").status == 403


def test_tenants_may_do_nothing_that_is_everybodys(house: House) -> None:
    for request, permission in {
        "PUT /contexts?reset=reboot": "contexts:reset",
        "PUT /data?reset=reboot": "data:reset",
        "GET /data": "data:read",
        "DELETE /data/x": "data:delete",
        "GET /metrics": "metrics:read",
        "GET /metricz": "metrics:read",
        "GET /status": "contexts:read",
        "GET /readyz/checks": "metrics:read",
        "GET /plugins": "plugins:read",
        "GET /plugin": "plugins:use",
        "GET /jobs/../contexts": "*",
    }.items():
        method, path = request.split()
        answer = house.bob.request(method, path)
        assert answer.status == 403, request
        assert f"needs the permission {permission}," in answer.text


@pytest.mark.parametrize("role", ["data:read:own", "jobs:read:mine", "contexts:start:own"])
def test_there_is_no_such_permission(house: House, role: str) -> None:
    refusal = token(house.operator, "make", "odd", "--role", role, code=2)
    assert "a role is admin, user, tenant, reader" in refusal
