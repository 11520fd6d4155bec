"""What clients try that mean no good, and that it comes to nothing.

No Spark is started: drivers are stubs. What other tests try already is not tried again: posted
HOCON is in `PostedConfigTest` and `PostedLimitsTest`, callbacks are in `CallbackUrlTest`,
`AllowedHostsTest` and `HttpCallbacksTest`, the gate is in `test_gate.py`.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import json
import re
import socket
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from server import Raw, Server, raw, running, send, talk, until

import stub

LISTED = "https://app.example.com"
CONF = f"""
spark.jobserver {{
  max-jobs-per-context = 64
  rest.max-upload-size = "8 MiB"
  cors.origins = ["{LISTED}"]
  callback {{ hosts = ["localhost", "127.0.0.9"], pause = "50 ms", attempts = 2 }}
}}
"""
ARCHIVE = b"PK\x03\x04 and more"
EGG = "application/python-egg"

#: What a forged line of the log would begin with.
FORGED = "2031-01-01T00:00:00.000Z ERROR [main] forged"


# The server


def started(folder: Path, conf: str = CONF) -> Server:
    """A server without Spark, with a context and a binary."""
    server = Server(folder, conf)
    stub.install(server)
    server.start()
    until(lambda: server.request("POST", "/contexts/c").status == 200, 60, "there is a context")
    assert server.request("POST", "/binaries/words", ARCHIVE, EGG).status == 201
    return server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = started(tmp_path_factory.mktemp("server"))
    try:
        yield one
    finally:
        one.end()


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Server]:
    """A server of one test, for attacks of which a server might not recover."""
    one = started(tmp_path)
    try:
        yield one
    finally:
        one.end()


@pytest.fixture(autouse=True)
def unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test the server is well, and the test has left nothing but what it should."""
    name = "victim" if "victim" in request.fixturenames else "server"
    server: Server = request.getfixturevalue(name)
    log = server.data / "log" / "server.log"
    before = len(log.read_bytes())
    out = server.data / "log" / "server.out"
    printed = out.read_text()
    files = left_behind(server)
    post(server, "/contexts/c")  # another test may have lost it
    yield
    answer = send(server, "GET /healthz")
    assert (answer.status, answer.json) == (200, {"status": "SUCCESS"})
    assert send(server, "GET /contexts/c").json["state"] == "RUNNING"
    assert send(server, "GET /binaries/words").status == 200
    until(lambda: not left_behind(server) - files, 15, "nothing is left behind")
    said = log.read_bytes()[before:].decode()
    assert "incident" not in said, said
    assert "OutOfMemoryError" not in said, said
    for line in re.split(r"[\r\n\u0085\u2028]", said):
        assert not line.startswith(FORGED), line
        assert "\x1b" not in line, line
    assert out.read_text() == printed


#: Folders of the server in which files come and go.
LIVING = ("db", "log", "contexts", "bundles", "felix", "cache")


def left_behind(server: Server) -> set[Path]:
    """All files around the server, but for the database, the logs and what belongs to contexts."""
    folders = [path for path in server.data.iterdir() if path.name not in LIVING]
    return {path for folder in folders for path in [folder, *folder.rglob("*")] if path.is_file()}


# Requests


def post(server: Server, target: str, body: bytes | str = b"", **headers: str) -> Raw:
    return ask(server, "POST", target, body, **headers)


def ask(server: Server, method: str, target: str, body: bytes | str = b"", **headers: str) -> Raw:
    """Sends a request with a body; an underscore in the name of a header is a hyphen."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw(server, "\r\n".join(lines).encode() + b"\r\n\r\n" + content)


def job(class_path: str = "words.Works", **more: str) -> str:
    query = {"appName": "words", "classPath": class_path, "context": "c", **more}
    return "/jobs?" + urlencode(query)


def run(server: Server, config: bytes | str, **headers: str) -> Raw:
    """The answer to a job that returns its configuration."""
    return post(server, job(sync="true"), config, **headers)


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Does some work many times, at the same time."""
    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        barrier.wait(60)
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def is_refused_config(answer: Raw, *words: str) -> None:
    assert answer.status == 400, answer
    assert answer.json["status"] == "ERROR"
    assert answer.json["result"].startswith("Cannot parse config: "), answer
    for word in words:
        assert word in answer.json["result"], answer


@contextlib.contextmanager
def listener(address: str = "127.0.0.1", answer: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """A port, and what is sent to it."""
    seen: list[bytes] = []
    with socket.create_server((address, 0)) as port:
        port.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = port.accept()
                    with connection:
                        connection.settimeout(5)
                        seen.append(connection.recv(65536))
                        connection.sendall(answer)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield port.getsockname()[1], seen
        finally:
            over.set()
            thread.join()


# Posted configurations

INCLUDES = [
    'include "{file}"',
    'include file("{file}")',
    'include required(file("{file}"))',
    'include url("file://{file}")',
    'include url("{url}")',
    'include required(url("{url}"))',
    'include classpath("reference.conf")',
    'a {{ include url("{url}") }}',
    'a = [{{ include url("{url}") }}]',
]


@pytest.mark.parametrize("text", INCLUDES)
@pytest.mark.parametrize("target", ["/contexts/including", "/jobs", "/jobs?sync=true"])
def test_a_posted_include_reads_no_file_and_calls_nobody(
    server: Server, text: str, target: str
) -> None:
    with listener() as (port, seen):
        file = server.data / "server.pid"
        body = text.format(file=file, url=f"http://127.0.0.1:{port}/")
        answer = post(server, target, body)
        is_refused_config(answer, "include")
    assert seen == []
    assert server.data.name not in answer.text


@pytest.mark.parametrize(
    "name",
    [
        "HOME",
        "PATH",
        "SPARK_HOME",
        "user.home",
        "java.class.path",
        "jobserver.data",
        "spark.jobserver.port",
        "spark.master",
        "spark.context-settings",
    ],
)
def test_a_posted_substitution_sees_nothing_of_the_server(server: Server, name: str) -> None:
    is_refused_config(run(server, f"a = ${{{name}}}"), name)
    is_refused_config(post(server, "/contexts/x", f"a = ${{{name}}}"), name)
    assert run(server, f"a = ${{?{name}}}").json["result"] == {}


BOMB = "a=[0,0,0,0,0,0,0,0,0,0]\n" + "".join(
    f"{name}=[{','.join([f'${{{of}}}'] * 10)}]\n" for of, name in zip("abcde", "bcdef", strict=True)
)


def test_a_few_hundred_bytes_are_not_a_million_values(server: Server) -> None:
    assert len(BOMB) < 345
    is_refused_config(run(server, BOMB), "values and keys")
    is_refused_config(post(server, "/contexts/bomb", BOMB), "values and keys")


DEEP = {
    "braces": "a{" * 20_000,
    "closed braces": "a{" * 20_000 + "}" * 20_000,
    "brackets": "a=" + "[" * 20_000,
    "closed brackets": "a=" + "[" * 20_000 + "]" * 20_000,
    "a path": ".".join(["a"] * 20_000) + "=1",
    "a path in a substitution": "b=${" + ".".join(["a"] * 20_000) + "}",
    "lists of objects": "a=" + "[{a=" * 10_000,
    "quotes": 'a="' + '\\"' * 20_000,
    "a chain of substitutions": "".join(f"a{n}=${{a{n + 1}}}\n" for n in range(20_000)),
    "substitutions in each other": "a=" + "${" * 20_000,
    "additions": "a+=1\n" * 20_000 + "b=${a}{",
}


@pytest.mark.parametrize("what", DEEP)
def test_a_configuration_is_not_too_deep_for_the_server(server: Server, what: str) -> None:
    is_refused_config(run(server, DEEP[what]))
    is_refused_config(post(server, "/contexts/deep", DEEP[what]))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (".".join(["a"] * 3_500) + "=1", "levels"),
        ('"a".' * 1_800 + "a=1", "levels"),
        ("a..b=1", ""),
        (".a=1", ""),
        ("a.=1", ""),
        ("%22a=1", ""),
        ("$%7Ba%7D=1", ""),
        ("a%0Ab=1", ""),
        ("spark.executor=1&spark.executor.memory=2g", ""),
        ("context-init-timeout=soon", "context-init-timeout"),
        ("context-init-timeout=", "context-init-timeout"),
        ("context-init-timeout.a=1", "context-init-timeout"),
        ("stop-context-on-job-error=perhaps", "stop-context-on-job-error"),
        ("context-factory.a=1", "context-factory"),
    ],
)
def test_settings_in_a_query_that_are_none_are_refused(
    server: Server, query: str, words: str
) -> None:
    is_refused_config(post(server, "/contexts/x?" + query.replace('"', "%22")), words)
    assert send(server, "GET /contexts/x").status == 404


@pytest.mark.parametrize(
    "body",
    [
        "spark.context-settings = 1",
        "spark.context-settings = [1]",
        "spark.context-settings.context-factory = null",
        "spark.context-settings.context-factory = [1]",
        "spark.context-settings.context-init-timeout = {a = 1}",
        "spark.context-settings.stop-context-on-job-error = [1]",
    ],
)
@pytest.mark.parametrize("target", ["/contexts/x", "/jobs?appName=words&classPath=words.Works"])
def test_settings_in_a_body_that_are_none_are_refused(
    server: Server, body: str, target: str
) -> None:
    is_refused_config(post(server, target, body))


