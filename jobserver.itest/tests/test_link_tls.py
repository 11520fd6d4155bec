"""TLS between the server and its drivers."""

from __future__ import annotations

import socket
import ssl
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pki import Authority
from server import Server, example, processes, running, until

WORDS = "example_jobs.word_count.WordCountSparkJob"
SLOW = "example_jobs.slow_job.SlowJob"
CONF = """
spark.jobserver { driver.spares = 1, link-tls.enabled = true }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("link-tls")
    (folder / "security").write_text("jdk.tls.disabledAlgorithms=\n")  # the JDK refuses nothing
    env = {"JOBSERVER_JAVA_OPTS": f"-Djava.security.properties={folder / 'security'}"}
    with running(folder, CONF, env) as one:
        one.upload("example_jobs", example("sjs_python_examples-*.egg"))
        yield one


def port(server: Server) -> int:
    url = (server.data / "link-url").read_text()
    assert url.startswith("https://127.0.0.1:"), url
    return int(url.rpartition(":")[2])


def shown(server: Server, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> str:
    """The certificate that the link shows, by a handshake of this version of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", port(server)), timeout=30) as plain,
        context.wrap_socket(plain) as link,
    ):
        certificate = link.getpeercert(binary_form=True)
    assert certificate is not None
    return ssl.DER_cert_to_PEM_cert(certificate)


def count_words(server: Server) -> None:
    answer = server.submit(
        "example_jobs", WORDS, "c", 'input.strings = ["a", "b", "a"]', sync="true"
    )
    assert (answer.status, answer.json["result"]) == (200, {"a": 2, "b": 1}), answer.text


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_link_speaks_tls_alone_by_a_certificate_of_the_servers_own(server: Server) -> None:
    made = server.data / "link-tls"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in made.iterdir()} == {
        "certificate.pem": 0o600,
        "key.pem": 0o600,
    }
    certificate = (made / "certificate.pem").read_text()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert shown(server, version).split() == certificate.split()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shown(server, ssl.TLSVersion.TLSv1_1)
    with socket.create_connection(("127.0.0.1", port(server)), timeout=30) as plain:
        plain.sendall(b"POST /link/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert b"HTTP" not in plain.recv(65536)


def test_a_spare_runs_jobs_by_it_and_finds_a_server_again_that_was_killed(server: Server) -> None:
    until(lambda: list(server.data.glob("contexts/*/spare-ready")), 240, "a spare is ready")
    server.context("c")
    assert server.get("/contexts/c").json["driverStart"] == "spare"
    count_words(server)
    driver = server.driver("c")
    job = str(server.submit("example_jobs", SLOW, "c", "sleep.seconds = 4").json["jobId"])
    before = shown(server)

    server.kill()
    server.start()

    assert shown(server) == before
    assert server.driver("c") == driver
    report = server.ended(job, 60)
    assert report["status"] == "FINISHED", report
    count_words(server)
    key = (server.data / "link-tls" / "key.pem").read_text().splitlines()[1]
    assert key not in server.log()
    assert processes(key.encode()) == {}


def test_a_context_whose_driver_cannot_verify_the_server_says_so(
    server: Server, tmp_path: Path
) -> None:
    another = Authority(tmp_path)
    another.sign("server", server=True)
    own = {file: file.read_text() for file in (server.data / "link-tls").iterdir()}
    try:
        for name, end in {"key.pem": "key", "certificate.pem": "crt"}.items():
            (server.data / "link-tls" / name).write_text((tmp_path / f"server.{end}").read_text())
        begun = time.monotonic()
        answer = server.request("POST", "/contexts/stranger")
        assert time.monotonic() - begun < 120
        assert answer.status == 500
        message = answer.json["result"]["message"]
        assert "cannot be verified: it shows another certificate" in message, message
        log = server.data / "contexts" / server.context_id("stranger") / "log" / "driver.log"
        assert "cannot be verified: it shows another certificate" in log.read_text()
    finally:
        for file, text in own.items():
            file.write_text(text)
    count_words(server)


def test_a_wrong_configuration_is_named(fresh: Server, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    authority.sign("server", server=True)
    authority.sign("client")
    right = {
        "certificate": authority.folder / "server.crt",
        "key": authority.folder / "server.key",
        "authorities": authority.file,
    }
    client = {
        "certificate": authority.folder / "client.crt",
        "key": authority.folder / "client.key",
    }
    for change, words in (
        ({"key": tmp_path / "missing.key"}, "link-tls.key is "),
        (client, "drivers, which dial 127.0.0.1, would refuse"),
    ):
        lines = [f'{key} = "{file}"' for key, file in {**right, **change}.items()]
        fresh.is_wrong("spark.jobserver.link-tls {\n" + "\n".join(lines) + "\n}\n", words)
