"""What somebody tries who has no credential, from the server's machine or a page in a browser.

No Spark is started: drivers are stubs. What has fixtures elsewhere is tried there: tokens of a
provider in `test_oidc.py`, names of a directory in `test_ldap.py`, certificates in `test_tls.py`,
the ports of a driver in `test_secrets.py`. What those with a token try is in `test_attacks.py`.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import re
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from credentials import NOBODY, PROXY, as_nobody
from server import KERNEL_TELLS, Server, raw, send, talk, until

import stub

pytestmark = pytest.mark.skipif(
    not KERNEL_TELLS, reason="the kernel does not tell whose a connection is"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")

FOLDER_OF_ALL = 0o755


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with little memory, in a folder that was there; else it is as it comes."""
    folder = tmp_path_factory.mktemp("outside")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(FOLDER_OF_ALL)
    one = Server(folder, env={"JOBSERVER_JAVA_OPTS": "-Xmx128m"})
    one.data.mkdir(mode=FOLDER_OF_ALL)
    stub.install(one)
    one.start()
    try:
        until(lambda: one.request("POST", "/contexts/c").status == 200, 60, "there is a context")
        yield one
    finally:
        one.end()


@pytest.fixture(autouse=True)
def unharmed(server: Server) -> Iterator[None]:
    """After each test the server is well, has said nothing of a failure, and is what it was."""
    before = len((server.data / "log" / "server.log").read_bytes())
    yield
    assert send(server, "GET /contexts/c").json["state"] == "RUNNING"
    assert send(server, "GET /data").json == []
    said = (server.data / "log" / "server.log").read_bytes()[before:].decode()
    assert " ERROR " not in said, said
    assert "\tat " not in said, said


def audited(server: Server, request_id: str) -> list[dict[str, str]]:
    """The lines of the audit log for strangers on the requests whose ids begin so."""
    text = (server.data / "log" / "audit-strangers.log").read_text()
    lines = [dict(re.findall(r'([a-z]+)="([^"]*)"', line)) for line in text.splitlines()]
    return [line for line in lines if line["request"].startswith(request_id)]


# Another user of the machine


def nobodys(server: Server, family: int = socket.AF_INET, source: tuple[str, int] | None = None):
    """A connection of another user."""
    with as_nobody():
        connection = socket.socket(family)
    connection.settimeout(30)
    if source is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(source)
    connection.connect(
        ("127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1", server.port)
    )
    return connection