@pytest.mark.parametrize(
    "settings",
    [
        {"context": "1", "is-adhoc": "true"},
        {"context.name": "c", "is-adhoc.x": "1"},
        {"context-init-timeout": "99999999999999 days"},
        {"spark.contexts.c.a": "1", "spark.jobserver.port": "1"},
        {"spark.driver.extraJavaOptions": "-XX:OnOutOfMemoryError='touch x' \0 \n $(x) `x` %n"},
        {"python.executable": "\0../../$(x)\n", "python.paths": '"'},
        {"a b": "1", '"a.b"': "2", "ü": "\U0001f600"},
        {f"k{number}": "" for number in range(1_000)},
    ],
)
def test_odd_settings_are_kept_as_they_are(server: Server, settings: dict[str, str]) -> None:
    answer = post(server, "/contexts/odd?" + urlencode(settings))
    assert (answer.status, answer.text) == (
        200,
        '{"status":"SUCCESS","result":"Context initialized"}',
    )
    assert "odd" in send(server, "GET /contexts").json
    assert ask(server, "DELETE", "/contexts/odd").status == 200


@pytest.mark.parametrize("timeout", ["-1 s", "0", "-99999999999999999999 s", "1 ns"])
def test_a_context_that_has_no_time_is_refused_or_there(server: Server, timeout: str) -> None:
    answer = post(server, "/contexts/hurry?" + urlencode({"context-init-timeout": timeout}))
    assert answer.status in (200, 400, 500), answer
    if answer.status == 500:
        assert answer.json["status"] == "CONTEXT INIT ERROR"
        assert "context-init-timeout" in answer.json["result"]["message"]
    ask(server, "DELETE", "/contexts/hurry")
    assert "hurry" not in send(server, "GET /contexts").json


def test_a_setting_that_cannot_be_used_is_told_without_a_stack_trace(
    server: Server, tmp_path: Path
) -> None:
    """What starts drivers refuses these itself: no Spark is started here either."""
    with running(tmp_path) as real:
        for name, value in (("num-cpu-cores", "x"), ("spark.submit.deployMode", "cluster")):
            answer = post(real, f"/contexts/x?{name}={value}")
            assert answer.status in (400, 500), answer
            assert name in answer.text
            assert "SparkSubmitLauncher" not in answer.text, answer


CHARSETS = ["nope", "../../x", "%00", "a" * 4_000, "x-JIS-Auto\x7f", "'", "UTF-8,UTF-8"]


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_charset_that_is_none_is_named(server: Server, charset: str) -> None:
    answer = run(server, "a = 1", Content_Type=f"text/plain; charset={charset}")
    answer.is_text(400)


@pytest.mark.parametrize(
    "charset",
    [
        "UTF-7",
        "UTF-16",
        "UTF-32",
        "UTF-16LE",
        "IBM037",
        "ISO-2022-KR",
        "x-JISAutoDetect",
        "GB18030",
    ],
)
def test_a_body_of_any_charset_is_read_or_refused(server: Server, charset: str) -> None:
    answer = run(server, bytes(range(256)) * 40, Content_Type=f"text/plain; charset={charset}")
    assert answer.status == 400, answer


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; a=b; a=b; ;;",
        "message/http",
        "text/html",
        "application/xml",
        "*/*",
    ],
)
def test_a_body_is_hocon_whatever_it_is_called(server: Server, content_type: str) -> None:
    answer = run(server, "a = 1", Content_Type=content_type)
    assert (answer.status, answer.json["result"]) == (200, {"a": 1})


def test_a_compressed_body_is_not_blown_up(server: Server) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    begin = time.monotonic()
    is_refused_config(run(server, bomb, Content_Encoding="gzip"))
    assert time.monotonic() - begin < 10


#: Results are what the job was given.
ODD_RESULTS = {
    "lone surrogates": ('a = "\\ud800"', {"a": "\ud800"}),
    "control characters": ('a = "\\u0000\\u001b\\u007f\\u2028"', {"a": "\0\x1b\x7f\u2028"}),
    "html": ('a = "</script><script>"', {"a": "</script><script>"}),
    "keys": ('"" = 1, "a.b" = 2, "\\u0000" = 3', {"": 1, "a.b": 2, "\0": 3}),
    "great numbers": ("a = 1e308, b = 9223372036854775807", {"a": 1e308, "b": 2**63 - 1}),
    "beyond 64 bits": ("a = 9223372036854775808", {"a": "9223372036854775808"}),
    "a key of Java": ("__proto__ { a = 1 }, class = x", {"__proto__": {"a": 1}, "class": "x"}),
}


@pytest.mark.parametrize("what", ODD_RESULTS)
def test_odd_values_come_back_as_they_were(server: Server, what: str) -> None:
    text, value = ODD_RESULTS[what]
    answer = run(server, text)
    assert answer.json["result"] == value
    report = f"/jobs/{answer.json['jobId']}"
    assert send(server, f"GET {report}").json["result"] == value
    assert send(server, f"GET {report}/config").json == value
    assert send(server, f"GET {report}/result").json == value


def test_a_number_that_json_has_not_is_refused(server: Server) -> None:
    is_refused_config(run(server, "a = 1e999"), "too large")
    is_refused_config(run(server, "a = " + "1" * 5_000 + ".0"), "number")


# Names

ODD_NAMES = {
    "a slash": "a%2Fb",
    "a way up": "..%2F..%2Fetc%2Fpasswd",
    "an encoded percent sign": "a%252Fb",
    "backslashes": "a%5C..%5Cb",
    "line breaks": "a%0D%0A" + quote(FORGED),
    "other line breaks": "a%C2%85b%E2%80%A8c%E2%80%A9d",
    "controls": "a%01%1B%5B31m%7Fb",
    "from right to left": quote("a\u202eb"),
    "an emoji": quote("a\U0001f600b"),
    "no character": quote("a\uffffb\U0010ffff"),
    "a combining mark": quote("a\u0301"),
    "its composition": quote("\u00e1"),
    "html": quote("a<script>alert(1)</script>", safe=""),
    "a look-up": quote("a${jndi:ldap://127.0.0.1:1/x}#{7*7}", safe=""),
    "formats": quote("a%s%n%x{}{0}", safe=""),
    "sql": quote("a' or '1'='1' --", safe=""),
    "a blank at its end": "a%20",
    "a tab at its end": "a%09",
    "a semicolon": "a;b=c;d",
    "a plus sign": "a+b",
    "a query": "a%3Fb%23c%26d%3De",
    "a name of a file": "a.",
    "a thousand characters": "a" * 1_000,
    "many characters": quote("ä" * 1_300),
}


@pytest.mark.parametrize("what", ODD_NAMES)
def test_a_binary_may_have_any_name_and_no_other(server: Server, what: str) -> None:
    path = f"/binaries/{ODD_NAMES[what]}"
    name = unquote(ODD_NAMES[what])
    before = send(server, "GET /binaries").json
    assert name not in before
    assert post(server, path, ARCHIVE, Content_Type=EGG).status == 201
    assert send(server, f"GET {path}").json["app-name"] == name
    assert set(send(server, "GET /binaries").json) == {*before, name}
    query = urlencode({"appName": name, "classPath": "words.Works", "context": "c", "sync": "1"})
    assert post(server, f"/jobs?{query}").status == 200
    assert ask(server, "DELETE", path).status == 200
    assert send(server, "GET /binaries").json == before


def found_by(server: Server, **query: str) -> Any:
    """The jobs that a filter finds, where it is not too long; else the latest."""
    answer = send(server, "GET /jobs?" + urlencode(query))
    if len(urlencode(query)) > 6_000:
        answer.is_text(400, "The filter is too long")
        answer = send(server, "GET /jobs?limit=1")
    return answer.json


@pytest.mark.parametrize("what", ODD_NAMES)
def test_a_context_may_have_any_name_and_no_other(server: Server, what: str) -> None:
    path = f"/contexts/{ODD_NAMES[what]}"
    name = unquote(ODD_NAMES[what])
    before = send(server, "GET /contexts").json
    if what == "a way up":
        assert post(server, path).json["result"] == "context name must start with letters"
        return
    assert post(server, path).status == 200
    assert send(server, f"GET {path}").json["name"] == name
    assert send(server, "GET /contexts").json == [name, *before]
    submitted = post(server, "/jobs?" + urlencode({"appName": "words", "context": name}), "")
    assert submitted.status == 400
    query = urlencode({"appName": "words", "classPath": "words.Works", "context": name, "sync": 1})
    assert post(server, f"/jobs?{query}").status == 200
    (found, *_) = found_by(server, context=name)
    assert found["context"] == name
    assert ask(server, "DELETE", path).status == 200
    assert send(server, "GET /contexts").json == before


@pytest.mark.parametrize("what", ODD_NAMES)
def test_a_data_file_may_have_any_prefix_and_stays_in_its_folder(server: Server, what: str) -> None:
    answer = post(server, f"/data/{ODD_NAMES[what]}", b"text")
    file = Path(answer.json["result"]["filename"])
    assert file.parent == server.data / "files"
    assert re.fullmatch(r"[A-Za-z0-9._-]+\.dat", file.name)
    assert file.read_bytes() == b"text"
    assert ask(server, "DELETE", "/data/" + quote(str(file), safe="")).status == 200
    assert not file.exists()


