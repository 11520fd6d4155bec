"""Who may use the server by a token of an OpenID Connect provider."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from provider import Provider, provider
from server import Raw, Server, free_port, running, send, until

CONF = """
spark.jobserver.auth {{
  ways = ["token", "oidc"]
  oidc {{
    issuer = "{issuer}"
    audience = "jobserver"
    roles-claim = "groups"
    roles {{ admin = ["operators"], user = ["science"], reader = ["guests"] }}
  }}
}}
"""


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with provider() as one:
        yield one


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, issuer: Provider) -> Iterator[Server]:
    """A server whose callers have tokens of the provider."""
    conf = CONF.format(issuer=issuer.url)
    with running(tmp_path_factory.mktemp("oidc"), conf) as server:
        yield server


def bearing(server: Server, token: str, request: str = "GET /jobs", **headers: str) -> Raw:
    return send(server, request, Authorization=f"Bearer {token}", **headers)


def is_refused(answer: Raw) -> None:
    answer.is_text(401, "The token is not valid.")
    assert answer.header("WWW-Authenticate") == 'Bearer realm="jobserver"'


def test_a_caller_may_do_what_the_groups_give(guarded: Server, issuer: Provider) -> None:
    assert bearing(guarded, issuer.token()).status == 200
    assert bearing(guarded, issuer.token(), "DELETE /contexts/x").status == 404
    guest = issuer.token(groups=["guests"])
    assert bearing(guarded, guest).status == 200
    bearing(guarded, guest, "DELETE /contexts/x").is_text(403, "contexts:delete")
    nobody = issuer.token(groups=["others"])
    bearing(guarded, nobody).is_text(403, "jobs:read")
    assert bearing(guarded, issuer.token(groups="operators guests"), "GET /x").status == 404
    curve = issuer.token(issuer.curve, "ES256", f"{issuer.name}-ec")
    assert bearing(guarded, curve).status == 200


def test_a_page_that_has_a_token_has_been_given_it(guarded: Server, issuer: Provider) -> None:
    foreign = {"Origin": "https://app.example.com", "Sec_Fetch_Site": "cross-site"}
    answer = bearing(guarded, issuer.token(), "DELETE /contexts/x", **foreign)
    assert answer.status == 404


def test_other_tokens_are_refused(guarded: Server, issuer: Provider) -> None:
    now = int(time.time())
    for claims in (
        {"iss": "https://id.example.com"},
        {"aud": "others"},
        {"aud": None},
        {"exp": None},
        {"exp": now - 60},
        {"nbf": now + 60},
        {"sub": None},
    ):
        is_refused(bearing(guarded, issuer.token(**claims)))
    public = issuer.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # Who takes the public key for a secret that both ends know would find this right.
    said = issuer.token(b"any other secret, of 32 bytes or more", "HS256").rpartition(".")[0]
    code = hmac.digest(public, said.encode(), "sha256")
    with provider() as other:
        forged = [
            issuer.token("", "none"),
            f"{said}.{base64.urlsafe_b64encode(code).rstrip(b'=').decode()}",
            issuer.token(algorithm="PS256"),
            issuer.token(other.key),
            other.token(iss=issuer.url, kid=issuer.name),
            "a.b.c",
        ]
    for token in forged:
        is_refused(bearing(guarded, token))


def test_the_provider_may_change_its_keys(guarded: Server, issuer: Provider) -> None:
    old = issuer.token()
    assert bearing(guarded, old).status == 200
    issuer.rotate("second")
    new = issuer.token()
    until(lambda: bearing(guarded, new).status == 200, 30, "the new key is known")
    is_refused(bearing(guarded, old))
    before = issuer.fetches
    for number in range(50):
        is_refused(bearing(guarded, issuer.token(kid=f"forged-{number}")))
    assert issuer.fetches - before <= 1


def test_the_server_has_tokens_of_its_own_beside(guarded: Server) -> None:
    text = (guarded.data / "auth" / "local-token").read_text().strip()
    assert bearing(guarded, text).status == 200
    assert send(guarded, "GET /jobs").status == 401
    log = guarded.log()
    assert text not in log
    assert " ERROR " not in log


def test_without_its_provider_the_server_cannot_tell(fresh: Server) -> None:
    fresh.conf.write_text(
        fresh.conf.read_text() + CONF.format(issuer=f"http://127.0.0.1:{free_port()}")
    )
    fresh.start()
    answer = bearing(fresh, jwt.encode({"sub": "ada"}, "secret of mine, of 32 bytes or more"))
    is_refused(answer)  # its algorithm is none that could be right
    with provider() as other:
        answer = bearing(fresh, other.token())
    answer.is_text(503, "The keys of the issuer of tokens are not known now")
    assert answer.header("Retry-After") == "5"
    assert fresh.log().count("the keys of the issuer of tokens could not be fetched") == 1


def test_a_wrong_configuration_is_named(fresh: Server) -> None:
    fresh.conf.write_text(CONF.format(issuer="http://id.example.com"))
    done = fresh.command(
        "start", "--conf", str(fresh.conf), "--port", str(free_port()), "--data", str(fresh.data)
    )
    assert done.returncode == 7, done
    assert 'spark.jobserver.auth.oidc.issuer is "http://id.example.com"' in done.stderr
