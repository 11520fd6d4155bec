"""What callers who are known, but may do little, try in order to do more; and what jobs try.

One server, with a context of Spark's for the jobs. What is tried with no token at all, or needs no
particular caller, is in `test_attacks.py`, `test_auth.py` and `test_gate.py`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import itertools
import json
import re
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from credentials import PROXY, bearing
from server import KERNEL_TELLS, Raw, Server, alive, raw, running, send, talk, until

pytestmark = pytest.mark.skipif(
    not KERNEL_TELLS, reason="the kernel does not tell whose a connection is"
)

PASSWORD = "correct-horse-battery"
CONF = """
spark.jobserver.auth.ways = ["local", "token", "basic"]
spark.jobserver.callback { hosts = ["127.0.0.1"], pause = "50 ms", attempts = 2 }
"""
SOURCES = Path(__file__).parents[2] / "jobserver.context.python" / "python" / "src"


#: Asks for `GET /jobs` at a port, by whatever way is given, and says with which status it is
#: answered; 0 where nobody answers.
ASK = """
import os, socket, sys


def ask(port, address="127.0.0.1", source=None, opened=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with opened or socket.socket(family) as connection:
            connection.settimeout(30)
            if source:
                connection.bind((source, 0))
            if not opened:
                connection.connect((address, port))
            connection.sendall(b"GET /jobs HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
            return int(connection.recv(4096).split()[1])
    except OSError:
        return 0


def main():
    print(ask(int(sys.argv[1])), flush=True)
"""

JOBS = (
    f"""
ASK = {ASK!r}
"""
    + '''
import ctypes
import os
import socket
import struct
import subprocess
import sys
import time

from sparkjobserver.api import SparkJob

exec(ASK)

CHILD = [sys.executable, "-S", "-c", ASK + "\\nmain()"]
DAEMON = ASK + """
import time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[2], "w") as said:
            print("pid", os.getpid(), file=said, flush=True)
            for _ in range(100):
                print(ask(int(sys.argv[1])), file=said, flush=True)
                time.sleep(0.03)
os._exit(0)
"""


def child(port, *before, **settings):
    done = subprocess.run(
        [*before, *CHILD, str(port)], capture_output=True, text=True, check=False, **settings
    )
    return int(done.stdout or 0)


def forked(prepare, port, opened=None):
    """What a fork is told that has prepared itself."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            prepare()
            os.write(writing, str(ask(port, opened=opened)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        return int(said.read() or 0)


def orphaned():
    """Leaves its parent behind, and its session."""
    os.setsid()
    parent = os.getpid()
    if os.fork() > 0:
        os._exit(0)
    while os.getppid() == parent:
        time.sleep(0.001)


def prctl(option, argument):
    ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


class Job(SparkJob):
    def validate(self, context, runtime, config):
        return config


class Asks(Job):
    """Asks the server in many ways, as whoever it may be taken for."""

    def run_job(self, context, runtime, config):
        port = config["port"]
        jvm = context.sparkContext._jvm
        opened = socket.create_connection(("127.0.0.1", port))

        def of_jvm():
            url = jvm.java.net.URL(f"http://127.0.0.1:{port}/jobs")
            return url.openConnection().getResponseCode()

        def childs_of_jvm():
            builder = jvm.java.lang.ProcessBuilder([*CHILD, str(port)])
            builder.environment().clear()
            process = builder.start()
            process.waitFor()
            return int(process.inputReader().readLine())

        def in_task(_):
            return [ask(port), child(port), child(port, env={}, start_new_session=True)]

        tasks = context.sparkContext.parallelize([1], 1).map(in_task).collect()[0]
        return {
            "itself": ask(port),
            "by version 6": ask(port, "::1"),
            "by a mapped address": ask(port, "::ffff:127.0.0.1"),
            "by no address": ask(port, "0.0.0.0"),
            "by another address": ask(port, "127.0.0.2"),
            "from another address": ask(port, source="127.0.0.2"),
            "a child": child(port),
            "a child that knows nothing": child(port, env={}),
            "a child with a session of its own": child(port, env={}, start_new_session=True),
            "a shell": child(port, "/bin/sh", "-c", 'exec env -i "$@"', "sh"),
            "a child with a library": child(port, env={"LD_PRELOAD": "libc.so.6"}),
            "in a namespace": child(port, "unshare", "--user", "--pid", "--fork", env={}),
            "an orphan": forked(orphaned, port),
            "who hides": forked(lambda: prctl(4, 0), port),
            "who has an odd name": forked(lambda: prctl(15, b"x) S 1 1 1"), port),
            "an orphan with its connection": forked(orphaned, port, opened),
            "the driver": of_jvm(),
            "a child of the driver": childs_of_jvm(),
            "a task": tasks[0],
            "a child of a task": tasks[1],
            "a child of a task that knows nothing": tasks[2],
        }


class Leaves(Job):
    """Leaves something behind that asks again and again."""

    def run_job(self, context, runtime, config):
        command = [sys.executable, "-S", "-c", DAEMON, str(config["port"]), config["file"]]
        subprocess.run(command, env={}, check=True)
        while not os.path.exists(config["file"]):
            time.sleep(0.01)


class Sees(Job):
    """Tells what it has been given without asking."""

    def run_job(self, context, runtime, config):
        files, inodes = [], set()
        for number in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{number}")
            except OSError:
                continue
            files.append(target)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        ports = []
        for table in ("tcp", "tcp6"):
            with open(f"/proc/self/net/{table}") as lines:
                for line in list(lines)[1:]:
                    words = line.split()
                    if words[9] in inodes:
                        ports += [int(end.rpartition(":")[2], 16) for end in words[1:3]]
        with open("/proc/self/environ") as first:
            environment = dict(os.environ) | {"first": first.read()}
        return {"environment": environment, "files": files, "ports": ports, "words": sys.argv}


class Runs(Job):
    """Runs commands, and tells how they ended."""

    def run_job(self, context, runtime, config):
        found = []
        for more in (dict(os.environ), {}):
            more["PYTHONPATH"] = config["sources"]
            done = subprocess.run(
                list(config["command"]), env=more, capture_output=True, text=True, check=False
            )
            found.append([done.returncode, done.stdout + done.stderr])
        return found


class Works(Job):
    """Has Spark at work for a while."""

    def run_job(self, context, runtime, config):
        context.sparkContext.parallelize([1], 1).foreach(lambda _: time.sleep(config["seconds"]))


class Speaks(Job):
    """Writes lines for a while."""

    def run_job(self, context, runtime, config):
        for number in range(int(config["seconds"] * 10)):
            print("line", number, flush=True)
            time.sleep(0.1)
'''
)


class Attacked:
    """A server, and the tokens of those who may do little."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self._numbers = itertools.count()

    def token(self, role: str, name: str = "", expires: str = "never") -> str:
        """A new token, written as the command does it, which takes its time."""
        number = next(self._numbers)
        text = hashlib.sha256(f"token {number}".encode()).hexdigest()
        hashed = hashlib.sha256(text.encode()).hexdigest()
        line = f"{name or f'caller-{number}'} {hashed} {role} 2026-01-01T00:00:00Z {expires}\n"
        with (self.server.data / "auth" / "tokens").open("a") as tokens:
            tokens.write(line)
        return text

    def revoke(self, text: str) -> None:
        file = self.server.data / "auth" / "tokens"
        hashed = hashlib.sha256(text.encode()).hexdigest()
        kept = [line for line in file.read_text().splitlines(True) if hashed not in line]
        part = file.with_suffix(".part")
        part.write_text("".join(kept))
        part.chmod(0o600)
        part.replace(file)

    def run(self, job: str, **config: Any) -> Any:
        """The result of a job of the operator's."""
        answer = self.server.submit(
            "attack", f"attack.{job}", "c", json.dumps(config), sync="true", timeout="40"
        )
        assert answer.status == 200, answer.text
        return answer.json.get("result")

    def audit(self, request: str) -> list[str]:
        """The lines of the audit log of the requests with an id."""
        marker = f'request="{request}"'
        lines = audit(self.server)
        return [line for line in lines if marker in line]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    folder = tmp_path_factory.mktemp("attacked")
    with running(folder, CONF) as server:
        subprocess.run(
            [
                *(str(server.home / "bin" / "jobserver"), "user", "add", "ada"),
                *("--role", "reader", "--data", str(server.data)),
            ],
            env=server.env,
            input=PASSWORD + "\n",
            capture_output=True,
            text=True,
            check=True,
        )
        egg = folder / "attack.egg"
        with zipfile.ZipFile(egg, "w") as archive:
            archive.writestr("attack.py", JOBS)
        server.upload("attack", egg)
        server.context("c")
        yield Attacked(server, folder)


@pytest.fixture(autouse=True)
def unharmed(attacked: Attacked) -> Iterator[None]:
    """After each test the context and the binary are there, and no other."""
    yield
    until(lambda: attacked.server.get("/contexts").json == ["c"], 30, "just the context is left")
    assert attacked.server.context_state("c") == "RUNNING"
    assert list(attacked.server.get("/binaries").json) == ["attack"]


def ask(
    server: Server, request: str, headers: dict[str, str], body: bytes | str = b"", **more: str
) -> Raw:
    """Sends a request with a body; an underscore in the name of a header is a hyphen."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"{request} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"Content-Length: {len(content)}"]
    lines += [f"{n.replace('_', '-')}: {value}" for n, value in {**headers, **more}.items()]
    return raw(server, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content)


def audit(server: Server) -> list[str]:
    """The lines of the audit logs, that for strangers included."""
    logs = (server.data / "log").glob("audit*.log")
    return [line for log in logs for line in log.read_text().splitlines()]


def job(**query: str) -> str:
    return "/jobs?" + urlencode({"appName": "attack", "classPath": "attack.Speaks", **query})


# Permissions

#: What each request needs.
NEEDS = {
    "GET /binaries": "binaries:read",
    "GET /binaries/attack": "binaries:read",
    "POST /binaries/attack": "binaries:upload",
    "DELETE /binaries/attack": "binaries:delete",
    "GET /contexts": "contexts:read",
    "GET /contexts/c": "contexts:read",
    "GET /contexts/c/objects": "contexts:read",
    "POST /contexts/c": "contexts:start",
    "POST /contexts/d": "contexts:start",
    "DELETE /contexts/c": "contexts:delete",
    "PUT /contexts?reset=reboot": "contexts:reset",
    "GET /jobs": "jobs:read",
    "GET /jobs/x": "jobs:read",
    "GET /jobs/x/config": "jobs:read",
    "GET /jobs/x/result": "jobs:read",
    "GET /jobs/x/log": "jobs:read",
    "GET /jobs/x/events": "jobs:read",
    "POST /jobs": "jobs:start",
    "DELETE /jobs/x": "jobs:delete",
    "GET /data": "data:read",
    "POST /data/x": "data:upload",
    "DELETE /data/x": "data:delete",
    "PUT /data?reset=reboot": "data:reset",
    "GET /status": "contexts:read",
    "GET /metrics": "metrics:read",
    "GET /metricz": "metrics:read",
    "GET /readyz/checks": "metrics:read",
    "GET /context-factories": "factories:read",
    "GET /plugins": "plugins:read",
    "GET /plugins/x": "plugins:read",
    "PUT /plugins/x": "plugins:install",
    "POST /plugins/x/rollback": "plugins:install",
    "DELETE /plugins/x": "plugins:remove",
    "GET /plugin": "plugins:use",
    "POST /plugin/x": "plugins:use",
}
FEW = {
    "jobs:read": {"jobs:read"},
    "jobs:start,contexts:read,binaries:read": {"jobs:start", "contexts:read", "binaries:read"},
    "user": {
        need
        for need in NEEDS.values()
        if need.partition(":")[0] in ("binaries", "contexts", "jobs", "data")
        or need == "factories:read"
    },
    "reader": {need for need in NEEDS.values() if need.endswith(":read")},
}
#: What would do something: these are only tried by who may not.
DANGEROUS = ("POST ", "PUT ", "DELETE ")


@pytest.mark.parametrize("role", FEW)
def test_each_may_do_what_the_role_says_and_nothing_else(attacked: Attacked, role: str) -> None:
    headers = bearing(attacked.token(role))
    for request, need in NEEDS.items():
        if need not in FEW[role]:
            head = send(attacked.server, request.replace("GET ", "HEAD "), **headers)
            assert head.status == 403, (request, head)
            send(attacked.server, request, **headers).is_text(403, f"the permission {need},")
        elif not request.startswith(DANGEROUS):
            assert send(attacked.server, request, **headers).status in (200, 404), request


@pytest.mark.parametrize("role", ["reader", "user", "jobs:read,jobs:start"])
def test_other_methods_need_everything(attacked: Attacked, role: str) -> None:
    headers = bearing(attacked.token(role))
    for method in ("PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "Delete", "post", "QUERY", "X"):
        for path in ("/jobs", "/contexts/c", "/binaries/attack", "/", "/openapi.json"):
            answer = send(attacked.server, f"{method} {path}", **headers)
            assert answer.status in (400, 403, 405, 501), (method, path, answer)


SPELLINGS = [
    "//{0}",
    "///{0}",
    "/./{0}",
    "/.//{0}",
    "/{0};x=y",
    "/;/{0}",
    "/;x=y/{0}",
    "/.;/{0}",
    "/%2e/{0}",
    "/%2E%2E/{0}",
    "/%2f{0}",
    "/%5c{0}",
    "/\\{0}",
    "\\{0}",
    "/%00/{0}",
    "/%20/{0}",
    "/ {0}",
    "/\t{0}",
    "/{1}/../{0}",
    "/{1}/x/../../{0}",
    "/{1}/%2e%2e/{0}",
    "/{1}/.%2e/{0}",
    "/{1}/%2e./{0}",
    "/{1}/..;/{0}",
    "/{1}/..;x=y/{0}",
    "/{1};/../{0}",
    "/{1}/..%2f{0}",
    "/{1}%2f..%2f{0}",
    "/{1}/..%5c{0}",
    "/{1}/..\\{0}",
    "/{1}/%252e%252e/{0}",
    "/{1}/%c0%ae%c0%ae/{0}",
    "/{1}/%u002e%u002e/{0}",
    "/{1}/%uff0e%uff0e/{0}",
    "/{1}/..%00/{0}",
    "/{1}/..%0d%0a/{0}",
    "/{1}/.../{0}",
    "/{1}//{0}",
    "/{0}#/../../{1}",
    "/docs/../{0}",
    "/docs/api/../../{0}",
    "/docs/api/%2e%2e/%2e%2e/{0}",
    "/docs//{0}",
    "/html/../{0}",
    "/html/%2e%2e/{0}",
    "/healthz/../{0}",
    "/readyz/..;/{0}",
    "/openapi.json/../{0}",
    "/openapi.json/{0}",
    "http://localhost/{0}",
    "http://localhost//{0}",
    "http://localhost/{1}/../{0}",
    "http://localhost/docs/..;/{0}",
    "http://ada@localhost/{0}",
    "HTTP://LOCALHOST/{0}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_a_path_needs_no_less(attacked: Attacked, spelling: str) -> None:
    """Who may read jobs reaches neither contexts nor binaries nor what is for plugins."""
    headers = bearing(attacked.token("jobs:read,plugins:use"))
    for aim in ("contexts/c", "binaries/attack", "metrics", "status"):
        path = spelling.format(aim, "jobs")
        for method in ("GET", "DELETE", "POST", "PUT", "HEAD", "OPTIONS"):
            answers = talk(
                attacked.server,
                f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                f"X-Forwarded-For: 192.0.2.1\r\nAuthorization: {headers['Authorization']}\r\n"
                "Connection: close\r\n\r\n".encode("latin-1"),
            )
            status = int(answers.split(b" ", 2)[1])
            assert status in (400, 403, 404, 405), (method, path, answers)


def test_a_name_of_a_method_elsewhere_changes_no_method(attacked: Attacked) -> None:
    """Neither in headers, nor in the query of a GET, nor in a form."""
    reader = bearing(attacked.token("contexts:read"))
    for name in ("X_HTTP_Method_Override", "X_HTTP_Method", "X_Method_Override", "_method"):
        answer = send(attacked.server, "GET /contexts/c", **reader, **{name: "DELETE"})
        assert (answer.status, answer.json["state"]) == (200, "RUNNING")
        send(attacked.server, "POST /contexts/c", **reader, **{name: "GET"}).is_text(403)
    assert send(attacked.server, "GET /contexts/c?_method=DELETE", **reader).status == 200
    starter = bearing(attacked.token("contexts:start,jobs:start"))
    for query in ("_method=DELETE", "_method=delete", "%5fmethod=DELETE", "a=b&_method=DELETE"):
        send(attacked.server, f"POST /contexts/c?{query}", **starter).is_text(
            403, "contexts:delete"
        )
    send(attacked.server, "POST /contexts?_method=PUT&reset=reboot", **starter).is_text(
        403, "contexts:reset"
    )
    for query in ("_method=GET", "_method=DELETE&_method=PUT", "_method=", "_method=DELETE%00"):
        send(attacked.server, f"POST /contexts/c?{query}", **starter).is_text(400, "_method")
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = ask(attacked.server, "POST /contexts/c", starter, "_method=DELETE", **form)
    assert (answer.status, answer.json["status"]) == (400, "ERROR"), answer


@pytest.mark.parametrize(
    "upgrade",
    [
        {
            "Upgrade": "websocket",
            "Sec_WebSocket_Version": "13",
            "Sec_WebSocket_Key": "a" * 22 + "==",
        },
        {"Upgrade": "h2c", "HTTP2_Settings": "AAMAAABkAARAAAAAAAIAAAAA"},
        {"Upgrade": "TLS/1.3"},
        {"Upgrade": "jobserver-link"},
    ],
)
def test_no_upgrade_leads_past_the_gate(attacked: Attacked, upgrade: dict[str, str]) -> None:
    token = f"Bearer {attacked.token('jobs:read')}"
    lines = {**PROXY, **upgrade, "Connection": f"Upgrade, {', '.join(upgrade)}, close"}
    for path, authorization, status in (
        ("/jobs", token, 200),
        ("/contexts", token, 403),
        ("/contexts", "Bearer x", 401),
        ("/", token, 200),
    ):
        text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        answers = talk(
            attacked.server,
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n{text}"
            "\r\n".encode(),
        )
        assert answers.startswith(b"HTTP/1.1 %d " % status), answers
        assert answers.count(b"HTTP/1.1 ") == 1


def test_another_version_of_http_is_not_spoken(attacked: Attacked) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
    assert re.match(rb"HTTP/1.1 (400|426|505) ", talk(attacked.server, preface))
    token = attacked.token("reader")
    for version in ("HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/1.2", "http/1.1", ""):
        request = f"GET /jobs {version}".rstrip() + f"\r\nAuthorization: Bearer {token}\r\n\r\n"
        answer = talk(attacked.server, request.encode())
        assert re.match(rb"HTTP/1.1 (400|426|505) |$", answer), (version, answer)


def test_who_asks_is_looked_at_for_each_request_of_a_connection(attacked: Attacked) -> None:
    """What came before on it, and what is hidden in a body, makes nobody known."""
    token = attacked.token("reader")
    known = f"Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nAuthorization: Bearer {token}\r\n"
    unknown = "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"
    hidden = f"DELETE /contexts/c HTTP/1.1\r\n{unknown}\r\n"
    answers = talk(
        attacked.server,
        (
            f"GET /jobs HTTP/1.1\r\n{known}\r\n"
            f"GET /jobs HTTP/1.1\r\n{unknown}\r\n"
            f"GET /contexts HTTP/1.1\r\n{known}Content-Length: {len(hidden)}\r\n\r\n{hidden}"
            f"POST /contexts/c HTTP/1.1\r\n{known}Content-Length: {len(hidden)}\r\n\r\n{hidden}"
            f"GET /contexts HTTP/1.1\r\n{unknown}Connection: close\r\n\r\n"
        ).encode(),
    )
    statuses = re.findall(rb"HTTP/1.1 (\d+) ", answers)
    assert statuses == [b"200", b"401", b"200", b"403", b"401"], answers


def test_what_may_not_be_read_is_not_told_otherwise(attacked: Attacked) -> None:
    server = attacked.server
    mine = ask(server, f"POST {job(context='c')}", {}, "seconds = 5, secret = hidden")
    id = mine.json["jobId"]
    contexts = bearing(attacked.token("contexts:read"))
    for path in ("/status", "/contexts", "/contexts/c", "/contexts/c/objects"):
        answer = send(server, f"GET {path}", **contexts)
        assert answer.status == 200
        assert id not in answer.text
        assert "attack" not in answer.text, answer
    starter = bearing(attacked.token("jobs:start,binaries:delete,contexts:start"))
    for path in (f"/jobs/{id}", f"/jobs/{id}/config", f"/jobs/{id}/log", f"/jobs/{id}/events"):
        send(server, f"GET {path}", **starter).is_text(403, "jobs:read")
    assert send(server, f"DELETE /jobs/{id}").status == 200


# Credentials


def test_a_token_is_taken_as_it_is_and_nowhere_else(attacked: Attacked) -> None:
    token = attacked.token("reader")
    other = attacked.token("jobs:read")
    taken = [f"Bearer {token}", f"bearer {token}", f"BEARER   {token}", f"Bearer\t{token}"]
    for text in taken:
        answer = send(attacked.server, "GET /contexts", **PROXY, Authorization=text)
        assert answer.status == 200, text
    refused = [
        "",
        "Bearer",
        "Bearer ",
        token,
        f"Token {token}",
        f"Bearer{token}",
        f"Bearer: {token}",
        f"Bearer Bearer {token}",
        f"Bearer {token[:-1]}",
        f"Bearer {token}0",
        f"Bearer {token.upper()}",
        f"Bearer {token} {token}",
        f"Bearer {token},",
        f"Bearer {token}, Bearer {token}",
        f'Bearer "{token}"',
        f"Bearer {token}\u00a0",
        f"Bearer {hashlib.sha256(token.encode()).hexdigest()}",
        f"Bearer {token[:32]}.{token[32:]}",
        f"Bearer a.b.c {token}",
        f"Bearer {'A' * 7_000}",
        f"Bearer {quote(token[:1])}%{ord(token[1]):x}{token[2:]}",
        "Bearer *",
        "Bearer local",
        f"Basic {base64.b64encode(f'{token}:'.encode()).decode()}",
        f"Basic {base64.b64encode(f':{token}'.encode()).decode()}",
        f"Basic {base64.b64encode(f'ada:{token}'.encode()).decode()}",
        f"Negotiate {token}",
    ]
    for text in refused:
        answer = send(attacked.server, "GET /contexts", Authorization=text)
        assert answer.status == 401, (text, answer)
        assert token[:-1] not in answer.text
    elsewhere: list[tuple[str, dict[str, str]]] = [
        (f"?access_token={token}", {}),
        (f"?token={token}&Authorization=Bearer%20{token}", {}),
        (f";token={token}", {}),
        ("", {"Cookie": f"Authorization=Bearer {token}; token={token}"}),
        ("", {"Proxy_Authorization": f"Bearer {token}"}),
        ("", {"X_Authorization": f"Bearer {token}", "X_Auth_Token": token}),
        ("", {"X_Remote_User": "root", "Remote_User": "root", "X_Forwarded_User": "root"}),
        ("", {"X_Client_Cert": token, "Ssl_Client_Verify": "SUCCESS"}),
    ]
    for query, headers in elsewhere:
        answer = send(attacked.server, f"GET /contexts{query}", **PROXY, **headers)
        assert answer.status == 401, (query, headers, answer)
    for one, two in ((token, other), (other, token), (token, token), (token, "x"), ("a.b", token)):
        lines = f"Authorization: Bearer {one}\r\nAuthorization: Bearer {two}\r\n"
        answers = talk(
            attacked.server,
            f"GET /contexts HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode(),
        )
        assert answers.startswith(b"HTTP/1.1 401 "), (one, two)


def test_a_token_that_is_too_long_is_refused_at_once(attacked: Attacked) -> None:
    begin = time.monotonic()
    for size in (9_000, 100_000, 1_000_000):
        request = f"GET /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {'A' * size}"
        answer = talk(attacked.server, f"{request}\r\n\r\n".encode())
        assert answer == b"" or re.match(rb"HTTP/1.1 (401|431) ", answer), answer[:200]
    assert time.monotonic() - begin < 5


def test_a_token_that_is_revoked_or_over_ends_on_connections_that_stay(
    attacked: Attacked,
) -> None:
    revoked = attacked.token("reader")
    soon = time.time() + 1.5
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(soon)) + f".{int(soon % 1 * 1e6):06d}Z"
    over = attacked.token("reader", expires=moment)
    connections = []
    for text in (revoked, over):
        connection = http.client.HTTPConnection("127.0.0.1", attacked.server.port, timeout=30)
        connections.append((connection, {"Authorization": f"Bearer {text}"}))

    def statuses() -> list[int]:
        found = []
        for connection, headers in connections:
            connection.request("GET", "/jobs", headers=headers)
            with connection.getresponse() as answer:
                answer.read()
            found.append(answer.status)
        return found

    assert statuses() == [200, 200]
    attacked.revoke(revoked)
    assert statuses()[0] == 401
    time.sleep(max(0.0, soon - time.time()))
    assert statuses() == [401, 401]
    for connection, _ in connections:
        connection.close()


def test_tokens_come_and_go_while_others_are_used(attacked: Attacked) -> None:
    """A file that is replaced again and again is never read as a half, or as one of before."""
    kept = attacked.token("reader")
    for _ in range(20):
        text = attacked.token("reader")
        assert send(attacked.server, "GET /jobs", **bearing(text)).status == 200
        attacked.revoke(text)
        assert send(attacked.server, "GET /jobs", **bearing(text)).status == 401
        assert send(attacked.server, "GET /jobs", **bearing(kept)).status == 200


def test_a_name_that_is_none_takes_as_long_as_a_wrong_password(attacked: Attacked) -> None:
    def seconds(name: str) -> float:
        credential = base64.b64encode(f"{name}:wrong".encode()).decode()
        begin = time.monotonic()
        answer = send(attacked.server, "GET /jobs", Authorization=f"Basic {credential}")
        answer.is_text(401, "The user or the password is wrong.")
        return time.monotonic() - begin

    known = min(seconds("ada") for _ in range(2))
    unknown = min(seconds(name) for name in ("eve", "ada@"))
    # A machine that does other things is no clock; without the hash it were a hundredth.
    assert 0.3 < known / unknown < 3, (known, unknown)


# The audit log

LINE = re.compile(
    r'^\S+ request="(?P<request>[^"]*)" caller="(?P<caller>[^"]*)" way="(?P<way>[^"]*)"'
    r' client="[^"]*" method="(?P<method>[^"]*)" path="(?P<path>[^"]*)"'
    r' outcome="(?P<outcome>[^"]*)" status="(?P<status>\d+)" ms="\d+"$'
)


@pytest.mark.parametrize(
    ("request_line", "outcome"),
    [
        ("DELETE /jobs/none", "failed"),
        ("POST /jobs/none?_method=DELETE", "failed"),
        ("POST /contexts/1", "failed"),
        ("POST /jobs?x=%0Acaller=%22root%22", "failed"),
        ('DELETE /jobs/"%22%20caller="root"%20"', "failed"),
        ("DELETE /jobs/%0d%0a2031-01-01T00:00:00.000Z%20request=x", "failed"),
        ("DELETE /jobs/a\\", "failed"),
        ("DELETE /jobs/\xe4\x85\x9b", "failed"),
        ("DELETE /jobs/" + "a" * 5_000, "failed"),
        ("PATCH /jobs", "refused"),
        ("PUT /nothing", "refused"),
        ("X /jobs", "refused"),
        ("GET /metrics", "refused"),
        ("DELETE //jobs/none", "refused"),
        ("DELETE http://localhost/jobs/none", "failed"),
    ],
)
def test_whatever_is_tried_is_one_line_of_its_callers(
    attacked: Attacked, request_line: str, outcome: str
) -> None:
    number = next(attacked._numbers)
    request = f"try-{number}"
    headers = bearing(attacked.token("user", f"mallory-{number}"))
    forged = {"X_Request_Id": request, "X_Forwarded_User": "root", "From": 'root"\tcaller="root'}
    method, _, target = request_line.partition(" ")
    answer = talk(
        attacked.server,
        f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n".encode("latin-1")
        + "".join(
            f"{name.replace('_', '-')}: {value}\r\n"
            for name, value in {**headers, **forged, "Connection": "close"}.items()
        ).encode()
        + b"\r\n",
    )
    if answer.startswith(b"HTTP/1.1 400 ") and b"malformed" in answer:
        assert not attacked.audit(request)  # it never became a request
        return
    (line,) = until(lambda: attacked.audit(request), 10, "there is a line")
    found = LINE.match(line)
    assert found, line
    assert (found["caller"], found["way"]) == (f"mallory-{number}", "token")
    assert found["outcome"] == outcome, line
    assert not found["path"].endswith("\\"), line  # some readers take that for an escape


def test_who_leaves_before_the_answer_is_in_the_log(attacked: Attacked) -> None:
    headers = bearing(attacked.token("user", "leaves"))
    requests = {
        "left-job": (f"POST {job(context='c', sync='true')}", b"seconds = 1", 0),
        "left-kill": ("DELETE /jobs/none", b"", 0),
        "left-upload": ("POST /binaries/half", b"PK\x03\x04", 1_000),
        "left-data": ("POST /data/half", b"half", 1_000),
        "left-context": ("POST /contexts/half", b"a =", 1_000),
        "left-submission": (f"POST {job(context='c')}", b"seconds", 1_000),
    }
    for id, (request, body, missing) in requests.items():
        lines = {**headers, "X_Request_Id": id, "Content_Type": "application/python-egg"}
        text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        with socket.create_connection(("127.0.0.1", attacked.server.port)) as connection:
            connection.sendall(
                f"{request} HTTP/1.1\r\nHost: localhost\r\n{text}"
                f"Content-Length: {len(body) + missing}\r\n\r\n".encode()
                + body
            )
            time.sleep(0.2)
    for id in requests:
        (line,) = until(lambda id=id: attacked.audit(id), 15, f"{id} is in the log")
        assert 'caller="leaves" way="token"' in line


# What is of other callers


def test_a_key_of_another_caller_makes_a_job_of_ones_own(attacked: Attacked) -> None:
    one, two = (attacked.token("jobs:start,jobs:read") for _ in range(2))
    key = {"Idempotency_Key": "guessed"}
    target = f"POST {job(context='c', sync='true')}"
    first, again, other = (
        ask(attacked.server, target, bearing(text), "seconds = 0", **key)
        for text in (one, one, two)
    )
    assert {first.status, again.status, other.status} == {200}
    assert first.json["jobId"] == again.json["jobId"] != other.json["jobId"]
    another = ask(attacked.server, target, bearing(two), "seconds = 0.1", **key)
    assert another.status == 422
    assert first.json["jobId"] not in another.text
    twin = ask(
        attacked.server, target, bearing(attacked.token("jobs:start")), "seconds = 0.1", **key
    )
    assert twin.status == 200


def test_the_address_of_an_answer_is_no_other_servers(attacked: Attacked) -> None:
    headers = bearing(attacked.token("reader"))
    for host in ("evil.example", "localhost@evil.example", "localhost:80@evil.example"):
        answer = send(attacked.server, "GET /jobs?limit=1", host=host, **headers)
        assert answer.status in (400, 421), answer
    link = send(attacked.server, "GET /jobs?limit=1", host="localhost:1", **headers).header("Link")
    assert link is None or link.startswith("</jobs?"), link


# Settings and callbacks


def test_settings_of_a_context_are_none_of_the_servers(attacked: Attacked) -> None:
    """Nor of what comes before it; a context of its own is made by whoever may submit jobs."""
    server = attacked.server
    headers = bearing(attacked.token("jobs:start"))
    body = """
        seconds = 0.1
        spark.context-settings {
          spark {
            jobserver {
              port = 1, auth.ways = [none], gate.hosts = [evil.example]
              callback.hosts = ["0.0.0.0/0"], job-bin-paths.passwd = /etc/passwd
            }
            contexts.other.a = 1
          }
          jobserver.data = /, auth.ways = [none], context.name = other, is-adhoc = false
        }
    """
    answer = ask(server, f"POST {job(sync='true', timeout='40')}", headers, body)
    assert answer.status == 200, answer
    assert send(server, "GET /jobs", **PROXY).status == 401
    assert send(server, "GET /jobs", host="evil.example").status == 421
    assert server.get("/binaries/passwd").status == 404


def test_a_callback_to_the_server_itself_is_nobodys(attacked: Attacked) -> None:
    """It is listed here, so that it is called."""
    server = attacked.server
    headers = bearing(attacked.token("jobs:start"))
    for target in ("/contexts/evil", "/jobs/x?_method=DELETE", "/contexts/c?_method=DELETE"):
        url = f"http://127.0.0.1:{server.port}{target}"
        answer = ask(server, f"POST {job(context='c', callbackUrl=url)}", headers, "seconds = 0")
        assert answer.status == 202, answer
        given_up = f"job {answer.json['jobId']}: its callback was given up"
        until(lambda words=given_up: words in server.log(), 30, "it is given up")
    called = [line for line in audit(server) if 'path="/contexts/evil"' in line]
    assert called
    for line in called:
        assert 'caller="-"' in line, line
        assert 'status="401"' in line, line


@pytest.mark.parametrize(
    "host",
    [
        "[::1]",
        "localhost",
        "127.0.0.2",
        "127.1",
        "0.0.0.0",
        "0x7f000001",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "metadata.google.internal",
        "127.0.0.1.nip.io",
        "127.0.0.1@169.254.169.254",
        "127.0.0.1%2f@169.254.169.254",
    ],
)
def test_no_callback_leads_where_none_is_listed(attacked: Attacked, host: str) -> None:
    headers = bearing(attacked.token("jobs:start"))
    url = f"http://{host}:{attacked.server.port}/jobs"
    answer = ask(
        attacked.server, f"POST {job(context='c', callbackUrl=url)}", headers, "seconds = 0"
    )
    assert answer.status == 400, answer


# What jobs try: a job has the rights of the server's user, but is not its operator by accident


def test_what_a_job_asks_the_server_is_nobodys(attacked: Attacked) -> None:
    found = attacked.run("Asks", port=attacked.server.port)
    missing = {"by version 6", "by another address", "in a namespace"}
    assert {
        name: status
        for name, status in found.items()
        if status != 401 and not (status == 0 and name in missing)
    } == {}


def test_what_a_job_leaves_behind_is_nobody_either(attacked: Attacked) -> None:
    file = attacked.folder / "left"
    attacked.run("Leaves", port=attacked.server.port, file=str(file))
    pid = int(until(lambda: file.read_text().split()[1:2], 10, "it tells its process")[0])
    until(lambda: not alive(pid), 15, "it is gone")
    assert set(file.read_text().split()[2:]) <= {"401"}


def test_a_job_is_given_no_secret_and_no_door(attacked: Attacked) -> None:
    server = attacked.server
    found = attacked.run("Sees")
    folders = list((server.data / "contexts").iterdir())
    secrets = {(server.data / "auth" / "local-token").read_text().strip(), PASSWORD}
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            secrets.add(json.loads((folder / "enrolment.json").read_text())["token"])
    told = json.dumps(found)
    assert [secret for secret in secrets if secret in told] == []
    link = int((server.data / "link-url").read_text().rpartition(":")[2])
    assert {server.port, link} & set(found["ports"]) == set()
    inside = [file for file in found["files"] if file.startswith(str(server.data))]
    allowed = server.data / "contexts" / server.context_id("c")
    assert [file for file in inside if not file.startswith(str(allowed))] == []


def test_the_token_that_a_driver_enrolled_with_is_used_up(attacked: Attacked) -> None:
    server = attacked.server
    folder = server.data / "contexts" / server.context_id("c")
    known = json.loads((folder / "enrolment.json").read_text())
    url = (server.data / "link-url").read_text().strip()
    body = {
        **{"contextId": server.context_id("c"), "epoch": 1, "token": known["token"]},
        **{"key": "of-another", "protocol": 1, "spark": "4.0.0"},
    }
    request = urllib.request.Request(
        f"{url}/link/v1/enrol", data=json.dumps(body).encode(), method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value:
        assert refused.value.code in (401, 409, 410)


def test_the_client_in_a_job_finds_no_token(attacked: Attacked) -> None:
    command = [sys.executable, "-m", "sparkjobserver.client", "--url", attacked.server.url]
    command += ["contexts", "delete", "none"]
    inheriting, _ = attacked.run("Runs", command=command, sources=str(SOURCES))
    assert (inheriting[0], "Say who you are" in inheriting[1]) == (5, True), inheriting


# What was found, and is to hold


def test_nor_where_the_job_has_cleared_its_environment(attacked: Attacked) -> None:
    """`env={"PATH": …}` is a habit of programs, and no attack."""
    command = [sys.executable, "-m", "sparkjobserver.client", "--url", attacked.server.url]
    command += ["contexts", "delete", "none"]
    _, cleared = attacked.run("Runs", command=command, sources=str(SOURCES))
    assert (cleared[0], "Say who you are" in cleared[1]) == (5, True), cleared


def test_a_stream_of_events_ends_when_its_token_is_revoked(attacked: Attacked) -> None:
    server = attacked.server
    text = attacked.token("jobs:read")
    id = ask(server, f"POST {job(context='c')}", {}, "seconds = 60").json["jobId"]
    try:
        request = urllib.request.Request(f"{server.url}/jobs/{id}/events", headers=bearing(text))
        request.headers = {"Authorization": f"Bearer {text}"}
        with urllib.request.urlopen(request, timeout=30) as stream:
            until(lambda: b"data: line" in stream.readline(), 30, "the job is heard")
            attacked.revoke(text)
            end = time.monotonic() + 12
            while stream.readline():
                assert time.monotonic() < end, "it goes on"
    finally:
        ask(server, f"DELETE /jobs/{id}", {})


def test_what_ends_after_its_token_is_revoked_is_not_done(attacked: Attacked) -> None:
    """A body that trickles in keeps no door open."""
    server = attacked.server
    text = attacked.token("user")
    bodies = {
        "POST /binaries/late": b"PK\x03\x04 and more",
        "POST /data/late": b"data",
        "POST /contexts/late": b"a = 1",
        f"POST {job(context='c', sync='true')}": b"seconds = 0",
    }
    with contextlib.ExitStack() as stack:
        connections = []
        for request, body in bodies.items():
            address = ("127.0.0.1", server.port)
            connection = stack.enter_context(socket.create_connection(address, timeout=30))
            connection.sendall(
                f"{request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {text}\r\n"
                f"Content-Type: application/python-egg\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + body[:-1]
            )
            connections.append((connection, body))
        time.sleep(1)
        attacked.revoke(text)
        time.sleep(4.5)
        for connection, body in connections:
            connection.sendall(body[-1:])
        answers = [connection.recv(65536) for connection, _ in connections]
    try:
        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 401"] * 4, answers
    finally:
        for request in ("/binaries/late", "/contexts/late"):
            ask(server, f"DELETE {request}", {})


def listening(process: int) -> list[int]:
    """The ports of this machine at which a process listens."""
    sockets = set()
    for file in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            sockets.add(str(file.readlink()))
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                ports.add(int(words[1].rpartition(":")[2], 16))
    return sorted(ports)


def spark_asked(port: int) -> bytes:
    """What a port says to a message of Spark's, from somebody without a secret, that has a Java
    object of an unknown class in it."""

    def text(value: bytes) -> bytes:
        return struct.pack(">H", len(value)) + value

    body = b"\0\1" + text(b"127.0.0.1") + struct.pack(">I", port) + text(b"HeartbeatReceiver")
    body += b"\xac\xed\0\5sr" + text(b"java.util.Nowhere") + bytes(8) + b"\2\0\0xp"
    message = struct.pack(">BQI", 3, 42, len(body)) + body
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=2) as connection,
    ):
        connection.sendall(struct.pack(">Q", len(message) + 8) + message)
        return connection.recv(65536)
    return b""


def test_no_driver_reads_java_objects_of_whoever_asks_at_the_ports_of_spark(
    attacked: Attacked,
) -> None:
    """They are open to all users of the machine, for whom the server has nothing but 401."""
    ports = listening(attacked.server.driver("c"))
    said = {port: spark_asked(port) for port in ports}
    assert [answer for answer in said.values() if b"java.util.Nowhere" in answer] == []
    assert any(re.search(rb"(?i)sasl|auth|challenge", answer) for answer in said.values()), said


def test_the_pages_of_spark_end_no_job(attacked: Attacked) -> None:
    """They ask nobody who they are."""
    url = attacked.server.get("/contexts/c").json["url"]
    id = ask(
        attacked.server, f"POST {job(context='c', classPath='attack.Works')}", {}, "seconds = 4"
    )
    try:

        def page() -> str:
            with urllib.request.urlopen(f"{url}/jobs/") as answer:
                return str(answer.read().decode())

        until(lambda: "attack.py" in page(), 30, "the job is there")
        assert "/kill" not in page()
    finally:
        assert attacked.server.ended(id.json["jobId"])["status"] == "FINISHED"
