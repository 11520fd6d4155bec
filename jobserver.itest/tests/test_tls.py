"""TLS for clients, and who may use the server by a certificate."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from pki import DAY, Authority
from server import Answer, Server, processes, running, until

CONF = """
spark.jobserver {{
  auth {{
    ways = ["local", "token", "certificate"]
    certificate.roles {{ user = ["OU=science"], reader = ["CN=rae,O=Example"] }}
  }}
  tls {{
    certificate = "{folder}/server.crt"
    key = "{folder}/server.key"
    client-authorities = "{folder}/ca.crt"
    client-certificates = "{clients}"
  }}
}}
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Server]:
    conf = CONF.format(folder=authority.folder, clients="wanted")
    with running(tmp_path_factory.mktemp("tls"), conf) as server:
        yield server


def https(
    server: Server,
    authority: Authority,
    request: str = "GET /jobs",
    certificate: Path | None = None,
    context: ssl.SSLContext | None = None,
    **headers: str,
) -> Answer:
    """An answer to a request from elsewhere, by TLS."""
    method, path = request.split(" ")
    if context is None:
        context = ssl.create_default_context(cafile=str(authority.file))
    if certificate is not None:
        context.load_cert_chain(certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"X-Forwarded-For": "192.0.2.1", **sent})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), dict(answer.headers))
    finally:
        connection.close()


def test_the_server_is_reached_by_tls_alone(guarded: Server, authority: Authority) -> None:
    assert (guarded.data / "url").read_text() == f"https://127.0.0.1:{guarded.port}/\n"
    assert https(guarded, authority, "GET /healthz").status == 200
    assert https(guarded, authority).status == 401
    with pytest.raises(ssl.SSLCertVerificationError):
        https(guarded, authority, context=ssl.create_default_context())
    plain = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=30)
    with pytest.raises((http.client.HTTPException, OSError)):
        plain.request("GET", "/healthz")
        plain.getresponse()
    plain.close()
    done = guarded.command("status", "--data", str(guarded.data))
    assert (done.returncode, "runs at https://" in done.stdout) == (0, True), done


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_handshakes_below_1_2_are_refused(guarded: Server, authority: Authority) -> None:
    def by(version: ssl.TLSVersion) -> int:
        context = ssl.create_default_context(cafile=str(authority.file))
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        return https(guarded, authority, "GET /healthz", context=context).status

    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"):
            by(version)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert by(version) == 200


def test_a_certificate_gives_its_subject_roles(guarded: Server, authority: Authority) -> None:
    ada = authority.sign("ada", o="Example", ou="science")
    rae = authority.sign("rae", o="Example")
    eve = authority.sign("eve", o="Example")
    assert https(guarded, authority, "GET /jobs", ada).status == 200
    assert https(guarded, authority, "DELETE /contexts/x", ada).status == 404
    assert https(guarded, authority, "GET /jobs", rae).status == 200
    refused = https(guarded, authority, "DELETE /contexts/x", rae)
    assert (refused.status, "contexts:delete" in refused.text) == (403, True)
    refused = https(guarded, authority, "GET /jobs", eve)
    assert (refused.status, "jobs:read" in refused.text) == (403, True)


CN, OU, ORG = NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME
SCIENCE = [[(ORG, "Example")], [(OU, "science")], [(CN, "eve")]]


