"""What requests pass first: hosts, origins, methods in queries, headers, what is malformed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server import Raw, Server, raw, running, send

LISTED = "https://app.example.com"
CONF = f"""
spark.jobserver {{
  gate.hosts = ["Jobs.Example.com", "bücher.example"]
  cors.origins = ["{LISTED}", "http://localhost:3000"]
}}
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is configured as it comes."""
    with running(tmp_path_factory.mktemp("plain")) as server:
        yield server


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a name, and with origins whose pages may use it."""
    with running(tmp_path_factory.mktemp("known"), CONF) as server:
        yield server


# Hosts


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "127.0.0.1", "[::1]", "localhost:{port}", "127.0.0.1:{port}"],
)
def test_the_names_of_the_loopback_are_served(plain: Server, host: str) -> None:
    assert send(plain, "GET /healthz", host.format(port=plain.port)).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "localhost.evil.example"])
def test_another_host_is_not(plain: Server, host: str) -> None:
    answer = send(plain, "GET /healthz", host.format(port=plain.port))
    answer.is_text(421, host.partition(":")[0], "spark.jobserver.gate.hosts")


def test_a_name_pointed_here_by_somebody_else_reaches_nothing(plain: Server) -> None:
    for request in ("POST /contexts/evil", "DELETE /contexts/evil", "GET /jobs", "GET /nothing"):
        send(plain, request, "evil.example").is_text(421)
    assert send(plain, "GET /contexts").json == []


@pytest.mark.parametrize(
    "host",
    ["jobs.example.com", "JOBS.example.com.", "jobs.example.com:443", "xn--bcher-kva.example"],
)
def test_a_configured_name_is_served(plain: Server, known: Server, host: str) -> None:
    assert send(known, "GET /healthz", host).status == 200
    assert send(plain, "GET /healthz", host).status == 421


def test_an_absolute_uri_names_the_host(known: Server) -> None:
    assert send(known, "GET http://jobs.example.com/healthz", "jobs.example.com").status == 200
    send(known, "GET http://evil.example/healthz", "evil.example").is_text(421)
    send(known, "GET http://evil.example/healthz", "localhost").is_text(400)


# Origins


def test_without_configured_origins_nothing_is_said_of_them(plain: Server) -> None:
    answer = send(plain, "GET /healthz", Origin=LISTED)
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.header("Vary") is None
    answer = send(plain, "OPTIONS /jobs", Origin=LISTED, Access_Control_Request_Method="DELETE")
    assert answer.status == 200, answer
    assert answer.header("Allow") is not None
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_listed_origin_may_read(known: Server) -> None:
    answer = send(known, "GET /jobs/none", Origin=LISTED)
    assert answer.status == 404
    assert answer.header("Access-Control-Allow-Origin") == LISTED
    assert answer.header("Access-Control-Allow-Credentials") == "true"
    assert (
        answer.header("Access-Control-Expose-Headers")
        == "Link, ETag, Location, Retry-After, Incident-Id, Log-Next-Offset, X-Request-Id"
    )
    assert answer.header("Vary") == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://app.example.com", "null"])
def test_another_origin_is_answered_and_may_not_read(known: Server, origin: str) -> None:
    answer = send(known, "GET /jobs", Origin=origin)
    assert (answer.status, answer.json) == (200, [])
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.header("Vary") == "Origin"


def test_a_listed_origin_is_told_what_it_may_send(known: Server) -> None:
    answer = send(
        known,
        "OPTIONS /contexts/x",
        Origin="http://localhost:3000",
        Access_Control_Request_Method="DELETE",
        Access_Control_Request_Headers="content-type,x-mine",
    )
    assert (answer.status, answer.text) == (204, "")
    assert answer.header("Access-Control-Allow-Origin") == "http://localhost:3000"
    assert answer.header("Access-Control-Allow-Methods") == "GET, POST, PUT, DELETE"
    assert answer.header("Access-Control-Allow-Headers") == "content-type, x-mine"
    assert answer.header("Access-Control-Max-Age") == "3600"


def test_another_origin_is_told_that_it_may_send_nothing(known: Server) -> None:
    answer = send(
        known,
        "OPTIONS /contexts/x",
        Origin="https://evil.example",
        Access_Control_Request_Method="DELETE",
    )
    answer.is_text(403, "spark.jobserver.cors.origins")
    assert answer.header("Access-Control-Allow-Origin") is None


# The method in the query


def test_a_post_is_taken_as_what_its_query_says(plain: Server) -> None:
    for method in ("DELETE", "delete"):
        answer = send(plain, f"POST /contexts/none?_method={method}")
        assert (answer.status, answer.json["result"]) == (404, "context none not found")
    assert send(plain, "POST /jobs?_method=PUT").status == 405
    send(plain, "POST /contexts/none?_method=PATCH").is_text(400, "_method", "DELETE or PUT")


