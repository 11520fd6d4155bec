"""Every route that the running server has, of plugins too: nobody uses one who may not."""

from __future__ import annotations

import base64
import fnmatch
import http.client
import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bundles
import pytest
from credentials import ANYBODYS, PROXY, bearing, expired, token
from pki import Authority
from server import KERNEL_TELLS, Raw, Server, running, until

pytestmark = pytest.mark.skipif(
    not KERNEL_TELLS, reason="the kernel does not tell whose a connection is"
)

CONF = """
spark.jobserver {{
  auth {{
    ways = ["local", "token", "basic", "certificate"]
    certificate.roles.user = ["OU=science"]
  }}
  tls {{
    certificate = "{folder}/server.crt"
    key = "{folder}/server.key"
    client-authorities = "{folder}/ca.crt"
    client-certificates = "wanted"
  }}
}}
"""
MANIFEST = """Manifest-Version: 1.0
Bundle-ManifestVersion: 2
Bundle-SymbolicName: routes
Bundle-Version: 1.0.0
Bundle-Activator: routes.Activator
Import-Package: org.osgi.framework,org.osgi.service.servlet.context,
 org.osgi.service.servlet.runtime,org.osgi.service.servlet.runtime.dto,
 org.osgi.service.jakartars.runtime,org.osgi.service.jakartars.runtime.dto,
 jakarta.servlet,jakarta.servlet.http,jakarta.ws.rs,
 com.fasterxml.jackson.core,com.fasterxml.jackson.databind,
 com.fasterxml.jackson.databind.json

"""
PASSWORD = "correct horse: battery"
PAGE = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "ODD")
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


@dataclass(frozen=True, order=True)
class Route:
    """What would answer a request, as the whiteboards have it."""

    kind: str
    method: str
    path: str

    @property
    def example(self) -> str:
        """A path that it answers."""
        return re.sub(r"\{[^}]*\}|\*", "x", self.path)


class Line:
    """A client with a connection that stays, and perhaps with a certificate."""

    def __init__(self, port: int, authority: Authority, certificate: Path | None = None) -> None:
        context = ssl.create_default_context(cafile=str(authority.file))
        if certificate is not None:
            context.load_cert_chain(certificate)
        self._connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=60, context=context
        )
        self.connections = 0

    def ask(self, request: str, host: str = "localhost", **headers: str) -> Raw:
        """Sends a request without a body; an underscore in the name of a header is a hyphen."""
        method, path = request.split(" ")
        self.connections += self._connection.sock is None
        self._connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": host, "Content_Length": "0", **headers}.items():
            self._connection.putheader(name.replace("_", "-"), value)
        self._connection.endheaders()
        answer = self._connection.getresponse()
        told: dict[str, list[str]] = {}
        for name, value in answer.getheaders():
            told.setdefault(name.lower(), []).append(value)
        return Raw(answer.status, told, answer.read().decode(errors="replace"))

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Server]:
    """A server with all that browsers send by themselves, and one more bundle that answers HTTP.

    It is one of the server's own: of plugins only JAX-RS resources would be taken.
    """
    plugin = bundles.built(
        bundles.texts(Path(__file__).parent.parent / "routes", "*.java"),
        MANIFEST,
        resources={"files/page.txt": "a file"},
    )
    conf = CONF.format(folder=authority.folder)
    folder = tmp_path_factory.mktemp("routes")
    with running(folder, conf, bundle=plugin) as server:
        subprocess.run(
            [server.home / "bin" / "jobserver", "user", "add", "ada", "--data", server.data],
            env=server.env,
            input=PASSWORD + "\n",
            text=True,
            check=True,
        )
        yield server


@pytest.fixture(scope="module")
def line(guarded: Server, authority: Authority) -> Iterator[Line]:
    one = Line(guarded.port, authority)
    yield one
    one.close()


@pytest.fixture(scope="module")
def admin(guarded: Server) -> dict[str, str]:
    return bearing((guarded.data / "auth" / "local-token").read_text().strip())


@pytest.fixture(scope="module")
def routes(line: Line, admin: dict[str, str]) -> list[Route]:
    """Once the plugin is there with all of its own."""

    def told() -> list[Route] | None:
        answer = line.ask("GET /plugin/routes", **admin)
        if answer.status != 200:
            return None
        found = [
            Route(one["kind"], one["method"], re.sub("/+", "/", one["path"])) for one in answer.json
        ]
        return found if any("plugin/echo" in route.path for route in found) else None

    return until(told, 30, "the plugin tells the routes")