def status(connection: socket.socket, request_line: str = "GET /jobs", headers: str = "") -> int:
    """The status of an answer to another request of a connection."""
    connection.sendall(f"{request_line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
    return int(connection.recv(65536).split(b" ", 2)[1])


@needs_root
def test_another_user_is_told_apart_by_each_address_and_port(server: Server) -> None:
    sources = [
        (socket.AF_INET, None),
        (socket.AF_INET, ("127.0.0.1", 0)),
        (socket.AF_INET, ("127.255.255.254", 0)),
        # The server's own number: only the addresses tell the two ends apart.
        (socket.AF_INET, ("127.0.0.2", server.port)),
        (socket.AF_INET6, None),
    ]
    for family, source in sources:
        with nobodys(server, family, source) as connection:
            assert status(connection) == 401, (family, source)
            assert status(connection, "GET /healthz") == 200


@needs_root
def test_a_port_that_was_the_users_own_a_moment_ago_is_not_so_for_another(server: Server) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as own:
            assert status(own, "GET /jobs", "Connection: close\r\n") == 200
            source = own.getsockname()
            assert own.recv(1) == b""  # the server closes first, so that the port is free
        with nobodys(server, source=source) as connection:
            assert status(connection) == 401


@needs_root
def test_another_user_who_leaves_at_once_has_changed_nothing(server: Server) -> None:
    request = "POST /data/left HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: left-{}\r\n"
    body = "Content-Length: 1\r\n\r\nx"
    for number in range(60):
        connection = nobodys(server)
        if number % 3 == 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif number % 3 == 1:
            connection.shutdown(socket.SHUT_RD)
        connection.sendall((request.format(number) + body).encode() * 3)
        connection.close()
    until(lambda: len(audited(server, "left-")) >= 40, 20, "they were refused")
    assert {(line["caller"], line["status"]) for line in audited(server, "left-")} == {("-", "401")}


def test_one_connection_is_asked_for_each_request_whose_it_is(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        assert status(connection) == 200
        for header in (
            *("X-Forwarded-For: 1", "x-forwarded-for:", "X-Forwarded-For: ::1", "Via: x"),
            *("Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Forwarded-Host: localhost"),
            *("X-Forwarded-Proto: http", "X-Forwarded-Server: x"),
            *("Authorization:", "Authorization: Local", "Authorization: Negotiate x"),
        ):
            assert status(connection, headers=header + "\r\n") == 401, header
        assert status(connection) == 200


NO_REQUEST_OF_THE_USER = {
    "a header that is folded": "X-Forwarded-For:\r\n 192.0.2.1\r\n",
    "a space before the colon": "X-Forwarded-For : 192.0.2.1\r\n",
    "twice": "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.1\r\n",
    "a connection that shall forget it": "Via: x\r\nConnection: close, Via\r\n",
    "nothing but a line feed": "X-Forwarded-For: 192.0.2.1\n",
}


@pytest.mark.parametrize("what", NO_REQUEST_OF_THE_USER)
def test_what_a_proxy_says_cannot_be_hidden(server: Server, what: str) -> None:
    answer = raw(
        server,
        f"GET /jobs HTTP/1.1\r\nHost: localhost\r\n{NO_REQUEST_OF_THE_USER[what]}\r\n",
    )
    assert answer.status in (400, 401), answer


# What anybody may read


SPELLINGS = [
    *("/html/", "/openapi.json", "/docs", "/docs/api/", "/docs/api/x", "/readyz/checks"),
    *("//", "//healthz", "/healthz/", "/HEALTHZ", "/%68ealthz", "/healthz%00", "/healthz%20"),
    *("/healthz%2f..%2fjobs", "/healthz/../jobs", "/healthz/..;/jobs", "/docs/api/../../jobs"),
    *("/docs/api/..%2f..%2fjobs", "/healthz;/jobs", "/;/jobs", "/;", "/.;/", "/healthz\\..\\jobs"),
    *(
        "/./healthz",
        "/x/../healthz",
        "/docs/api%3f",
        "/healthz%23",
        "/healthz,jobs",
        "/..;/healthz",
    ),
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_another_spelling_of_what_is_anybodys_is_not(server: Server, path: str) -> None:
    for method in ("GET", "HEAD"):
        assert send(server, f"{method} {path}", **PROXY).status in (400, 401, 404), method


@pytest.mark.parametrize(
    "request_line",
    [
        *(
            "GET /healthz?_method=DELETE",
            "GET /?/../jobs",
            "GET /healthz?wait=300",
            "GET /docs/api?x",
        ),
        "GET http://localhost/healthz",
    ],
)
def test_a_query_makes_nothing_else_of_it(server: Server, request_line: str) -> None:
    begin = time.monotonic()
    assert send(server, request_line, **PROXY).status == 200
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "get", "PROPFIND"]
)
def test_no_other_method_is_anybodys(server: Server, method: str) -> None:
    for path in ("/", "/healthz", "/docs/api"):
        assert send(server, f"{method} {path}", **PROXY).status in (400, 401, 501)


def test_an_upload_by_nobody_is_not_waited_for(server: Server) -> None:
    head = (
        "POST {} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"
        "Content-Type: application/python-egg\r\nContent-Length: 100000000\r\n{}\r\n"
    )
    for path in ("/binaries/x", "/data/x", "/jobs", "/contexts/x", "/healthz"):
        for expect in ("", "Expect: 100-continue\r\n"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
                connection.sendall(head.format(path, expect).encode())
                answer = connection.recv(65536)
                assert answer.startswith(b"HTTP/1.1 401 "), answer
    assert [file for file in (server.data / "spool").rglob("*") if file.is_file()] == []


# What is no request of this server

FRAMES: dict[str, tuple[bytes, set[int]]] = {
    "HTTP/0.9": (b"GET /jobs\r\n", {400, 505}),
    "HTTP/2 by prior knowledge": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
        {400, 426, 501, 505},
    ),
    "the line of a proxy": (
        b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /jobs HTTP/1.1\r\nHost: localhost\r\n\r\n",
        {400, 505},
    ),
    "two hosts": (b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", {400}),
    "a host beside another in the line": (
        b"GET http://localhost/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        {400, 421},
    ),
    "another host in the line": (
        b"GET http://evil.example/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n",
        {400, 421},
    ),
    "a user in the line": (
        b"GET http://root:x@localhost/jobs HTTP/1.1\r\nHost: localhost\r\nVia: x\r\n\r\n",
        {400, 401},
    ),
    "a request in the body of another": (
        b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nVia: x\r\nContent-Length: 45\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /jobs HTTP/1.1\r\nHost: localhost\r\n\r\n",
        {400},
    ),
}


@pytest.mark.parametrize("what", FRAMES)
def test_what_is_no_request_of_this_server_is_refused(server: Server, what: str) -> None:
    request, statuses = FRAMES[what]
    answer = talk(server, request)
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    assert int(answer.split(b" ", 2)[1]) in statuses, answer


@pytest.mark.parametrize(
    "upgrade",
    [
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
        "Upgrade: TLS/1.0\r\n",
    ],
)
@pytest.mark.parametrize("path", ["/jobs", "/healthz"])
def test_nothing_is_upgraded(server: Server, path: str, upgrade: str) -> None:
    for origin in ("", "Origin: https://evil.example\r\n"):
        answer = raw(
            server,
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            f"{origin}{upgrade}\r\n",
        )
        assert answer.status in (200, 400, 403, 426), answer
        assert answer.status != 200 or not (origin and path == "/jobs"), answer


# Pages in the browser of the server's user

PAGES = [
    {"Origin": "http://127.0.0.1:{port}"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "http://localhost:9999", "Sec_Fetch_Site": "same-site"},
    {"Origin": "http://localhost"},
    {"Origin": "https://localhost"},
    {"Origin": "ftp://localhost"},
    {"Origin": "http://localhost:{port}.evil.example"},
    {"Origin": "http://localhost:{port}", "Sec_Fetch_Site": "cross-site"},
    {"Origin": "chrome-extension://abcdefghijklmnop"},
    {"Origin": "moz-extension://0f5e"},
    {"Origin": "null", "Content_Type": "application/x-www-form-urlencoded"},
    {"Origin": "http://evil.example", "Content_Type": "text/plain"},
    {"Origin": "http://evil.example", "Content_Type": "multipart/form-data; boundary=x"},
]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_of_the_same_machine_changes_nothing_either(
    server: Server, page: dict[str, str]
) -> None:
    headers = {name: value.format(port=server.port) for name, value in page.items()}
    for request in ("POST /data/page", "DELETE /contexts/c", "POST /contexts/c?_method=DELETE"):
        answer = send(server, request, f"localhost:{server.port}", **headers)
        answer.is_text(403, "another origin")


HOSTS = [
    *("0", "0.0.0.0", "127.0.0.2", "localhost..", ".localhost", "localhost.localdomain"),
    *("ip6-localhost", "host.docker.internal", "127.0.0.1.nip.io", "localtest.me", "[::2]"),
    *("[::1%lo]", "[::1%25lo]", "[", "[]", "[:]", "[::", "1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8%x]"),
    *("xn--", "xn--a", "xn--localhost-", "a.xn--\xff", "\xe3\x80\x82", "\xf0\x9f\x98\x80"),
    *("a" * 70, ".".join(["a" * 60] * 5), "localhost\x0b", "localhost\\evil", "localhost?"),
]


@pytest.mark.parametrize("host", HOSTS, ids=ascii)
def test_a_name_that_somebody_points_here_is_not_served(server: Server, host: str) -> None:
    answer = send(server, "GET /healthz", host)
    answer.is_text(answer.status)
    assert answer.status in (400, 421), answer


# The port of the drivers


def link(server: Server) -> int:
    return int((server.data / "link-url").read_text().rpartition(":")[2])


def to_link(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", link(server)), timeout=20) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
    return answer


def enrolment(content: bytes) -> bytes:
    head = f"POST /link/v1/enrol HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(content)}"
    return head.encode() + b"\r\n\r\n" + content


@pytest.mark.parametrize(
    "request_line",
    [
        *("GET /", "GET /link/v1/", "POST /link/v1/", "GET /healthz", "POST /link/v2/enrol"),
        *("GET /link/v1/enrol", "POST /link/v1/enrol/x", "POST /link/v1/bundles/" + "0" * 64),
        *("TRACE /link/v1/commands", "POST /link/v1/../../jobs", "POST http://evil/link/v1/enrol"),
    ],
)
def test_who_is_no_driver_learns_nothing_at_the_port_of_drivers(
    server: Server, request_line: str
) -> None:
    answer = to_link(server, f"{request_line} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
    assert re.match(rb"HTTP/1\.1 (400|401|404) ", answer), answer
    for word in (b"Java", b"Exception", b"sun.", str(server.data).encode()):
        assert word not in answer


@pytest.mark.parametrize("content", [b"[1, 2]", b"{}", b'{"epoch": null}', b'"x"', b"1"])
def test_an_enrolment_without_its_parts_is_refused(server: Server, content: bytes) -> None:
    answer = to_link(server, enrolment(content))
    assert re.match(rb"HTTP/1\.1 (400|401|410) ", answer), answer


# Much of what is not known yet whose it is


@contextlib.contextmanager
def held(port: int, count: int, beginning: bytes) -> Iterator[None]:
    """Connections that have sent a beginning, and read nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", port))
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.send(beginning)
        yield


GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"


@pytest.mark.parametrize(
    "beginning",
    [
        GET % b"/docs/api" + b"\r\n",
        GET % b"/healthz" + b"A: " + b"x" * 7_000,
        GET % b"/jobs" + b"Content-Length: 1000000\r\n\r\nx",
        GET % b"/healthz" + b"Content-Length: 1000000\r\n\r\nx",
    ],
    ids=["page", "header", "body", "body of what is anybody's"],
)
def test_many_who_are_not_known_hold_up_nobody(server: Server, beginning: bytes) -> None:
    with held(server.port, 300, beginning):
        for _ in range(10):
            begin = time.monotonic()
            assert send(server, "GET /contexts/c").status == 200
            assert time.monotonic() - begin < 5


# What is found in logs

ODD = "a\x1b[2J\x9b2J\u202e\u2066\u200b\x85b\u2028c\rd\ne\x7f\x07$\\{jndi:ldap://127.0.0.1:1/x}%n"


def test_the_audit_log_has_nothing_that_a_terminal_obeys(server: Server) -> None:
    for path in (quote(ODD), "%9B2J", "%C2%9B2J", "\x9b2J", "a%22%20caller=%22root"):
        send(server, f"DELETE /jobs/{path}", X_Request_Id="odd-path", **PROXY)
    for header in ("Origin", "User_Agent", "Referer", "Authorization", "X_Request_Id"):
        send(server, "DELETE /jobs/x", **{**PROXY, header: "a\x9b2J\x1b[2J"})
    for host in ("\x9bevil", "evil\x1b", 'evil"x'):
        send(server, "DELETE /jobs/x", host)
    until(lambda: len(audited(server, "odd-path")) >= 3, 10, "they are in the log")
    text = (server.data / "log" / "audit-strangers.log").read_text()
    assert {c for c in text if not c.isprintable() and c != "\n"} == set()
    for line in text.splitlines():
        assert re.fullmatch(r'\S+( [a-z]+="[^"]*"){9}', line), line


# What was found


@pytest.mark.skipif(
    subprocess.run(
        ["unshare", "--pid", "--fork", "true"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="no namespace of processes can be made here",
)
def test_a_container_on_the_network_of_this_machine_needs_a_token(server: Server) -> None:
    """Its users have ids that are somebody else's here."""
    for namespaces in (["--pid"], ["--pid", "--mount", "--uts", "--ipc", "--cgroup"]):
        done = subprocess.run(
            [
                *("unshare", *namespaces, "--fork", "curl", "-sS", "-o", "/dev/null"),
                *("-w", "%{http_code}", f"{server.url}/jobs"),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "401", namespaces


@pytest.mark.parametrize(
    "content", [b"null", b'{"protocol": 1}', b'{"contextId": null, "protocol": 1}']
)
def test_an_enrolment_of_nothing_is_refused_without_a_word(server: Server, content: bytes) -> None:
    answer = to_link(server, enrolment(content))
    assert re.match(rb"HTTP/1\.1 (400|401) ", answer), answer


def test_the_log_has_nothing_that_a_terminal_obeys(server: Server) -> None:
    before = len((server.data / "log" / "server.log").read_bytes())
    message = {"contextId": ODD, "epoch": 1, "token": "x", "key": "y", "protocol": 99, "spark": ODD}
    to_link(server, enrolment(json.dumps(message).encode()))
    for host in ("\x9bevil", "evil\xc2\x9b2J", "[\x9b]"):
        send(server, "GET /jobs", host)
    said = (server.data / "log" / "server.log").read_bytes()[before:].decode()
    assert "protocol 99" in said
    assert {c for c in said if not c.isprintable()} <= set("\r\n\t\u2028"), said
    assert "HostPort" not in said, "each would be a line"


@needs_root
def test_of_the_files_of_the_server_others_can_read_none(server: Server) -> None:
    """The folder was there before the first start, and others could look into it."""
    found = subprocess.run(
        ["find", str(server.data), "-type", "f", "-readable"],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert found.stdout == ""


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/docs/api"])
def test_what_anybody_may_read_tells_nothing_of_the_server(server: Server, path: str) -> None:
    answer = send(server, f"GET {path}", **PROXY)
    assert answer.status == 200
    everything = answer.text + str(answer.headers)
    for secret in (
        *(str(server.data), str(server.home), str(server.port), str(server.pid)),
        *("0.1.0", "Jetty", "Jersey", "Java/", "Derby"),
    ):
        assert secret not in everything, secret


HEADERS = (
    *("Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Allow", "Connection"),
    *("Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location"),
    *("Content-Type", "Cookie", "Date", "Expect", "Forwarded", "If-Match", "If-Modified-Since"),
    *("If-None-Match", "If-Unmodified-Since", "Link", "Range", "TE", "Trailer", "Upgrade"),
)
VALUES = (
    *("", "x", ";", "/", "*", "=", '"', ", ,", "\t", "-1", "\xff", "a/b,c/d", "a=b; $Path="),
    *("*/*;q=x", "*/*;q=2", "text/plain;q=x", "text/plain;q=2", "text/plain; q=0.5555", "*;q=x"),
    *(
        "text/plain;q",
        'text/plain;q="',
        'text/plain;charset="',
        'a/b;c="\\',
        "a/b;charset=x",
    ),
    *("W/", 'W/"', "Thu, 99 Foo", "bytes=x", "gzip;q=x", "100-continue, x", "h2c"),
)


@pytest.mark.parametrize("path", ["/", "/healthz", "/docs/api"])
def test_no_header_is_too_odd_for_what_anybody_may_read(server: Server, path: str) -> None:
    found = {}
    for header, value in itertools.product(HEADERS, VALUES):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        with contextlib.closing(connection):
            connection.putrequest("GET", path, skip_accept_encoding=True)
            connection.putheader("X-Forwarded-For", "192.0.2.1")
            connection.putheader(header, value.encode("latin-1"))
            connection.endheaders()
            found[header, value] = connection.getresponse().status
    assert {told: status for told, status in found.items() if status >= 500} == {}
    assert set(found.values()) >= {200, 400}


def test_many_enrolments_that_do_not_end_fit_into_the_memory(server: Server) -> None:
    head = b"POST /link/v1/enrol HTTP/1.1\r\nContent-Length: 300000\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(450):
            connection = socket.create_connection(("127.0.0.1", link(server)), timeout=30)
            stack.enter_context(connection).sendall(head + b"x" * 262_000)
        assert send(server, "GET /contexts/c").status == 200
    until(lambda: send(server, "GET /healthz").status == 200, 10, "it lives")
