"""Who may use the server by a name and a password, as spark-jobserver's clients do."""

from __future__ import annotations

import base64
import collections
import collections.abc
import stat
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from server import Raw, Server, processes, running, send, until

collections.MutableMapping = collections.abc.MutableMapping  # type: ignore[attr-defined]
from sjsclient import client, exceptions  # noqa: E402  (needs the alias above)

PASSWORD = "correct hörse: battery"
FOREIGN = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose callers have passwords, and one of each role."""
    folder = tmp_path_factory.mktemp("passwords")
    with running(folder, 'spark.jobserver.auth.ways = ["basic"]\n') as server:
        for name, role in {"ada": "user", "rae": "reader"}.items():
            done = user(server, "add", name, "--role", role)
            assert (done.returncode, done.stdout) == (0, f"Added {name}\n"), done
        yield server


def user(
    server: Server, *arguments: str, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            str(server.home / "bin" / "jobserver"),
            "user",
            *arguments,
            "--data",
            str(server.data),
        ],
        env=server.env,
        input=password + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    text = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def is_refused(answer: Raw, words: str = "The user or the password is wrong.") -> None:
    answer.is_text(401, words)
    assert answer.header("WWW-Authenticate") == 'Basic realm="jobserver", charset="UTF-8"'


def test_a_user_is_known_by_the_password_and_may_what_the_role_says(guarded: Server) -> None:
    assert send(guarded, "GET /jobs", **basic("rae")).status == 200
    send(guarded, "DELETE /contexts/x", **basic("rae")).is_text(403, "contexts:delete")
    assert send(guarded, "DELETE /contexts/x", **basic("ada")).status == 404
    is_refused(send(guarded, "GET /jobs"), "Say who you are")
    for wrong in (
        basic("rae", PASSWORD.upper()),
        basic("nobody"),
        basic("rae", ""),
        {"Authorization": "Basic x"},
    ):
        is_refused(send(guarded, "GET /jobs", **wrong))


def test_the_client_of_spark_jobserver_takes_a_user(guarded: Server) -> None:
    sjs: Any = client.Client(guarded.url, auth=("ada", PASSWORD.encode()))
    assert list(sjs.contexts.list()) == []
    assert [one.name for one in sjs.apps.list()] == []
    with pytest.raises(exceptions.NotFoundException):
        sjs.jobs.get("none")
    wrong: Any = client.Client(guarded.url, auth=("ada", "wrong"))
    with pytest.raises(exceptions.HttpException):
        list(wrong.contexts.list())


def test_a_page_of_another_origin_may_not_use_what_its_browser_has_stored(
    guarded: Server,
) -> None:
    for method in ("POST /jobs", "DELETE /contexts/x", "PUT /contexts?reset=reboot"):
        send(guarded, method, **basic("ada"), **FOREIGN).is_text(403, "another origin")
    assert send(guarded, "GET /jobs", **basic("ada"), **FOREIGN).status == 200
    own = {"Origin": guarded.url, "Sec_Fetch_Site": "same-origin"}
    assert send(guarded, "DELETE /contexts/x", **basic("ada"), **own).status == 404


def test_users_come_and_go_while_the_server_runs(guarded: Server) -> None:
    assert user(guarded, "add", "bob").returncode == 0
    assert send(guarded, "GET /jobs", **basic("bob")).status == 200
    assert "bob  user  since 20" in user(guarded, "list").stdout
    again = user(guarded, "add", "bob")
    assert (again.returncode, "bob already" in again.stderr) == (2, True), again
    assert user(guarded, "remove", "bob").stdout == "Removed bob\n"
    is_refused(send(guarded, "GET /jobs", **basic("bob")))
    assert user(guarded, "remove", "bob").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (("add",), PASSWORD, "user add needs a name"),
        (("add", "eve"), "short", "at least 8 characters"),
        (("add", "eve", "--role", "root"), PASSWORD, "a role is admin, user, tenant, reader"),
        (("add", "eve", "--expires", "1"), PASSWORD, "unknown option --expires"),
        (("make", "eve"), PASSWORD, "user needs one of add, list, remove"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    guarded: Server, arguments: tuple[str, ...], password: str, words: str
) -> None:
    done = user(guarded, *arguments, password=password)
    assert (done.returncode, words in done.stderr) == (2, True), done


def test_passwords_are_nowhere(guarded: Server) -> None:
    send(guarded, "GET /jobs", **basic("ada"))
    users = guarded.data / "auth" / "users"
    assert stat.S_IMODE(users.stat().st_mode) == 0o600
    for text in (PASSWORD, basic("ada")["Authorization"][6:]):
        assert text not in users.read_text()
        assert text not in guarded.log()
        assert processes(text.encode()) == {}


def test_a_request_does_not_take_the_time_of_a_slow_hash(guarded: Server) -> None:
    def seconds(headers: dict[str, str]) -> float:
        start = time.monotonic()
        send(guarded, "GET /jobs", **headers)
        return time.monotonic() - start

    slow = min(seconds(basic("rae", "wrong one")) for _ in range(2))
    seconds(basic("rae"))
    quick = min(seconds(basic("rae")) for _ in range(20))
    print(f"a wrong password took {slow * 1000:.0f} ms, one known to be right {quick * 1000:.1f}")
    assert quick < slow / 4


def test_guesses_must_wait(guarded: Server) -> None:
    eve = user(guarded, "add", "eve")
    assert eve.returncode == 0
    answers = [send(guarded, "GET /jobs", **basic("eve", f"guess {i}")) for i in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert answers[5].header("Retry-After") == "1"
    answers[5].is_text(429, "too many wrong credentials")
    assert send(guarded, "GET /jobs", **basic("ada")).status == 200
    right = until(
        lambda: (one := send(guarded, "GET /jobs", **basic("eve"))).status != 429 and one,
        10,
        "the wait is over",
    )
    assert right.status == 200