def test_only_a_post_is(plain: Server) -> None:
    answer = send(plain, "GET /contexts/none?_method=DELETE")
    assert (answer.status, answer.json["result"]) == (404, "can't find context with name none")


@pytest.mark.parametrize(
    "request_line",
    [
        "POST /contexts/none?_method=DELETE",
        "POST /jobs?appName=none&classPath=c&context=none",
        "DELETE /jobs/none",
        "DELETE /contexts/none",
    ],
)
def test_a_page_of_another_origin_changes_nothing(
    plain: Server, known: Server, request_line: str
) -> None:
    key = "spark.jobserver.cors.origins"
    send(plain, request_line, Origin="https://evil.example").is_text(403, key)
    send(plain, request_line, Origin="null").is_text(403, key)
    send(plain, request_line, Sec_Fetch_Site="cross-site").is_text(403, key)
    send(plain, request_line, Origin=LISTED).is_text(403, key)
    assert send(known, request_line, Origin=LISTED).status == 404
    here = f"localhost:{plain.port}"
    assert send(plain, request_line, here, Origin=f"http://{here}").status == 404


def test_a_page_of_another_origin_may_ask_and_not_read_the_answer(plain: Server) -> None:
    answer = send(plain, "GET /healthz", Origin="https://evil.example", Sec_Fetch_Site="cross-site")
    assert answer.status == 200
    assert answer.header("Access-Control-Allow-Origin") is None


# Headers


@pytest.mark.parametrize(
    "request_line",
    ["GET /healthz", "GET /jobs", "GET /jobs/none", "GET /nothing", "PUT /jobs", "OPTIONS /jobs"],
)
def test_every_answer_has_the_headers(plain: Server, request_line: str) -> None:
    check_headers(send(plain, request_line))


def check_headers(answer: Raw) -> None:
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'"
    assert answer.header("Referrer-Policy") == "no-referrer"
    assert "no-store" in (answer.header("Cache-Control") or "")
    assert answer.header("Server") is None


# What is malformed

HOST = "Host: localhost\r\nConnection: close\r\n"
MALFORMED: dict[str, str | bytes] = {
    "no host": "GET /jobs HTTP/1.1\r\n\r\n",
    "two hosts": f"GET /jobs HTTP/1.1\r\n{HOST}Host: localhost\r\n\r\n",
    "a host with a space": "GET /jobs HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a broken escape": f"GET /jobs/a%zz HTTP/1.1\r\n{HOST}\r\n",
    "an escape that is no UTF-8": f"GET /jobs/%FF HTTP/1.1\r\n{HOST}\r\n",
    "a letter that must be escaped": f"GET /jobs/{{x}} HTTP/1.1\r\n{HOST}\r\n",
    "a path above the root": f"GET /../x HTTP/1.1\r\n{HOST}\r\n",
    "a control character": f"GET /jobs/\0 HTTP/1.1\r\n{HOST}\r\n",
    "a header with a space": f"GET /jobs HTTP/1.1\r\n{HOST}A B: c\r\n\r\n",
    "a header without a colon": f"GET /jobs HTTP/1.1\r\n{HOST}AB\r\n\r\n",
    "a length that is no number": f"POST /jobs HTTP/1.1\r\n{HOST}Content-Length: x\r\n\r\n",
    "a length and chunks": f"POST /jobs HTTP/1.1\r\n{HOST}Content-Length: 1\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a content type without a slash": f"POST /binaries/x HTTP/1.1\r\n{HOST}Content-Type: egg\r\n"
    "Content-Length: 0\r\n\r\n",
    "a content type of signs": f"POST /jobs HTTP/1.1\r\n{HOST}Content-Type: ;;//\r\n"
    "Content-Length: 0\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_malformed_is_told_in_a_sentence(plain: Server, what: str) -> None:
    answer = raw(plain, MALFORMED[what])
    answer.is_text(400, "The request was malformed")
    assert "<" not in answer.text
    check_headers(answer)


def test_what_is_too_large_is_told(plain: Server) -> None:
    raw(plain, f"GET /{'a' * 20_000} HTTP/1.1\r\n{HOST}\r\n").is_text(414, "414 URI Too Long")
    raw(plain, f"GET / HTTP/1.1\r\n{HOST}A: {'a' * 20_000}\r\n\r\n").is_text(431, "431 ")


# Configuration


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spark.jobserver.cors.origins", "https://app.example.com/path"),
        ("spark.jobserver.cors.origins", "https://*.example.com"),
        ("spark.jobserver.gate.hosts", "jobs.example.com:8090"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(fresh: Server, key: str, value: str) -> None:
    fresh.conf.write_text(f'{key} = ["{value}"]\n')
    done = fresh.command(
        "start", "--conf", str(fresh.conf), "--port", str(fresh.port), "--data", str(fresh.data)
    )

    assert done.returncode == 7, done
    assert key in done.stderr
    assert value in done.stderr