@pytest.mark.parametrize("what", ODD_NAMES)
def test_an_odd_id_is_that_of_no_job(server: Server, what: str) -> None:
    name = ODD_NAMES[what]
    unknown = {"status": "ERROR", "result": f"No such job ID {unquote(name)}"}
    for request in (
        f"GET /jobs/{name}",
        f"GET /jobs/{name}?wait=10",
        f"GET /jobs/{name}/config",
        f"GET /jobs/{name}/result",
        f"GET /jobs/{name}/log",
        f"GET /jobs/{name}/events",
        f"DELETE /jobs/{name}",
    ):
        answer = send(server, request)
        assert (answer.status, answer.json) == (404, unknown), request


@pytest.mark.parametrize("what", ODD_NAMES)
def test_a_class_path_is_kept_as_it_is(server: Server, what: str) -> None:
    class_path = unquote(ODD_NAMES[what])
    answer = post(server, job(class_path))
    assert answer.status == 202, answer
    assert answer.json["classPath"] == class_path
    (found,) = found_by(server, classPath=class_path)
    assert found["jobId"] == answer.json["jobId"]
    alone = post(server, "/jobs?" + urlencode({"appName": "words", "classPath": class_path}))
    assert alone.status == 202, alone
    assert alone.json["context"].endswith("-" + class_path)
    until(lambda: alone.json["context"] not in send(server, "GET /contexts").json, 30, "it is gone")


@pytest.mark.parametrize(
    "name",
    [
        "a%C0%AFb",
        "a%E0%80%AFb",
        "a%F0%80%80%AFb",
        "%C0%AE%C0%AE",
        "a%ED%A0%80b",
        "a%ED%A0%BD%ED%B8%80b",
        "a%F4%90%80%80b",
        "a%FFb",
        "a%E2%82",
        "a%",
        "a%2",
        "a%zz",
        "a%-1",
        "a%00b",
    ],
)
@pytest.mark.parametrize("folder", ["binaries", "contexts", "data", "jobs"])
def test_a_name_that_is_no_utf8_is_refused(server: Server, folder: str, name: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = ask(server, method, f"/{folder}/{name}", ARCHIVE, Content_Type=EGG)
        if answer.status != 405:
            answer.is_text(400, "malformed")


@pytest.mark.parametrize("folder", ["binaries", "contexts", "data", "jobs"])
def test_a_name_of_a_hundred_thousand_characters_is_refused(server: Server, folder: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        request = f"{method} /{folder}/{'a' * 100_000} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        is_refused_unread(talk(server, request.encode()), 414)


@pytest.mark.parametrize(
    "query", ["%", "a=%", "a=%zz", "%u0041=1", "sync=%C0%AF", "limit=%ED%A0%80", "a=%FF"]
)
@pytest.mark.parametrize("request_line", ["GET /jobs", "POST /contexts/broken", "POST /jobs"])
def test_a_query_that_is_not_encoded_is_refused_or_harmless(
    server: Server, request_line: str, query: str
) -> None:
    answer = send(server, f"{request_line}?{query}")
    assert answer.status in (200, 400), answer
    ask(server, "DELETE", "/contexts/broken")


def test_the_name_of_a_job_may_be_long_in_its_body_too(server: Server) -> None:
    long = "a" * 100_000
    body = json.dumps({"appName": long, "classPath": "words.Works"})
    answer = post(server, "/jobs?context=c", body)
    assert answer.status == 400
    assert "the name of a binary has more than 8000 characters" in answer.json["result"]
    body = json.dumps({"appName": "words", "classPath": long})
    for target in ("/jobs?context=c", "/jobs"):
        answer = post(server, target, body)
        assert answer.status == 400
        assert "classPath has more than 8000 characters" in answer.json["result"]
    assert send(server, "GET /jobs?" + urlencode({"classPath": "words.None"})).json == []


@pytest.mark.parametrize(
    "path",
    [
        "{data}/server.pid",
        "{data}/files/../server.pid",
        "{data}/files/./../server.pid",
        "{data}/./files/{file}",
        "{data}//files/{file}x",
        "{data}/files",
        "{data}/files/",
        "files/{file}",
        "{file}",
        "file://{data}/files/{file}",
        "/etc/hostname",
        "~",
    ],
)
def test_nothing_but_a_data_file_is_removed_by_its_path(server: Server, path: str) -> None:
    file = Path(post(server, "/data/kept", b"text").json["result"]["filename"])
    target = path.format(data=server.data, file=file.name)
    answer = ask(server, "DELETE", "/data/" + quote(target, safe=""))
    there = file.exists()
    ask(server, "DELETE", "/data/" + quote(str(file), safe=""))
    assert (answer.status, answer.json["result"]) == (
        400,
        f"Unable to delete data file '{target}'.",
    )
    assert there
    assert (server.data / "server.pid").exists()


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "//contexts/c",
        "///contexts/c",
        "/./contexts/c",
        "/x/../contexts/c",
        "/contexts//c",
        "/contexts/./c",
        "/contexts/x/../c",
        "/contexts;x/c",
        "/;x/contexts/c",
        "/contexts/c/",
        "/contexts/c/.",
        "/contexts/c/x/..",
        "/contexts/c/x",
        "/contexts/%2E%2E/contexts/c",
        "/jobs/../contexts/c",
        "/jobs/%2e%2e/contexts/c",
        "/jobs/..;/contexts/c",
        "/jobs%2F..%2Fcontexts/c",
        "/%2Fcontexts/c",
        "/%63ontexts/c",
        "/CONTEXTS/c",
        "/contexts\\c",
        "/contexts/%2E",
        "/contexts/%2E%2E",
        "/contexts/.",
        "/contexts/..",
        "/contexts/..%2Fc",
        "/contexts/",
        "/contexts/;",
        "/contexts/%20",
        "/contexts/%00",
        "/contexts/c%00",
        "/html/../contexts/c",
        "/html/..%2F..%2Fetc%2Fpasswd",
        "/http://localhost/contexts/c",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "PATCH"])
def test_a_tricky_path_leads_nowhere_else(server: Server, method: str, path: str) -> None:
    """A DELETE may reach the context whose name it says, whatever else is in the path."""
    assert post(server, "/contexts/contexts").status == 200
    try:
        answer = send(server, f"{method} {path}")
        assert answer.status in (200, 400, 404, 405), answer
        assert "contexts" in send(server, "GET /contexts").json
    finally:
        ask(server, "DELETE", "/contexts/contexts")
        post(server, "/contexts/c")


@pytest.mark.parametrize(
    "path",
    [
        "/application.wadl",
        "/WEB-INF/web.xml",
        "/META-INF/MANIFEST.MF",
        "/system/console",
        "/.git/config",
        "/docs/api/../../conf/jobserver.conf",
        "/docs/%2e%2e/%2e%2e/conf/jobserver.conf",
        "/docs/api/%2e%2e%2f%2e%2e%2fconf",
        "/openapi.json/x",
        "/html",
        "/favicon.ico",
        "/actuator",
        "/server-status",
    ],
)
def test_there_is_nothing_but_the_documented_routes(server: Server, path: str) -> None:
    answer = send(server, f"GET {path}")
    assert answer.status in (400, 404), answer


def test_no_answer_tells_where_the_server_lies(server: Server) -> None:
    """Data files are told by their paths: jobs read them."""
    failed = post(server, job("words.Fails", sync="true")).json["jobId"]
    for path in (
        *("/", "/docs/api", "/openapi.json", "/metricz", "/healthz", "/context-factories"),
        *("/jobs", "/jobs?status=error", f"/jobs/{failed}", f"/jobs/{failed}/log"),
        *("/contexts", "/contexts/c", "/binaries", "/binaries/words", "/none"),
    ):
        answer = send(server, f"GET {path}")
        assert str(server.data.parent) not in answer.text, path
        assert str(Path.home()) not in answer.text, path
        assert not re.search(r"\bat (spark|org|java)\.|jakarta|glassfish|jetty", answer.text), path


def test_options_tell_no_more_than_methods(server: Server) -> None:
    for path in ("/jobs", "/contexts/c", "/"):
        for accept in ("application/vnd.sun.wadl+xml", "*/*", "text/html"):
            answer = send(server, f"OPTIONS {path}", Accept=accept)
            assert answer.status == 200
            assert "wadl" not in answer.text
            assert "spark.jobserver" not in answer.text


# Uploads


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            with archive.open(f"{number}.py", "w") as entry:
                for _ in range(64):
                    entry.write(bytes(1_000_000))
        archive.writestr("../../escaped.py", "")
        archive.writestr("/tmp/escaped.py", "")
    return file.getvalue()


def test_a_zip_bomb_is_only_kept(server: Server) -> None:
    bomb = zip_bomb()
    assert len(bomb) < 500_000
    assert post(server, "/binaries/bomb", bomb, Content_Type=EGG).status == 201
    assert post(server, "/binaries/bomb", bomb, Content_Type=EGG).status == 201
    assert ask(server, "DELETE", "/binaries/bomb").status == 200
    for name in ("escaped.py", "data/escaped.py", "data/spool/escaped.py"):
        assert not (server.data.parent / name).exists()


HEAD = f"POST /binaries/broken HTTP/1.1\r\nHost: localhost\r\nContent-Type: {EGG}\r\n"
CHUNKED = (HEAD + "Transfer-Encoding: chunked\r\n\r\n").encode()


def is_refused_unread(answers: bytes, status: int) -> None:
    """The end of a connection with something unread may overtake the answer."""
    assert answers == b"" or answers.startswith(b"HTTP/1.1 %d " % status), answers