def certified(
    authority: Authority,
    parts: list[list[tuple[ObjectIdentifier, str]]],
    usage: ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
    signer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None,
    days: tuple[int, int] = (-1, 1),
) -> tuple[Path, ec.EllipticCurvePrivateKey]:
    """A certificate of any subject, by the authority unless by another."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    issuer, signing = signer or (authority.subject, authority.key)
    named = [x509.RelativeDistinguishedName([x509.NameAttribute(*p) for p in rdn]) for rdn in parts]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(named))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    file = authority.folder / "certified.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file, key


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        ([[(ORG, "Example")], [(CN, "eve,OU=science")]], 403),
        ([[(CN, "rae,O=Example")]], 403),
        ([[(CN, "eve+OU=science")]], 403),
        ([[(OU, "science\\")], [(CN, "eve")]], 403),
        ([[(OU, " science")], [(CN, "eve")]], 403),
        ([[(OU, "SCIENCE")], [(CN, "eve")]], 403),
        ([[(ORG, "Example")], [(CN, "rae")], [(CN, "eve")]], 403),
        ([[(CN, 'a" way="local')]], 403),
        ([[(CN, "a\u202eb")]], 403),
        ([[(ORG, "Example")], [(OU, "science"), (CN, "eve")]], 401),
        ([[(ORG, "Example")]], 401),
        ([[(OU, "science")], [(CN, " ")]], 401),
        ([[(OU, "science")], [(CN, "eve\0.example")]], 401),
        ([[(OU, "science")], [(CN, "eve\r\nx")]], 401),
        ([[(OU, "science")], [(CN, "\x1b[2J")]], 401),
        ([[(OU, "science")], [(CN, "\x9b2J")]], 401),
    ],
)
def test_a_subject_that_only_looks_like_another_has_not_its_roles(
    guarded: Server,
    authority: Authority,
    subject: list[list[tuple[ObjectIdentifier, str]]],
    status: int,
) -> None:
    file, _ = certified(authority, subject)
    assert https(guarded, authority, "GET /jobs", file).status == status


def test_a_certificate_for_something_else_is_none_of_a_client(
    guarded: Server, authority: Authority
) -> None:
    def is_refused(file: Path) -> None:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            https(guarded, authority, "GET /jobs", file)

    is_refused(authority.folder / "server.pem")
    for usage in (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CODE_SIGNING):
        is_refused(certified(authority, SCIENCE, usage)[0])
    is_refused(certified(authority, SCIENCE, days=(1, 2))[0])
    _, leaf = certified(authority, [[(CN, "leaf")]])
    name = x509.Name([x509.NameAttribute(CN, "leaf")])
    is_refused(certified(authority, SCIENCE, signer=(name, leaf))[0])
    is_refused(certified(authority, SCIENCE, signer=(authority.subject, leaf))[0])


@pytest.mark.parametrize(
    "ciphers", ["aNULL", "eNULL", "kRSA", "PSK", "SHA1", "AES128-SHA", "CAMELLIA", "ARIA"]
)
def test_weak_ciphers_are_refused(guarded: Server, authority: Authority, ciphers: str) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        https(guarded, authority, "GET /healthz", context=context)


def test_a_page_that_came_without_tls_changes_nothing(
    guarded: Server, authority: Authority
) -> None:
    ada = authority.sign("ada", o="Example", ou="science")
    here = f"localhost:{guarded.port}"
    for origin, status in ((f"http://{here}", 403), (f"https://{here}", 404)):
        answer = https(guarded, authority, "DELETE /contexts/x", ada, Host=here, Origin=origin)
        assert answer.status == status, origin


def test_certificates_of_others_and_of_yesterday_are_refused(
    guarded: Server, authority: Authority, tmp_path: Path
) -> None:
    forged = Authority(tmp_path / "forger", "Test Authority").sign("ada", o="Example", ou="science")
    expired = authority.sign("yesterday", days=-1, o="Example", ou="science")
    of_a_server = authority.sign("service", server=True, o="Example", ou="science")
    for certificate in (forged, expired, of_a_server):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            https(guarded, authority, "GET /jobs", certificate)


def test_a_page_of_another_origin_may_not_use_a_certificate(
    guarded: Server, authority: Authority
) -> None:
    ada = authority.sign("page", o="Example", ou="science")
    foreign = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}
    for request in ("POST /jobs", "DELETE /contexts/x", "PUT /contexts?reset=reboot"):
        answer = https(guarded, authority, request, ada, **foreign)
        assert (answer.status, "another origin" in answer.text) == (403, True), answer
    insecure = {"Origin": f"http://127.0.0.1:{guarded.port}"}
    assert https(guarded, authority, "DELETE /contexts/x", ada, **insecure).status == 403
    own = {"Origin": f"https://127.0.0.1:{guarded.port}"}
    assert https(guarded, authority, "DELETE /contexts/x", ada, **own).status == 404


def test_who_gives_another_credential_is_known_by_that(
    guarded: Server, authority: Authority
) -> None:
    ada = authority.sign("both", o="Example", ou="science")
    answer = https(guarded, authority, "GET /jobs", ada, Authorization="Bearer wrong")
    assert (answer.status, answer.text) == (401, "The token is not valid.")
    token = (guarded.data / "auth" / "local-token").read_text().strip()
    assert https(guarded, authority, Authorization=f"Bearer {token}").status == 200


def test_the_clients_speak_it(guarded: Server, authority: Authority) -> None:
    curl = ["curl", "-sS", "--cacert", str(authority.file)]
    done = subprocess.run(
        [*curl, f"https://localhost:{guarded.port}/jobs"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[]"), done
    sources = Path(__file__).parents[2] / "jobserver.context.python" / "python" / "src"

    def sjs(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        url = f"https://127.0.0.1:{guarded.port}"
        return subprocess.run(
            [sys.executable, "-m", "sparkjobserver.client", "--url", url, *arguments],
            env={**os.environ, "PYTHONPATH": str(sources), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    ca = str(authority.file)
    rae = str(authority.sign("rae", o="Example"))
    assert sjs("jobs", "list", "--ca-file", ca).returncode == 0
    refused = sjs("jobs", "list")
    assert (refused.returncode, "certificate" in refused.stderr.lower()) == (5, True), refused
    assert sjs("jobs", "list", JOBSERVER_CA_FILE=ca, JOBSERVER_CERTIFICATE=rae).returncode == 0
    refused = sjs("contexts", "delete", "x", "--ca-file", ca, "--certificate", rae)
    assert (refused.returncode, "contexts:delete" in refused.stderr) == (5, True), refused
    for broken in ("/nowhere/ca.pem", __file__):
        refused = sjs("jobs", "list", "--ca-file", broken)
        assert (refused.returncode, broken in refused.stderr) == (2, True), refused


def test_another_certificate_is_taken_while_the_server_runs(
    guarded: Server, authority: Authority
) -> None:
    def shown() -> int:
        context = ssl.create_default_context(cafile=str(authority.file))
        connection = http.client.HTTPSConnection("127.0.0.1", guarded.port, context=context)
        connection.connect()
        told: Any = connection.sock.getpeercert()
        connection.close()
        return int(told["serialNumber"], 16)

    before = shown()
    authority.sign("server", server=True)
    until(lambda: shown() != before, 30, "the new certificate is shown")
    assert https(guarded, authority, "GET /healthz").status == 200
    key = (authority.folder / "server.key").read_bytes()
    assert key.splitlines()[1].decode() not in guarded.log()
    assert processes(key.splitlines()[1]) == {}


def test_clients_may_be_required_to_have_a_certificate(
    fresh: Server, authority: Authority, tmp_path: Path
) -> None:
    store = tmp_path / "server.p12"
    (tmp_path / "password").write_text("correct horse\n")
    subprocess.run(
        [
            "openssl",
            "pkcs12",
            "-export",
            "-in",
            str(authority.folder / "server.pem"),
            "-out",
            str(store),
            "-passout",
            f"file:{tmp_path / 'password'}",
        ],
        check=True,
    )
    conf = CONF.format(folder=authority.folder, clients="required").replace(
        f'certificate = "{authority.folder}/server.crt"', f'key-store = "{store}"'
    )
    fresh.conf.write_text(
        fresh.conf.read_text()
        + conf.replace(
            f'key = "{authority.folder}/server.key"',
            f'key-store-password-file = "{tmp_path / "password"}"',
        )
    )
    fresh.start()
    ada = authority.sign("ada", o="Example", ou="science")
    # Without a certificate nobody sees more than that the server is there.
    until(
        lambda: https(fresh, authority, "GET /jobs", ada).status == 200,
        30,
        "the server has started",
    )
    with pytest.raises((ssl.SSLError, ConnectionError)):
        https(fresh, authority, "GET /healthz")
    done = fresh.command("status", "--data", str(fresh.data))
    assert done.returncode == 0, done


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
def test_a_wrong_configuration_is_named(fresh: Server, authority: Authority) -> None:
    conf = CONF.format(folder=authority.folder, clients="wanted")
    for change, words in {
        ("server.key", "ca.crt"): "BEGIN PRIVATE KEY",
        ("client-authorities", "client-authority"): "client-authorities is empty",
        ('"wanted"', '"maybe"'): 'client-certificates is "maybe"',
        ('"wanted"', '"none"'): "spark.jobserver.auth.ways has certificate, but",
    }.items():
        fresh.is_wrong(conf.replace(*change), words)


@pytest.mark.parametrize("name", ["evil.example", "localhost", "a" * 63 + ".example", "xn--a"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_a_name_of_a_server_that_is_none_opens_nothing(
    guarded: Server, authority: Authority, name: str, host: str
) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", guarded.port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        connection.sendall(
            f"GET /jobs HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n".encode()
        )
        status = int(connection.recv(65536).split(b" ", 2)[1])
    assert status == (401 if host == "localhost" else 421)


def heard(stream: IO[bytes], words: bytes) -> bytes:
    """What is said up to these words."""
    said = b""
    while words not in said:
        line = stream.readline()
        assert line, said
        said += line
    return said


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
@pytest.mark.parametrize("again", [False, True])
def test_a_connection_is_not_negotiated_again(
    guarded: Server, authority: Authority, again: bool
) -> None:
    """A client could have that done for ever, which is more work for the server than for itself."""
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{guarded.port}", "-tls1_2", "-crlf"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert client.stdin is not None
    assert client.stdout is not None
    limit = threading.Timer(60, client.kill)
    limit.start()
    try:
        said = heard(client.stdout, b"Extended master secret")
        if again:
            client.stdin.write(b"R\n")  # so one asks for it
            client.stdin.flush()
            heard(client.stdout, b"RENEGOTIATING")
        with contextlib.suppress(BrokenPipeError):
            client.stdin.write(b"GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n")
            client.stdin.flush()
        said += client.stdout.read()
        client.wait(30)
    finally:
        limit.cancel()
        client.kill()
        client.stdin.close()
        client.stdout.close()
        client.wait()
    assert (b"HTTP/1.1 200" in said) is not again, said
    assert https(guarded, authority, "GET /healthz").status == 200