def test_the_list_is_whole(line: Line, admin: dict[str, str], routes: list[Route]) -> None:
    document = json.loads(line.ask("GET /openapi.json", **admin).text)
    operations = {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path))
        for path, item in document["paths"].items()
        for method in item
        if method.upper() in METHODS
    }
    listed = {
        (method, re.sub(r"\{[^}]*\}", "{}", route.path))
        for route in routes
        for method in route.method.split(",")
    }
    patterns = [route.path for route in routes if route.kind != "rest" and route.path != "/*"]
    missing = {
        (method, path)
        for method, path in operations - listed
        if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns)
    }
    assert missing == set()
    assert len(operations) > 30
    paths = {(route.kind, route.path) for route in routes}
    assert {
        ("servlet", "/plugin/routes"),
        ("servlet", "/own/*"),
        ("resource", "/plugin/files/*"),
        ("rest", "/plugin/echo/{word}"),
    } <= paths
    for path, text in {
        "/own/anything": '"rest"',
        "/plugin/files/page.txt": "a file",
        "/plugin/echo/hello": "hello",
    }.items():
        answer = line.ask(f"GET {path}", **admin)
        assert (answer.status, text in answer.text) == (200, True), (path, answer)


def test_every_route_refuses_everybody_else(
    guarded: Server,
    authority: Authority,
    line: Line,
    admin: dict[str, str],
    routes: list[Route],
) -> None:
    basic = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    certified = Line(guarded.port, authority, authority.sign("eve", o="Example", ou="science"))
    unknown = {
        "no credential": (PROXY, "Say who you are"),
        "a wrong token": (bearing("wrong"), "The token is not valid."),
        "an expired token": (bearing(expired(guarded, "long-ago")), "The token is not valid."),
    }
    powerless = bearing(token(guarded, "make", "powerless", "--role", "nothing:at-all"))
    # What a browser sends without anybody's doing, whichever page has made the request.
    ambient = {
        "the server's own user": (line, {}),
        "a password": (line, {**PROXY, "Authorization": f"Basic {basic}"}),
        "a certificate": (certified, PROXY),
    }
    for by, headers in ambient.values():
        assert by.ask("GET /jobs", **headers).status == 200
    tried: dict[str, int] = {}

    def refused(what: str, request: str, answer: Raw, status: int, words: str) -> None:
        assert answer.status == status, (what, request, answer)
        answer.is_text(status, "" if request.startswith("HEAD ") else words)
        tried[what] = tried.get(what, 0) + 1

    begun = time.monotonic()
    paths = sorted({route.example for route in routes} | {"/nothing"})
    for path in paths:
        for method in METHODS:
            request = f"{method} {path}"
            for what, (by, headers) in ambient.items():
                answer = by.ask(request, **headers, **PAGE)
                if method in SAFE:
                    # It may ask, and its browser does not let it read the answer.
                    assert answer.header("Access-Control-Allow-Origin") is None, (request, answer)
                    assert answer.status not in (401, 421), (request, answer)
                else:
                    refused(f"a page with {what}", request, answer, 403, "another origin")
            foreign = line.ask(request, "evil.example")
            refused("a foreign host", request, foreign, 421, "evil.example")
            if path in ANYBODYS and method in ("GET", "HEAD"):
                continue
            for what, (headers, words) in unknown.items():
                answer = line.ask(request, **headers)
                refused(what, request, answer, 401, words)
                assert answer.header("WWW-Authenticate"), (request, answer)
            everybodys = path in ANYBODYS or path.startswith(("/html/", "/openapi.json"))
            if not (everybodys and method in ("GET", "HEAD", "OPTIONS")):
                answer = line.ask(request, **powerless)
                refused("a role without the permission", request, answer, 403, "the permission")
    certified.close()
    seconds = time.monotonic() - begun
    print(
        f"{sum(tried.values())} requests were refused: {len(paths)} paths of {len(routes)} routes,"
        f" {len(METHODS)} methods, {seconds:.1f} s,"
        f" {line.connections + certified.connections} connections; {tried}"
    )
    assert len(tried) == 8
    assert sum(tried.values()) > 30 * len(paths)
    for path, nothing in {"/jobs": [], "/contexts": [], "/binaries": {}}.items():
        assert line.ask(f"GET {path}", **admin).json == nothing