BROKEN_UPLOADS = {
    "shorter than it says": HEAD.encode() + b"Content-Length: 100\r\n\r\n" + ARCHIVE,
    "nothing of what it says": HEAD.encode() + b"Content-Length: 100\r\n\r\n",
    "no last chunk": CHUNKED + b"10\r\n" + ARCHIVE[:4] * 4 + b"\r\n",
    "a chunk that breaks off": CHUNKED + b"ff\r\n" + ARCHIVE,
    "a chunk that is longer": CHUNKED + b"4\r\n" + ARCHIVE + b"\r\n0\r\n\r\n",
    "a size of letters": CHUNKED + b"zz\r\n" + ARCHIVE + b"\r\n0\r\n\r\n",
    "a size below zero": CHUNKED + b"-1\r\n" + ARCHIVE + b"\r\n0\r\n\r\n",
    "a size beyond all": CHUNKED + b"ffffffffffffffff\r\n" + ARCHIVE,
    "a size of many digits": CHUNKED + b"0" * 5_000 + b"4\r\n" + ARCHIVE,
    "a size with a prefix": CHUNKED + b"0x0d\r\n" + ARCHIVE + b"\r\n0\r\n\r\n",
    "no size": CHUNKED + b"\r\n" + ARCHIVE + b"\r\n0\r\n\r\n",
    "a length that is negative": HEAD.encode() + b"Content-Length: -1\r\n\r\n" + ARCHIVE,
    "a length beyond all": HEAD.encode() + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n" + ARCHIVE,
}


@pytest.mark.parametrize("what", BROKEN_UPLOADS)
def test_an_upload_that_is_no_http_is_not_kept(server: Server, what: str) -> None:
    answers = talk(server, BROKEN_UPLOADS[what])
    kept = send(server, "GET /binaries/broken").status
    ask(server, "DELETE", "/binaries/broken")
    is_refused_unread(answers, 400)
    assert kept == 404


def test_a_chunk_whose_line_does_not_end_is_taken_for_what_it_seems(server: Server) -> None:
    """Jetty is that lenient; it takes nothing that the client has not sent."""
    chunks = b"4\r\nPK\x03\x04" + b"9\r\nand more!\r\n0\r\n\r\n"
    answers = talk(server, CHUNKED + chunks)
    assert answers.startswith(b"HTTP/1.1 201 ")
    assert answers.count(b"HTTP/1.1 ") == 1
    assert ask(server, "DELETE", "/binaries/broken").status == 200


def test_what_follows_an_upload_is_no_part_of_it(server: Server) -> None:
    request = HEAD.encode() + b"Content-Length: %d\r\n\r\n" % len(ARCHIVE) + ARCHIVE
    answers = talk(server, request + b"surplus\r\n\r\n")
    assert answers.startswith(b"HTTP/1.1 201 ")
    assert answers.count(b"HTTP/1.1 400 ") == 1
    assert ask(server, "DELETE", "/binaries/broken").status == 200


