"""Who may use the server: its own user on this machine, whoever has a token, and nobody else."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from credentials import ANYBODYS, NOBODY, PROXY, bearing, expired, token
from server import KERNEL_TELLS, Raw, Server, free_port, processes, running, send, until

pytestmark = pytest.mark.skipif(
    not KERNEL_TELLS, reason="the kernel does not tell whose a connection is"
)

JOBS = '''
import subprocess
import sys
import urllib.error
import urllib.request

from sparkjobserver.api import SparkJob

ASK = """
import sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1])
if len(sys.argv) > 2:
    request.add_header("Authorization", "Bearer " + sys.argv[2])
try:
    print(urllib.request.urlopen(request, timeout=30).status)
except urllib.error.HTTPError as refused:
    print(refused.code)
"""


class Ask(SparkJob):
    def validate(self, context, runtime, config):
        return config

    def run_job(self, context, runtime, config):
        try:
            own = urllib.request.urlopen(config["url"], timeout=30).status
        except urllib.error.HTTPError as refused:
            own = refused.code

        def child(*more, **settings):
            done = subprocess.run(
                [sys.executable, "-S", "-c", ASK, config["url"], *more],
                capture_output=True,
                text=True,
                check=True,
                **settings,
            )
            return int(done.stdout)

        def task(_):
            return child(env={})

        spark = context if hasattr(context, "sparkContext") else context.sparkSession
        return {
            "own": own,
            "child": child(),
            "cleared": child(env={}),
            "task": spark.sparkContext.parallelize([1], 1).map(task).collect()[0],
            "token": child(config["token"], env={}),
        }
'''


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is configured as it comes."""
    with running(tmp_path_factory.mktemp("auth")) as server:
        yield server


def is_refused(answer: Raw, words: str = "Say who you are") -> None:
    answer.is_text(401, words)
    assert answer.header("WWW-Authenticate") == 'Bearer realm="jobserver", Local realm="jobserver"'