def test_an_upload_beyond_the_limit_is_refused_and_not_kept(server: Server) -> None:
    large = bytes(9 * 1024 * 1024)
    for target in ("/binaries/large", "/data/large"):
        answer = post(server, target, ARCHIVE + large, Content_Type=EGG)
        answer.is_text(413, "8388608")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        with contextlib.closing(connection):
            pieces = iter([ARCHIVE, large[: len(large) // 2], large[: len(large) // 2]])
            headers = {"Content-Type": EGG, "Transfer-Encoding": "chunked"}
            connection.request("POST", target, pieces, headers, encode_chunked=True)
            assert connection.getresponse().status == 413
    assert send(server, "GET /binaries/large").status == 404


def test_many_uploads_at_once_are_each_whole(server: Server) -> None:
    def upload(number: int) -> int:
        content = ARCHIVE + bytes([number]) * 200_000
        return post(server, f"/binaries/many-{number % 4}", content, Content_Type=EGG).status

    assert set(at_once(40, upload)) == {201}
    sizes = [ask(server, "DELETE", f"/binaries/many-{number}").status for number in range(4)]
    assert sizes == [200] * 4


def test_files_uploaded_at_once_are_each_their_own(server: Server) -> None:
    def upload(number: int) -> str:
        return str(post(server, "/data/same", b"%d" % number).json["result"]["filename"])

    files = at_once(40, upload)
    assert len(set(files)) == 40
    assert [Path(file).read_text() for file in files] == [str(number) for number in range(40)]
    assert set(files) <= set(send(server, "GET /data").json)
    deleted = [
        status
        for file in files
        for status in at_once(
            3, lambda _, file=file: ask(server, "DELETE", "/data/" + quote(file, safe="")).status
        )
    ]
    assert Counter(deleted) == {200: 40, 400: 80}


# Requests in requests

#: What must not be carried out.
HIDDEN = b"DELETE /contexts/c HTTP/1.1\r\nHost: localhost\r\n\r\n"


def hiding(lines: str, version: str = "1.1", target: str = "/jobs") -> bytes:
    """A request with one more in its body, whose end is told by these lines."""
    lines = lines.replace("LENGTH", str(len(HIDDEN) + 5))
    head = f"POST {target} HTTP/{version}\r\nHost: localhost\r\n{lines}\r\n\r\n"
    return head.encode("latin-1") + b"0\r\n\r\n" + HIDDEN


SMUGGLED = {
    "a length and chunks": "Content-Length: LENGTH\r\nTransfer-Encoding: chunked",
    "chunks and a length": "Transfer-Encoding: chunked\r\nContent-Length: LENGTH",
    "two lengths": "Content-Length: LENGTH\r\nContent-Length: 5",
    "two other lengths": "Content-Length: 5\r\nContent-Length: LENGTH",
    "a list of lengths": "Content-Length: 5, LENGTH",
    "a length with a sign": "Content-Length: +LENGTH",
    "a length in hexadecimal digits": "Content-Length: 0x40",
    "a length with a blank": "Content-Length: 5 5",
    "a length with a point": "Content-Length: 5.0",
    "an empty length": "Content-Length:",
    "an unknown encoding": "Transfer-Encoding: xchunked",
    "no encoding": "Transfer-Encoding: identity",
    "chunks twice": "Transfer-Encoding: chunked, chunked",
    "chunks that are not last": "Transfer-Encoding: chunked, identity",
    "encodings in two lines": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "an encoding in quotes": 'Transfer-Encoding: "chunked"',
    "a blank before the colon": "Transfer-Encoding : chunked",
    "a tab before the colon": "Transfer-Encoding\t: chunked",
    "a vertical tab": "Transfer-Encoding: \x0bchunked",
    "a folded line": "Transfer-Encoding:\r\n chunked",
    "a line that begins with a blank": " Transfer-Encoding: chunked",
    "a bare line feed in a value": "A: b\nTransfer-Encoding: chunked\r\nContent-Length: LENGTH",
    "a bare carriage return in a value": "A: b\rTransfer-Encoding: chunked",
    "NUL in a value": "Transfer-Encoding: chunked\0",
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_a_request_whose_end_is_not_clear_hides_none(server: Server, what: str) -> None:
    answers = talk(server, hiding(SMUGGLED[what]))
    assert answers.count(b"HTTP/1.1 ") == 1, answers
    assert re.match(rb"HTTP/1.1 (400|501) ", answers), answers
    assert send(server, "GET /contexts/c").json["state"] == "RUNNING"


def test_chunks_are_none_in_http_1_0(server: Server) -> None:
    answers = talk(server, hiding("Transfer-Encoding: chunked\r\nConnection: keep-alive", "1.0"))
    assert answers.count(b"HTTP/1.1 ") == 1, answers
    assert send(server, "GET /contexts/c").json["state"] == "RUNNING"


REFUSED = {
    "for another host": "POST /jobs HTTP/1.1\r\nHost: evil.example\r\n",
    "of another page": "POST /jobs HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n",
    "with another method": "POST /jobs?_method=x HTTP/1.1\r\nHost: localhost\r\n",
    "to nothing": "POST /nothing HTTP/1.1\r\nHost: localhost\r\n",
    "not allowed": "PUT /jobs HTTP/1.1\r\nHost: localhost\r\n",
    "with a wrong number": "POST /jobs?timeout=x HTTP/1.1\r\nHost: localhost\r\n",
    "with a wrong type": "POST /binaries/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: a/b\r\n",
    "with a wrong charset": "POST /jobs HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: a/b; charset=x\r\n",
    "with a broken type": "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: ;\r\n",
    "with an empty key": "POST /jobs HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: \r\n",
    "that is a GET": "GET /jobs HTTP/1.1\r\nHost: localhost\r\n",
    "that is a DELETE": "DELETE /jobs/none HTTP/1.1\r\nHost: localhost\r\n",
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("times", [1, 300])
def test_the_body_of_what_is_refused_is_no_request(server: Server, what: str, times: int) -> None:
    """It is read and forgotten, or the connection is closed."""
    body = HIDDEN * times
    request = REFUSED[what].encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answers = talk(server, request)
    assert answers.count(b"HTTP/1.1 ") <= 1, answers
    assert send(server, "GET /contexts/c").json["state"] == "RUNNING"


def test_requests_one_after_another_are_answered_in_their_order(server: Server) -> None:
    paths = ["/healthz", "/nothing", "/jobs?limit=x", "/binaries/words", "/jobs/none"] * 20
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths)
    answers = talk(server, requests.encode())
    statuses = [int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", answers)]
    assert statuses == [200, 404, 400, 200, 404] * 20


# Headers, methods and versions


def test_many_headers_and_many_parameters_are_no_harm(server: Server) -> None:
    many = "".join(f"A{number}: b\r\n" for number in range(2_500))
    request = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"
    is_refused_unread(talk(server, request.encode()), 431)
    few = {f"A{number}": "b" for number in range(500)}
    assert send(server, "GET /healthz", **few).status == 200
    query = "&".join(f"{number}=" for number in range(1_400))
    assert send(server, f"GET /jobs?{query}").status == 200
    assert send(server, "GET /jobs?" + "&" * 7_000).status == 200
    assert send(server, "GET /jobs?" + "limit=1&" * 900).status == 200


def test_a_way_to_the_next_page_is_no_longer_than_a_header_may_be(server: Server) -> None:
    for _ in range(2):
        post(server, job(sync="true"))
    for sign in ("'", "a", "%00", "(", "*"):
        query = "limit=1&x=" + sign * (7_500 // len(sign))
        answer = send(server, f"GET /jobs?{query}")
        assert answer.status in (200, 400, 414, 431), (sign, answer.status, answer.text[:300])


def test_a_long_request_can_be_answered_with_its_own_address(server: Server) -> None:
    name = "a" + "%01" * 2_500
    answer = send(server, f"GET /contexts/{name}")
    assert answer.status == 404
    problem = send(server, f"GET /contexts/{name}", Accept="application/problem+json")
    assert problem.json["detail"] == "can't find context with name " + unquote(name)


@pytest.mark.parametrize(
    "method",
    ["TRACE", "CONNECT", "PROPFIND", "PATCH", "get", "GETS", "FOO", "DELETE\tx", "M" * 3_000, "_"],
)
def test_another_method_is_refused(server: Server, method: str) -> None:
    for path in ("/jobs", "/contexts/c", "/healthz", "/nothing", "*"):
        answer = send(server, f"{method} {path}", Cookie="secret=1", X_Secret="2")
        assert answer.status in (400, 404, 405, 414, 421, 431, 501), (path, answer)
        assert "secret" not in answer.text.lower()


@pytest.mark.parametrize(
    "request_line",
    [
        "CONNECT localhost:22 HTTP/1.1",
        "CONNECT 169.254.169.254:80 HTTP/1.1",
        "GET http://169.254.169.254/ HTTP/1.1",
        "GET https://localhost/healthz/x HTTP/1.1",
        "GET file:///etc/passwd HTTP/1.1",
        "GET http:///etc/passwd HTTP/1.1",
        "GET @localhost/ HTTP/1.1",
        "GET healthz HTTP/1.1",
        "GET  HTTP/1.1",
        "GET /jobs",
        "GET /jobs HTTP/0.9",
        "GET /jobs HTTP/2.0",
        "GET /jobs HTTP/1.9",
        "GET /jobs HTTP/11.1",
        "GET /jobs HTTP/1.1 x",
        "PRI * HTTP/2.0",
        " GET /jobs HTTP/1.1",
    ],
)
def test_what_is_no_request_to_this_server_is_refused(server: Server, request_line: str) -> None:
    answers = talk(
        server, f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    assert re.match(rb"HTTP/1.1 (400|404|405|421|426|501|505) ", answers), answers[:300]
    assert b"root:" not in answers
    assert b"\tat " not in answers


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2_Settings": "AAMAAABk"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Key": "eA=="},
        {"Upgrade": "x" * 2_000, "Connection": "upgrade"},
        {"Connection": "close, host, content-length"},
        {"Max_Forwards": "0", "TE": "trailers, gzip;q=zz", "Via": "1.1 " + "a," * 500},
        {"Expect": "200-ok"},
        {"Range": "bytes=0-0"},
        {"Range": "bytes=-1,0-,5-3,99999999999999999999-"},
        {"If_Modified_Since": "never", "If_Match": '"x"', "If_Range": "x"},
        {"Accept_Encoding": "gzip;q=nan, *;q=99", "Accept_Language": "-" * 1_000},
        {"Cookie": "a" * 4_000 + ";=;;$Version=1"},
        {"Authorization": "Basic %%%", "Proxy_Authorization": "Negotiate x"},
        {"Content_Encoding": "x", "Content_Language": "\xff", "Date": "\xff"},
        {"X_Forwarded_For": "' or 1", "X_Forwarded_Proto": "gopher", "Forwarded": 'host="evil'},
        {"Accept": ";;;"},
        {"Accept": '*/*;q=zz, /, ,text/html;level="'},
        {"Accept": "application/problem+json" + ";q=0" * 500},
        {"Accept": "a/b," * 1_500},
        {"Accept_Charset": "utf-16"},
    ],
)
def test_odd_headers_change_nothing(server: Server, headers: dict[str, str]) -> None:
    """But for those that say that somebody else asks than who has made the connection."""
    elsewhere = not {"Via", "Authorization", "X_Forwarded_For"}.isdisjoint(headers)
    for path, status in (("/healthz", 200), ("/binaries/words", 200), ("/jobs/none", 404)):
        text = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in headers.items())
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{text}\r\n")
        expected = 417 if "Expect" in headers and answer.status == 417 else status
        if elsewhere and path != "/healthz":
            expected = 401
        assert answer.status == expected, answer
        assert answer.header("Content-Type") == (
            "text/plain;charset=utf-8" if expected in (401, 417) else "application/json"
        )


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "localhost:x",
        "localhost:-1",
        "localhost:99999",
        "localhost@evil.example",
        "evil.example@localhost",
        "evil.example#localhost",
        "localhost/evil",
        "localhost,evil.example",
        "localhost evil.example",
        "localhost.evil.example",
        "evil.localhost",
        "localhost%00",
        "localhost%2Eevil",
        "127.0.0.1.nip.io",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::1",
        "[::1%25lo]",
        "[::1].evil.example",
        "[::ffff:7f00:1].evil",
        "$\\{jndi:ldap://127.0.0.1:1/x}",
        "\xff",
        "a" * 300,
    ],
)
def test_a_host_that_only_looks_like_this_one_is_refused(server: Server, host: str) -> None:
    answer = send(server, "GET /jobs", host)
    assert answer.status in (400, 421), answer
    answer.is_text(answer.status)


@pytest.mark.parametrize("name", ["X_Forwarded_Host", "Forwarded", "X_Host", "X_Original_URL"])
def test_a_proxy_that_is_none_does_not_say_the_host(server: Server, name: str) -> None:
    value = {"Forwarded": "host=localhost", "X_Original_URL": "/healthz"}.get(name, "localhost")
    send(server, "GET /jobs", "evil.example", **{name: value}).is_text(421)
    value = {"Forwarded": "host=evil.example", "X_Original_URL": "/none"}.get(name, "evil.example")
    # What a proxy hands on needs a token, but for this.
    assert send(server, "GET /healthz", "localhost", **{name: value}).status == 200


# Pages of others


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "NULL",
        "https://app.example.com.evil.example",
        "https://evilapp.example.com",
        "https://app.example.com:444",
        "https://app.example.com:0",
        "https://app.example.com/",
        "https://app.example.com#",
        "https://app.example.com@evil.example",
        "https://evil.example?https://app.example.com",
        "https://app.example.com, https://evil.example",
        "https://app.example.com https://evil.example",
        "https://app_example.com",
        "https://appXexample.com",
        "https://example.com",
        "https://\xe0pp.example.com",
        "http://app.example.com",
        "HTTPS+x://app.example.com",
        "file://",
        "file:///",
        "https://",
        "app.example.com",
        "http://localhost",
        "http://localhost:1",
        "http://localhost:80.evil.example",
        "https://[::1]",
        "a" * 5_000,
    ],
)
def test_a_page_that_only_looks_like_a_listed_one_may_do_nothing(
    server: Server, origin: str
) -> None:
    here = f"localhost:{server.port}"
    for request in (
        "POST /contexts/foreign",
        "DELETE /contexts/c",
        "PUT /data?reset=reboot",
        "POST /contexts/c?_method=DELETE",
        "PATCH /jobs",
    ):
        send(server, request, here, Origin=origin).is_text(403, "spark.jobserver.cors.origins")
    answer = send(server, "GET /jobs", here, Origin=origin)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert send(server, "GET /contexts/foreign").status == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "x", "none, cross-site", "NONE"])
def test_a_browser_that_says_anything_else_is_not_believed(server: Server, site: str) -> None:
    send(server, "DELETE /contexts/c", Sec_Fetch_Site=site).is_text(403)


OVERRIDES = {
    "a header": ("", {"X_HTTP_Method_Override": "DELETE"}, b""),
    "another header": ("", {"X_HTTP_Method": "DELETE", "X_Method_Override": "DELETE"}, b""),
    "a form": ("", {"Content_Type": "application/x-www-form-urlencoded"}, b"_method=DELETE"),
    "a fragment": ("?a=1%23_method=DELETE", {}, b""),
    "a parameter of the path": (";_method=DELETE", {}, b""),
}


@pytest.mark.parametrize("what", OVERRIDES)
def test_the_method_is_said_by_nothing_but_the_query(server: Server, what: str) -> None:
    query, headers, body = OVERRIDES[what]
    answer = post(server, f"/contexts/c{query}", body, **headers)
    assert answer.status in (200, 400), answer
    assert send(server, "GET /contexts/c").json["state"] == "RUNNING"
    ask(server, "DELETE", "/contexts/c;_method=DELETE")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_a_post_has_another_method_in_its_query(server: Server, method: str) -> None:
    answer = send(server, f"{method} /contexts?_method=DELETE")
    assert answer.status != 500
    assert send(server, f"{method} /binaries/none?_method=PUT").status in (200, 404, 405)


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /jobs/%3Cscript%3E",
        "GET /jobs?limit=%3Cscript%3E",
        "GET /jobs?since=%3Cimg+src=x+onerror=alert(1)%3E",
        "GET /binaries/%3Cscript%3E",
        "GET /%3Cscript%3E",
        "PUT /%3Cscript%3E",
        "GET /html/%3Cscript%3E",
        "POST /jobs?appName=%3Cscript%3E&classPath=x",
        "POST /jobs?appName=words&classPath=x&context=%3Cscript%3E",
        "POST /contexts/x?context-factory=%3Cscript%3E",
        "DELETE /data/%3Cscript%3E",
        "GET /jobs/none/events?%3Cscript%3E",
    ],
)
def test_no_answer_is_taken_for_a_page_with_a_script(server: Server, request_line: str) -> None:
    for accept in ("text/html", "application/problem+json"):
        answer = send(server, request_line, Accept=accept)
        kind = (answer.header("Content-Type") or "").split(";")[0]
        assert kind in ("application/json", "text/plain", "application/problem+json") or (
            kind == "text/html" and "script" not in answer.text
        ), answer
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert "default-src 'none'" in (answer.header("Content-Security-Policy") or "")


# Lines of the log


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /jobs/{}",
        "GET /jobs?limit={}",
        "GET /jobs?after={}",
        "GET /{}",
        "{} /jobs",
        "DELETE /data/{}",
        "POST /data/{}",
        "POST /contexts/{}",
        "POST /contexts/%31{}",
        "POST /contexts/forged?context-factory={}",
        "POST /contexts/forged?{}=1",
        "POST /contexts/forged?context-init-timeout={}",
        "POST /jobs?appName={}&classPath=x",
        "POST /jobs?appName=words&context=c&classPath={}",
        "POST /jobs?appName=words&context=c&classPath={}.Fails",
        "POST /jobs?appName=words&context=c&classPath={}.IsMissing",
        "POST /jobs?appName=words&context=c&classPath={}.Refuses",
        "POST /jobs?appName=words&classPath={}",
        "POST /jobs?appName=words&classPath={}.IsMissing",
        "POST /jobs?appName=words&context={}&classPath=x",
        "POST /jobs?appName=words&classPath=x&callbackUrl={}",
        "POST /jobs?appName=words&classPath=x&callbackUrl=http://localhost/{}",
    ],
)
def test_nobody_writes_lines_of_his_own_into_the_log(server: Server, request_line: str) -> None:
    forged = quote(f"a\r\n{FORGED}\n{FORGED}\u2028{FORGED}\x1b[2J", safe="")
    answer = send(server, request_line.format(forged))
    assert answer.status < 500 or answer.json["status"] == "CONTEXT INIT ERROR", answer
    time.sleep(0.1)  # what is logged afterwards counts too
    for name in send(server, "GET /contexts").json:
        if name != "c":
            ask(server, "DELETE", "/contexts/" + quote(name, safe=""))
    send(server, "PUT /data?reset=reboot")


def test_nor_by_a_body(server: Server) -> None:
    forged = json.dumps(f"a\r\n{FORGED}\n")
    post(server, "/contexts/forged", f"spark.context-settings.context-factory = {forged}")
    post(server, "/contexts/forged", f"spark.context-settings {{ {forged} = ${{x}} }}")
    post(server, "/jobs", f"appName = words, classPath = {forged}")
    post(server, "/jobs?context=c", f"appName = {forged}, classPath = {forged}")
    post(server, "/binaries/x", f"\r\n{FORGED}\n", Content_Type="a/b")
    post(server, "/binaries/x", f"\r\n{FORGED}\n", Content_Type=EGG)
    time.sleep(0.1)  # what is logged afterwards counts too


# Numbers and times


@pytest.mark.parametrize(
    "value",
    [
        *("-1", "-0.0", "2147483648", "9223372036854775808", "9" * 400, "1e9", "NaN", "Infinity"),
        *("", "%20", "1%20", "0x10", "1.0", "1,0", "1_000", "null", "true", "%00", "1%00", "1%0A"),
    ],
)
@pytest.mark.parametrize(
    "request_line",
    [
        "GET /jobs?limit={}",
        "GET /jobs/{job}?wait={}",
        "GET /jobs/{job}/log?tail={}",
        "POST /jobs?timeout={}",
    ],
)
def test_a_number_that_is_none_is_named(server: Server, request_line: str, value: str) -> None:
    answer = send(server, request_line.replace("{job}", "none").format(value))
    (name,) = re.findall(r"(\w+)=\{", request_line)
    answer.is_text(400, f"'{name}'", "2147483647")


@pytest.mark.parametrize("value", ["-1", "9" * 19, "1e9", "NaN", "", "%00", "1%0A", "0x1"])
def test_an_offset_that_is_none_is_named(server: Server, value: str) -> None:
    send(server, f"GET /jobs/none/log?offset={value}").is_text(400, "'offset'")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 200),
        ("limit=2147483647", 200),
        ("limit=1&limit=x", 400),
        ("status=%00", 200),
        ("status=" + "x" * 5_000, 200),
        ("context=" + "x" * 5_900, 200),
        ("classPath=" + "%00" * 1_900, 200),
        ("classPath=%ED%A0%80", 200),
        ("since=now", 400),
        ("since=2026-02-30T00:00:00Z", 400),
        ("since=%2B999999999-12-31T23:59:59Z", 400),
        ("since=-999999999-01-01T00:00:00Z", 400),
        ("since=%2B290000000-01-01T00:00:00Z", 200),
        ("since=2026-01-01T00:00:00%2B18:00", 200),
        ("since=2026-01-01T00:00:00%2B19:00", 400),
        ("after=", 400),
        ("after=0-", 400),
        ("after=0-a%27", 400),
        ("after=-1-a", 400),
        ("after=999999999999999-f", 200),
        ("after=0-" + "f" * 64, 200),
        ("after=0-" + "f" * 65, 400),
    ],
)
def test_what_a_list_is_asked_for_is_checked(server: Server, query: str, status: int) -> None:
    answer = send(server, f"GET /jobs?{query}")
    assert answer.status == status, answer
    if status == 400:
        answer.is_text(400, f"'{query.split('=')[0]}'")


@pytest.mark.parametrize("timeout", ["0", "2147483647"])
def test_a_job_is_waited_for_in_every_measure(server: Server, timeout: str) -> None:
    for sync in ("true", "false"):
        answer = post(server, job(sync=sync, timeout=timeout))
        assert answer.status in ((200, 202) if timeout != "0" else (200, 202, 500)), answer
        if answer.status == 500:
            assert "Ask timed out" in answer.json["result"]["message"]


# Keys


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("", 400),
        ("  ", 400),
        ("k" * 255, 202),
        ("k" * 256, 400),
        ("k" * 7_000, 400),
        ("a,b", 202),
        ('"quoted"', 202),
        ("'; drop table job --", 202),
        ("${jndi:ldap://127.0.0.1:1/x}", 202),
        ("\xff\xfe", 202),
        ("a\tb", 202),
        ("a\0b", 400),
        ("a\x01b", 400),
    ],
)
def test_a_key_may_be_any_text_of_a_header(server: Server, key: str, status: int) -> None:
    head = f"POST {job()} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
    answers = [raw(server, f"{head}Idempotency-Key: {key}\r\n\r\n") for _ in range(2)]
    assert [answer.status for answer in answers] == [status, status]
    if status == 202:
        assert answers[0].json["jobId"] == answers[1].json["jobId"]
    else:
        answers[0].is_text(status)


def jobs_of(server: Server, class_path: str) -> list[str]:
    found = send(server, "GET /jobs?" + urlencode({"classPath": class_path, "limit": 1000})).json
    return [one["jobId"] for one in found]


def test_equal_requests_with_equal_keys_at_once_are_one_job(server: Server) -> None:
    class_path = "words.once.Works"
    for number in range(5):
        key = f"at once {number}"
        answers = at_once(16, lambda _, key=key: post(server, job(class_path), Idempotency_Key=key))
        assert {answer.status for answer in answers} == {202}
        assert len({answer.json["jobId"] for answer in answers}) == 1
        assert len(jobs_of(server, class_path)) == number + 1


def test_other_requests_with_equal_keys_at_once_are_one_job(server: Server) -> None:
    class_path = "words.others.Works"

    def submit(number: int) -> Raw:
        return post(server, job(class_path), f"a = {number}", Idempotency_Key="others at once")

    answers = at_once(16, submit)
    assert Counter(answer.status for answer in answers) == {202: 1, 422: 15}
    assert len(jobs_of(server, class_path)) == 1


def test_equal_requests_for_a_context_of_their_own_are_one_job_and_one_context(
    server: Server,
) -> None:
    class_path = "words.alone.Works"
    path = "/jobs?" + urlencode({"appName": "words", "classPath": class_path, "sync": "true"})
    answers = at_once(16, lambda _: post(server, path, "a = 1", Idempotency_Key="alone at once"))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json["result"] == {"a": 1}
    assert len(jobs_of(server, class_path)) == 1
    until(
        lambda: [name for name in send(server, "GET /contexts").json if class_path in name] == [],
        30,
        "the context is gone",
    )