def sjs(server: Server, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the client, which is told where the server is and nothing more."""
    sources = Path(__file__).parents[2] / "jobserver.context.python" / "python" / "src"
    return subprocess.run(
        [sys.executable, "-m", "sparkjobserver.client", "--url", server.url, *arguments],
        env={**os.environ, "PYTHONPATH": str(sources), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# The server's own user


def test_another_process_of_the_same_user_needs_nothing(guarded: Server) -> None:
    for url in (guarded.url, f"http://localhost:{guarded.port}"):
        done = subprocess.run(
            ["curl", "-sS", "--fail-with-body", f"{url}/jobs"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "[]"), done


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_what_a_proxy_hands_on_needs_a_token(guarded: Server, header: str) -> None:
    is_refused(send(guarded, "GET /jobs", **{header: "192.0.2.1"}))
    is_refused(send(guarded, "DELETE /contexts/x", **{header: ""}))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_of_this_machine_needs_a_token(guarded: Server) -> None:
    def curl(*arguments: str) -> str:
        return subprocess.run(
            ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *arguments],
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
        ).stdout

    assert curl(f"{guarded.url}/healthz") == "200"
    assert curl(f"{guarded.url}/jobs") == "401"
    assert curl("-X", "DELETE", f"{guarded.url}/contexts/x") == "401"
    text = token(guarded, "make", "nobody", "--role", "reader")
    assert curl("-H", f"Authorization: Bearer {text}", f"{guarded.url}/jobs") == "200"


def test_who_gives_another_credential_is_known_by_nothing_else(guarded: Server) -> None:
    is_refused(send(guarded, "GET /jobs", Authorization="Basic YWRhOmFkYQ=="))
    is_refused(send(guarded, "GET /jobs", Authorization="Bearer x"), "The token is not valid.")


def test_what_a_job_starts_is_not_its_user(guarded: Server, tmp_path: Path) -> None:
    egg = tmp_path / "ask.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        archive.writestr("ask.py", JOBS)
    guarded.upload("ask", egg)
    guarded.context("ask")
    text = token(guarded, "make", "job", "--role", "reader")
    config = f'url = "{guarded.url}/jobs", token = "{text}"'
    answer = guarded.submit("ask", "ask.Ask", "ask", config, sync="true", timeout="120")
    assert answer.status == 200, answer.text
    assert answer.json["result"] == {
        "own": 401,
        "child": 401,
        "cleared": 401,
        "task": 401,
        "token": 200,
    }


# Tokens


def test_the_first_token_is_for_the_user_alone(guarded: Server) -> None:
    folder = guarded.data / "auth"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("tokens", "local-token"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    text = (folder / "local-token").read_text().strip()
    assert text not in (folder / "tokens").read_text()
    assert text not in guarded.log()
    assert processes(text.encode()) == {}
    assert send(guarded, "GET /jobs", **bearing(text)).status == 200
    answer = send(guarded, "DELETE /contexts/none", **bearing(text))
    assert (answer.status, answer.json["result"]) == (404, "context none not found")


def test_a_token_is_made_listed_and_revoked_while_the_server_runs(guarded: Server) -> None:
    text = token(guarded, "make", "ada", "--role", "user", "--expires", "1")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", text)
    assert send(guarded, "GET /jobs", **bearing(text)).status == 200
    listed = token(guarded, "list")
    assert re.search(r"^ada  user  since 20\S+Z  until 20\S+Z$", listed, re.M), listed
    assert re.search(r"^local  admin  since \S+  does not expire$", listed, re.M), listed
    assert text not in listed
    assert "ada already" in token(guarded, "make", "ada", code=2)
    assert token(guarded, "revoke", "ada") == "Revoked ada"
    is_refused(send(guarded, "GET /jobs", **bearing(text)), "The token is not valid.")
    assert "no token ada" in token(guarded, "revoke", "ada", code=1)


def test_a_token_of_yesterday_is_not_valid(guarded: Server) -> None:
    text = expired(guarded, "yesterday")
    is_refused(send(guarded, "GET /jobs", **bearing(text)), "The token is not valid.")
    assert "yesterday  admin  since 2026-01-01T00:00:00Z  expired 2026" in token(guarded, "list")


def test_a_broken_line_gives_nobody_access_and_others_theirs(guarded: Server) -> None:
    text = token(guarded, "make", "eve")
    with (guarded.data / "auth" / "tokens").open("a") as tokens:
        tokens.write(f"broken {hashlib.sha256(b'x').hexdigest()} superuser now never\n")
    assert send(guarded, "GET /jobs", **bearing(text)).status == 200
    is_refused(send(guarded, "GET /jobs", **bearing("x")), "The token is not valid.")
    assert guarded.log().count("gives nobody access: ") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("make",), "token make needs a name"),
        (("make", "ada", "--role", "root"), "a role is admin, user, tenant, reader"),
        (("make", "a/b"), "a name is of letters"),
        (("make", "ada", "--expires", "soon"), "--expires is a number of days"),
        (("list", "--role", "user"), "unknown option --role"),
        (("forge", "ada"), "token needs one of make, list, revoke"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    guarded: Server, arguments: tuple[str, ...], words: str
) -> None:
    done = guarded.command("token", *arguments, "--data", str(guarded.data))
    assert (done.returncode, words in done.stderr) == (2, True), done


# What they may do


def test_a_reader_may_read(guarded: Server) -> None:
    reader = bearing(token(guarded, "make", "reader", "--role", "reader"))
    for path in ("/jobs", "/contexts", "/binaries", "/data", "/metricz", "/context-factories"):
        assert send(guarded, f"GET {path}", **reader).status == 200, path
    for request, permission in {
        "POST /jobs?appName=x&classPath=y": "jobs:start",
        "DELETE /jobs/x": "jobs:delete",
        "POST /jobs/x?_method=DELETE": "jobs:delete",
        "POST /contexts/x": "contexts:start",
        "DELETE /contexts/x": "contexts:delete",
        "PUT /contexts?reset=reboot": "contexts:reset",
        "POST /binaries/x": "binaries:upload",
        "DELETE /binaries/x": "binaries:delete",
        "POST /data/x": "data:upload",
        "DELETE /data/x": "data:delete",
        "PUT /data?reset=reboot": "data:reset",
        "GET /plugin": "plugins:use",
    }.items():
        send(guarded, request, **reader).is_text(403, f"needs the permission {permission},")


def test_permissions_may_be_given_one_by_one(guarded: Server) -> None:
    few = bearing(token(guarded, "make", "few", "--role", "jobs:read,data"))
    assert send(guarded, "GET /jobs", **few).status == 200
    assert send(guarded, "DELETE /data/none", **few).status == 400
    send(guarded, "POST /jobs", **few).is_text(403, "jobs:start")
    send(guarded, "GET /contexts", **few).is_text(403, "contexts:read")
    send(guarded, "GET /x/../contexts", **few).is_text(403)


def test_every_operation_needs_a_permission_of_its_own(guarded: Server) -> None:
    idle = bearing(token(guarded, "make", "idle", "--role", "nothing:at-all"))
    document: dict[str, Any] = guarded.get("/openapi.json").json
    needed = set()
    for route, operations in document["paths"].items():
        path = re.sub(r"\{[^}]*\}", "x", route)
        for method in operations:
            answer = send(guarded, f"{method.upper()} {path}", **idle)
            if path in ANYBODYS or path == "/openapi.json" or path.startswith("/html/"):
                assert answer.status == 200, (method, path, answer)
                continue
            answer.is_text(403)
            needed.add(answer.text.removeprefix("This needs the permission ").split(",")[0])
    assert needed == {
        *(f"binaries:{action}" for action in ("read", "upload", "delete")),
        *(f"contexts:{action}" for action in ("read", "start", "delete", "reset")),
        *(f"data:{action}" for action in ("read", "upload", "delete", "reset")),
        *(f"jobs:{action}" for action in ("read", "start", "delete")),
        "metrics:read",
        "factories:read",
        *(f"plugins:{action}" for action in ("read", "install", "remove")),
    }


def test_what_is_anybodys_is_so_for_anybody(guarded: Server) -> None:
    for path in ANYBODYS:
        assert send(guarded, f"GET {path}", **PROXY).status == 200
        is_refused(send(guarded, f"GET {path};x", **PROXY))
        is_refused(send(guarded, f"POST {path}", **PROXY))


# The client


def test_the_client_takes_a_token(guarded: Server, tmp_path: Path) -> None:
    text = token(guarded, "make", "client", "--role", "reader")
    file = tmp_path / "token"
    file.write_text(text + "\n")

    assert sjs(guarded, "jobs", "list").returncode == 0
    assert sjs(guarded, "jobs", "list", "--token-file", str(file)).returncode == 0
    refused = sjs(guarded, "contexts", "delete", "x", JOBSERVER_TOKEN=text)
    assert (refused.returncode, "contexts:delete" in refused.stderr) == (5, True), refused
    refused = sjs(guarded, "jobs", "list", JOBSERVER_TOKEN="wrong")
    assert (refused.returncode, "not valid" in refused.stderr) == (5, True), refused


# Configuration


def test_tokens_are_made_before_the_first_start(fresh: Server) -> None:
    text = token(fresh, "make", "early", "--role", "admin")
    assert fresh.command("token", "list", "--data", str(fresh.data)).stdout.count("\n") == 2
    fresh.conf.write_text(fresh.conf.read_text() + 'spark.jobserver.auth.ways = ["token"]\n')
    fresh.start()
    refused = send(fresh, "GET /jobs")
    refused.is_text(401, "Authorization, as Bearer TOKEN", "auth/local-token of its data folder")
    assert refused.header("WWW-Authenticate") == 'Bearer realm="jobserver"'
    assert send(fresh, "GET /jobs", Authorization=f"Bearer {text}").status == 200
    the_commands_need_nothing(fresh)


def the_commands_need_nothing(server: Server) -> None:
    done = server.command("status", "--data", str(server.data))
    assert done.returncode == 0, done
    done = sjs(server, "contexts", "delete", "x")
    assert (done.returncode, "context x not found" in done.stderr) == (5, True), done
    # A job is not the operator of its server by accident.
    done = sjs(server, "contexts", "delete", "x", JOBSERVER_DRIVER="x.1")
    assert (done.returncode, "Say who you are" in done.stderr) == (5, True), done


NAMESPACE = ("unshare", "--user", "--map-root-user")


@pytest.mark.skipif(
    subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode != 0,
    reason="namespaces of users cannot be made here",
)
def test_a_server_that_may_not_look_at_processes_says_so_and_takes_tokens(fresh: Server) -> None:
    fresh.start(within=NAMESPACE)
    for _ in range(2):
        send(fresh, "GET /jobs").is_text(401, "Say who you are", "auth/local-token")
    until(lambda: "may look into" in fresh.log(), 5, "the log tells it")
    assert fresh.log().count("of no process that the server may look into") == 1
    the_commands_need_nothing(fresh)


def test_a_public_address_is_for_those_who_have_a_token(fresh: Server) -> None:
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    others = [a for a in addresses.stdout.split() if ":" not in a]
    if shutil.which("hostname") is None or not others:
        pytest.skip("this machine has no address but the loopback's")
    fresh.conf.write_text(fresh.conf.read_text() + 'spark.jobserver.bind-address = "0.0.0.0"\n')
    fresh.start()
    url = f"http://{others[0]}:{fresh.port}"
    text = (fresh.data / "auth" / "local-token").read_text().strip()

    def curl(*arguments: str) -> str:
        return subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert curl(f"{fresh.url}/jobs") == "200"
    assert curl(f"{url}/healthz") == "200"
    assert curl(f"{url}/jobs") == "401"
    assert curl("-H", f"Authorization: Bearer {text}", f"{url}/jobs") == "200"


@pytest.fixture
def network() -> Iterator[tuple[str, list[str]]]:
    """An address of this machine, and what runs a command in a network that knows just that."""
    ours, theirs = f"js{os.getpid() % 100_000}a", f"js{os.getpid() % 100_000}b"
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo there; read end"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdin
        inside = ["nsenter", "--net", f"--target={holder.pid}"]
        try:
            if holder.stdout.readline() != "there\n":
                pytest.skip("no network namespace can be made here")
            for command in (
                ["ip", "link", "add", ours, "type", "veth", "peer", "name", theirs],
                ["ip", "link", "set", theirs, "netns", str(holder.pid)],
                ["ip", "address", "add", "198.51.100.1/30", "dev", ours],
                ["ip", "link", "set", ours, "up"],
                [*inside, "ip", "address", "add", "198.51.100.2/30", "dev", theirs],
                [*inside, "ip", "link", "set", theirs, "up"],
            ):
                if subprocess.run(command, check=False).returncode != 0:
                    pytest.skip(f"this machine does not do this: {' '.join(command)}")
            yield "198.51.100.1", inside
        finally:
            subprocess.run(["ip", "link", "delete", ours], check=False, capture_output=True)
            holder.stdin.close()


@pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip", "curl"))),
    reason="only root can make a network, and only with unshare, nsenter, ip and curl",
)
def test_from_another_network_of_the_same_machine_a_token_is_needed(
    fresh: Server, network: tuple[str, list[str]]
) -> None:
    address, inside = network
    fresh.conf.write_text(fresh.conf.read_text() + 'spark.jobserver.bind-address = "0.0.0.0"\n')
    fresh.start()
    text = (fresh.data / "auth" / "local-token").read_text().strip()

    def status(*arguments: str) -> str:
        curl = ["curl", "-sS", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}"]
        url = f"http://{address}:{fresh.port}/jobs"
        done = subprocess.run(
            [*inside, *curl, *arguments, url], capture_output=True, text=True, check=True
        )
        return done.stdout

    assert status() == "401"
    assert status("-H", f"Authorization: Bearer {text}") == "200"


def test_without_authentication_the_log_warns(fresh: Server) -> None:
    fresh.conf.write_text(fresh.conf.read_text() + 'spark.jobserver.auth.ways = ["none"]\n')
    fresh.start()
    assert send(fresh, "GET /jobs", **PROXY).status == 200
    send(fresh, "POST /jobs", Origin="https://evil.example").is_text(403, "another origin")
    assert fresh.log().count("spark.jobserver.auth.ways is none: every user") == 1
    assert not (fresh.data / "auth").exists()


@pytest.mark.parametrize(
    ("ways", "words"),
    [("[locale]", '"locale"'), ("[]", "is empty"), ("[none, token]", "stands alone")],
)
def test_wrong_ways_are_refused(fresh: Server, ways: str, words: str) -> None:
    fresh.conf.write_text(f"spark.jobserver.auth.ways = {ways}\n")
    done = fresh.command(
        "start", "--conf", str(fresh.conf), "--port", str(free_port()), "--data", str(fresh.data)
    )
    assert done.returncode == 7, done
    assert "spark.jobserver.auth.ways" in done.stderr
    assert words in done.stderr