# Events and long polls


@pytest.fixture(scope="module")
def finished(server: Server) -> str:
    """The id of a job that has ended."""
    return str(run(server, "a = 1").json["jobId"])


@pytest.mark.parametrize(
    "last",
    [
        "",
        "x",
        "RUNNING",
        "RUNNING-",
        "RUNNING--1",
        "RUNNING-999999999999999999",
        "RUNNING-9999999999999999999",
        "STARTED-1",
        "NONE-1",
        "\xff",
        "a" * 5_000,
        "FINISHED-x",
    ],
)
def test_an_odd_place_in_a_stream_leads_to_its_end(
    server: Server, finished: str, last: str
) -> None:
    answer = send(server, f"GET /jobs/{finished}/events", Last_Event_ID=last)
    assert answer.status == 200
    assert answer.text.count("event: state\n") == 1, answer
    assert '"status":"FINISHED"' in answer.text


@pytest.mark.parametrize("tag", ["*", "W/*", '"', "W/", "," * 5_000, "\xff", "*, x", '"x", *'])
def test_an_odd_tag_is_that_of_no_report_or_of_any(server: Server, finished: str, tag: str) -> None:
    answer = send(server, f"GET /jobs/{finished}", If_None_Match=tag)
    assert answer.status == (304 if "*" in tag else 200)


def open_requests(server: Server) -> int:
    return int(send(server, "GET /metricz").json["gauges"]["rest.requests.open"]["value"])


def test_clients_that_leave_keep_others_from_waiting_only(server: Server) -> None:
    """Whoever waits for the end of a job may have gone long before: nobody notices.

    They have a token, for whoever goes before the kernel was asked of the connection is nobody.
    """
    long = post(server, job("words.Stays")).json["jobId"]
    before = open_requests(server)
    token = (server.data / "auth" / "local-token").read_text().strip()
    head = f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"
    request = f"GET /jobs/{long}?wait=3600 HTTP/1.1\r\n{head}\r\n".encode()
    for _ in range(1_100):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as left:
            left.sendall(request)
    until(lambda: open_requests(server) >= before + 1_000, 60, "they wait")
    until(lambda: open_requests(server) <= before + 1_010, 60, "the others were refused")
    answer = send(server, f"GET /jobs/{long}?wait=1")
    assert (answer.status, answer.header("Retry-After") is not None) == (503, True)
    assert send(server, f"GET /jobs/{long}").json["status"] == "RUNNING"
    ask(server, "DELETE", f"/jobs/{long}")
    until(lambda: open_requests(server) <= before + 5, 30, "with the job they have gone too")
    assert send(server, f"GET /jobs/{long}?wait=1").status == 200


def test_half_of_a_request_holds_up_nobody(server: Server) -> None:
    beginnings = [
        b"G",
        b"GET /jobs HTTP/1.1\r\nHost: loc",
        HEAD.encode() + b"Content-Length: 100\r\n\r\nPK",
        CHUNKED + b"ff\r\nPK",
        f"POST {job()} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\na".encode(),
        b"\x16\x03\x01",
        b"",
    ]
    with contextlib.ExitStack() as stack:
        for number in range(280):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            stack.enter_context(connection).sendall(beginnings[number % len(beginnings)])
        for _ in range(20):
            begin = time.monotonic()
            assert run(server, "a = 1").status == 200
            assert post(server, "/data/half", b"x").status == 200
            assert time.monotonic() - begin < 5
    send(server, "PUT /data?reset=reboot")


def test_who_does_not_read_holds_up_nobody(server: Server) -> None:
    large = run(server, json.dumps({"a": "x" * 5_000_000})).json["jobId"]
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", server.port))
            stack.enter_context(connection)
            for path in (f"/jobs/{large}", f"/jobs/{large}/result", f"/jobs/{large}/config"):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for _ in range(20):
            begin = time.monotonic()
            assert run(server, "a = 1").status == 200
            assert send(server, "GET /binaries/words").status == 200
            assert time.monotonic() - begin < 5


# Races


def test_a_context_made_and_deleted_at_once_is_there_or_not(server: Server) -> None:
    def one(number: int) -> tuple[str, int, str]:
        method = ("POST", "DELETE")[number % 2]
        answer = ask(server, method, "/contexts/race")
        return method, answer.status, answer.text

    for _ in range(2):
        for method, status, text in at_once(50, one):
            if method == "POST" and status == 500:
                assert "CONTEXT INIT ERROR" in text, text  # it was stopped before it was up
            else:
                assert status in ((200, 400) if method == "POST" else (200, 202, 404)), text
    ask(server, "DELETE", "/contexts/race")
    until(lambda: "race" not in send(server, "GET /contexts").json, 30, "it is gone")
    assert post(server, "/contexts/race").status == 200
    assert send(server, "GET /contexts").json.count("race") == 1
    assert ask(server, "DELETE", "/contexts/race").status == 200


def test_who_wants_a_name_that_is_taken_is_not_in_the_way_of_its_context(server: Server) -> None:
    over = threading.Event()

    def want() -> None:
        while not over.is_set():
            assert post(server, "/contexts/c").status == 400

    with ThreadPoolExecutor(6) as threads:
        wanting = [threads.submit(want) for _ in range(6)]
        try:
            statuses = Counter(post(server, job()).status for _ in range(150))
            listed = [send(server, "GET /contexts/c").json["state"] for _ in range(50)]
        finally:
            over.set()
    for one in wanting:
        one.result()
    assert statuses == {202: 150}
    assert set(listed) == {"RUNNING"}


def test_a_binary_that_is_deleted_while_its_jobs_start_is_used_or_gone(server: Server) -> None:
    class_path = "raced.binary.Works"
    query = urlencode({"appName": "raced", "classPath": class_path, "context": "c", "sync": "true"})

    def one(number: int) -> tuple[str, int]:
        if number % 4 == 0:
            return "POST", post(server, "/binaries/raced", ARCHIVE, Content_Type=EGG).status
        if number % 4 == 1:
            return "DELETE", ask(server, "DELETE", "/binaries/raced").status
        return "run", post(server, f"/jobs?{query}").status

    statuses = Counter(pair for _ in range(2) for pair in at_once(32, one))
    assert set(statuses) <= {
        ("POST", 201),
        *(("DELETE", status) for status in (200, 403, 404)),
        *(("run", status) for status in (200, 404)),
    }, statuses
    found = send(server, "GET /jobs?" + urlencode({"classPath": class_path, "limit": 1000})).json
    assert {one["status"] for one in found} <= {"FINISHED"}
    assert len(found) == statuses[("run", 200)]
    ask(server, "DELETE", "/binaries/raced")
    assert send(server, "GET /binaries/raced").status == 404


def test_a_job_that_is_killed_by_many_is_killed_once(server: Server) -> None:
    for class_path in ("words.Lasts", "words.Works"):
        id = post(server, job(class_path)).json["jobId"]
        answers = at_once(20, lambda _, id=id: ask(server, "DELETE", f"/jobs/{id}"))
        for answer in answers:
            assert answer.status in (200, 404), answer
            assert answer.json in (
                {"status": "KILLED"},
                {"status": "ERROR", "result": f"No running job with ID {id}"},
            )
        assert send(server, f"GET /jobs/{id}").json["status"] in ("KILLED", "FINISHED")


def test_a_reset_among_submissions_loses_no_job(server: Server) -> None:
    class_path = "words.reset.Lasts"

    def one(number: int) -> tuple[str, int]:
        if number % 12 == 5:
            return "PUT", send(server, "PUT /contexts?reset=reboot").status
        if number % 3 == 0:
            return "POST", post(server, "/contexts/c").status
        path = job(class_path)
        if number % 3 == 1:
            path = path.replace("context=c", "sync=false")
        return "run", post(server, path).status

    statuses = Counter(at_once(48, one))
    assert set(statuses) <= {
        ("PUT", 200),
        *(("POST", status) for status in (200, 400, 500)),
        *(("run", status) for status in (202, 404, 409, 500, 503)),
    }, statuses
    post(server, "/contexts/c")

    def all_over() -> bool:
        path = "/jobs?" + urlencode({"classPath": class_path, "limit": 1000})
        found = send(server, f"GET {path}").json
        assert len(found) >= statuses[("run", 202)]
        return {one["status"] for one in found} <= {"FINISHED", "ERROR", "KILLED"}

    until(all_over, 60, "all jobs are over")
    until(lambda: send(server, "GET /contexts").json == ["c"], 30, "no other context is left")


def test_more_contexts_at_once_than_there_may_be_leave_none(server: Server) -> None:
    path = "/jobs?" + urlencode({"appName": "words", "classPath": "words.crowd.Lasts"})
    statuses = Counter(at_once(60, lambda _: post(server, path).status))
    assert set(statuses) <= {202, 503}, statuses
    assert statuses[202] > 0
    until(lambda: send(server, "GET /contexts").json == ["c"], 30, "no other context is left")
    assert len(jobs_of(server, "words.crowd.Lasts")) == statuses[202]


def test_the_documentation_can_be_read_by_many(server: Server) -> None:
    begin = time.monotonic()
    for path in ("/docs/api", "/openapi.json", "/"):
        assert set(at_once(60, lambda _, path=path: send(server, f"GET {path}").status)) == {200}
    assert time.monotonic() - begin < 20


# Callbacks


def told(server: Server, url: str) -> Raw:
    return post(server, job(callbackUrl=url))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}/",
        "http://LOCALHOST.:{port}/",
    ],
)
def test_a_listed_name_does_not_lead_to_this_machine(server: Server, url: str) -> None:
    with listener() as (port, seen):
        answer = told(server, url.format(port=port))
        assert answer.status == 202
        given_up = f"job {answer.json['jobId']}: its callback was given up"
        until(lambda: given_up in server.log(), 30, "it is given up")
    assert seen == []


def test_a_redirect_does_not_lead_to_this_machine(server: Server) -> None:
    with listener() as (inner, seen):
        moved = f"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{inner}/\r\n\r\n".encode()
        with listener("127.0.0.9", moved) as (outer, called):
            answer = told(server, f"http://127.0.0.9:{outer}/")
            assert answer.status == 202
            until(lambda: len(called) == 2, 30, "it was tried twice")
    assert seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::1]:{port}/",
        "http://0.0.0.0:{port}/",
        "http://0:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://localhost@127.0.0.1:{port}/",
        "http://localhost:80@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}#@localhost/",
        "http://localhost%00.127.0.0.1:{port}/",
        "http://localhost\\@127.0.0.1:{port}/",
        "http://127.0.0.9.127.0.0.1.nip.io:{port}/",
        "http://localhost:{port}0/",
        "file:///etc/passwd",
        "gopher://localhost:{port}/",
        "jar:http://localhost!/",
        "javascript:alert(1)",
        "//localhost/",
        "http:/localhost/",
        "http://localhost:-1/",
        "http://localhost/\r\nX: y",
        "http://" + "a" * 3_000 + "/",
    ],
)
def test_nobody_else_is_called(server: Server, url: str) -> None:
    with listener() as (port, seen):
        answer = told(server, url.format(port=port))
        assert answer.status == 400, answer
        assert answer.json["status"] == "ERROR"
    assert seen == []


# Attacks on the memory


def posts(server: Server, target: str, body: bytes, count: int) -> Counter[int]:
    def one(number: int) -> int:
        return post(server, target.format(number), body).status

    return Counter(at_once(count, one))


#: Small as posted, and almost as large as may be when resolved.
GROWN = {
    "values": BOMB.rpartition("f=")[0] + "g=[" + ",".join(["${e}"] * 6) + "]",
    "characters": f's="{"中" * 80_000}"\nt={"${s}" * 10}\na=[{",".join(["${t}"] * 18)}]',
}


@pytest.mark.parametrize("what", GROWN)
def test_many_configurations_that_grow_at_once_fit_into_the_memory(
    victim: Server, what: str
) -> None:
    statuses = posts(victim, job(), GROWN[what].encode(), 12)
    assert set(statuses) <= {202, 400, 503}, statuses


def test_many_large_bodies_at_once_fit_into_the_memory(victim: Server) -> None:
    """All but their last byte is there before any of them goes on."""
    size = 15 * 1024 * 1024
    head = f"POST {job()} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
    body = b'a = "' + b"x" * (size - 6)
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(40):
            connection = socket.create_connection(("127.0.0.1", victim.port), timeout=60)
            connections.append(stack.enter_context(connection))
        with ThreadPoolExecutor(40) as threads:
            list(threads.map(lambda c: c.sendall(head.encode() + body), connections))
        time.sleep(2)
        assert send(victim, "GET /healthz").status == 200
        assert run(victim, "a = 1").status == 200
        for connection in connections:
            connection.sendall(b'"')
        statuses = Counter(connection.recv(12)[9:] for connection in connections)
    assert set(statuses) <= {b"202", b"503"}, statuses


def test_a_large_configuration_is_read_in_time_in_proportion(victim: Server) -> None:
    seconds = []
    for size in (1_500_000, 15_000_000):
        large = post(victim, job(), json.dumps({"a": "x" * size}))
        assert large.status == 202, large.text[:500]
        path = f"/jobs/{large.json['jobId']}"
        until(lambda path=path: "FINISHED" in send(victim, f"GET {path}").text[:500], 30, "it ends")
        begin = time.monotonic()
        assert send(victim, f"GET {path}/config").status == 200
        seconds.append(time.monotonic() - begin)
    assert seconds[1] < 30 * seconds[0] + 1, seconds


def test_jobs_with_long_class_paths_can_be_listed(victim: Server) -> None:
    body = json.dumps({"classPath": "a" * 15_000_000}).encode()
    for _ in range(6):
        status = post(victim, "/jobs?appName=words&context=c", body).status
        assert status in (202, 400), status
    begin = time.monotonic()
    assert set(at_once(4, lambda _: send(victim, "GET /jobs").status)) == {200}
    assert time.monotonic() - begin < 10


def test_contexts_with_large_settings_can_be_listed(victim: Server) -> None:
    body = b'spark.context-settings.a = "' + b"x" * 15_000_000 + b'"'
    statuses = [post(victim, f"/contexts/large{number}", body).status for number in range(4)]
    assert set(statuses) <= {200, 400, 503}, statuses
    begin = time.monotonic()
    assert set(at_once(8, lambda _: send(victim, "GET /contexts").status)) == {200}
    assert time.monotonic() - begin < 10


def test_jobs_with_large_configurations_wait_in_little_memory(victim: Server) -> None:
    body = b'a = "' + b"x" * 15_000_000 + b'"'
    statuses = [post(victim, job("words.Stays"), body).status for _ in range(20)]
    assert set(statuses) <= {202, 503}, statuses
    assert set(at_once(8, lambda _: send(victim, "GET /jobs").status)) == {200}


@pytest.mark.parametrize("key", ["cp", "dependent-jar-uris"])
def test_a_million_packages_are_not_looked_for_one_by_one(victim: Server, key: str) -> None:
    names = ["words"] * 300_000
    body = json.dumps({key: ",".join(names) if key == "cp" else names}).encode()
    query = "mainClass=a.B" if key == "cp" else "appName=words&classPath=a.B"
    begin = time.monotonic()
    answer = post(victim, f"/jobs?context=c&{query}", body)
    assert time.monotonic() - begin < 10
    assert answer.status == 400, answer
    assert "more than 100 binaries" in answer.text


# The port for drivers, which is on the loopback for everybody


def link(server: Server, path: str, body: bytes, *headers: str) -> bytes:
    url = (server.data / "link-url").read_text()
    port = int(url.rpartition(":")[2])
    lines = [f"POST /link/v1/{path} HTTP/1.1", "Host: localhost", *headers]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return connection.recv(65536)


def enrolment(server: Server, **other: Any) -> bytes:
    known = {"contextId": send(server, "GET /contexts/c").json["id"], "epoch": 1, "token": "x"}
    return json.dumps({**known, "key": "y", "protocol": 1, "spark": "4.0.0", **other}).encode()


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"contextId": "none"},
        {"contextId": f"a\n{FORGED}\n"},
        {"contextId": f"a\n{FORGED}\n", "protocol": 2},
        {"spark": f"a\n{FORGED}\n", "protocol": 2},
        {"contextId": "../../../etc/passwd"},
        {"contextId": None},
        {"token": None, "key": None},
        {"token": "", "key": ""},
        {"epoch": -1},
        {"epoch": f"a\n{FORGED}\n"},
        {"protocol": f"a\n{FORGED}\n"},
        {f"a\n{FORGED}\n": 1},
    ],
)
def test_nobody_becomes_a_driver_without_its_token(server: Server, other: dict[str, Any]) -> None:
    answer = link(server, "enrol", enrolment(server, **other))
    assert re.match(rb"HTTP/1.1 (400|401|410|503) ", answer), answer
    assert run(server, "a = 1").status == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[" * 100_000, b'"' + b"x" * 300_000, b"\xff", f'{{"a\\n{FORGED}": '.encode()],
)
def test_what_is_no_message_of_a_driver_is_refused(server: Server, body: bytes) -> None:
    assert re.match(rb"HTTP/1.1 400 ", link(server, "enrol", body))


@pytest.mark.parametrize(
    "path", ["commands", "events", "heartbeat", "bundles/x", "binaries/..%2F..%2Fx", "binaries/"]
)
@pytest.mark.parametrize("authorization", [None, "Bearer ", "Bearer x", "Basic x"])
def test_nothing_is_told_to_who_is_no_driver(
    server: Server, path: str, authorization: str | None
) -> None:
    context = send(server, "GET /contexts/c").json["id"]
    headers = [f"Jobserver-Context: {context}", "Jobserver-Epoch: 1"]
    headers += [f"Authorization: {authorization}"] if authorization is not None else []
    assert link(server, path, b"{}", *headers).startswith(b"HTTP/1.1 401 ")
    assert run(server, "a = 1").status == 200


def test_half_of_a_request_to_the_link_holds_up_no_driver(server: Server) -> None:
    port = int((server.data / "link-url").read_text().rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        for number in range(600):
            connection = socket.create_connection(("127.0.0.1", port), timeout=60)
            half = b"POST /link/v1/enrol HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"
            stack.enter_context(connection).sendall(half[: number % len(half)])
        for _ in range(10):
            assert run(server, "a = 1").status == 200
        assert post(server, "/contexts/later").status == 200
        assert ask(server, "DELETE", "/contexts/later").status == 200
