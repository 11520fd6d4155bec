"""Who may use the server by a token of an OpenID Connect provider."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwt.algorithms import RSAAlgorithm
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


def part(content: object) -> str:
    """A part of a token: JSON, or bytes as they are."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(key: rsa.RSAPrivateKey, header: object, claims: object) -> str:
    """A token of any header and any claims, with a signature by RS256 whatever they say."""
    said = f"{part(header)}.{part(claims)}"
    return f"{said}.{part(key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def test_no_header_makes_a_token_valid_that_is_not(guarded: Server, issuer: Provider) -> None:
    ours = {"alg": "RS256", "kid": issuer.name}
    said = {"iss": issuer.url, "aud": "jobserver", "sub": "ada", "exp": int(time.time()) + 300}
    assert bearing(guarded, signed(issuer.key, ours, said)).status == 403  # known, without a role
    forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = json.loads(RSAAlgorithm.to_jwk(forger.public_key()))
    forged = [
        {**ours, "jwk": jwk},
        {"alg": "RS256", "jwk": jwk},
        {"alg": "RS256"},
        {**ours, "jku": f"{issuer.url}/forged"},
        {**ours, "x5u": f"{issuer.url}/forged"},
        {**ours, "x5c": ["AAAA"]},
        *({**ours, "kid": kid} for kid in ("", "../../dev/null", "first\0", None, 0, ["first"])),
        b'{"alg": "none", "alg": "RS256"}',
    ]
    tokens = [signed(forger, header, said) for header in forged]
    wrong = [
        *({**ours, "alg": alg} for alg in ("none", "None", "", None, 0, "HS256", "rs256", "ES256")),
        *({**ours, "alg": alg} for alg in ("RS384", "PS256", "EdDSA", "dir", ["RS256"])),
        {"kid": issuer.name},
        {**ours, "kid": f"{issuer.name}-ec"},
        *({**ours, "crit": crit, "x": 1} for crit in (["x"], ["exp"], "x")),
        {**ours, "b64": False, "crit": ["b64"]},
        *({**ours, "typ": typ} for typ in ("JWE", "id+jwt", "logout+jwt", "dpop+jwt", 1)),
        *(b"null", b"[]", b"{", b"\xff", b'{"alg": NaN}'),
        b'{"alg": "RS256", "x": ' + b"[" * 2_000,
    ]
    tokens += [signed(issuer.key, header, said) for header in wrong]
    head, claims, signature = signed(issuer.key, ours, said).split(".")
    tokens += [
        *(f"{head}.{claims}", f"{head}.{claims}.", f"{head}.{claims}.{signature}.", "..", "."),
        f"{head}.{part({**said, 'sub': 'eve'})}.{signature}",
        f"{part({**ours, 'alg': 'none'})}.{claims}.",
        *(
            f"{part({'alg': alg, 'enc': 'A128GCM'})}.AAAA.AAAA.AAAA.AAAA"
            for alg in ("dir", "RSA-OAEP")
        ),
        part({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_000_000_000, "p2s": "AAAA"})
        + ".AAAA.AAAA.AAAA.AAAA",
    ]
    zero = f"{part({'alg': 'ES256', 'kid': f'{issuer.name}-ec'})}.{claims}"
    tokens += [f"{zero}.{part(bytes(64))}", f"{zero}.{part(bytes(31) + b'1' + bytes(32))}"]
    for token in tokens:
        begin = time.monotonic()
        answer = bearing(guarded, token)
        assert answer.status == 401, token
        is_refused(answer)
        assert time.monotonic() - begin < 9, token
    assert " ERROR " not in guarded.log()


def test_claims_that_are_of_other_types_make_no_token_valid(
    guarded: Server, issuer: Provider
) -> None:
    ours = {"alg": "RS256", "kid": issuer.name}
    said = {"iss": issuer.url, "aud": "jobserver", "sub": "ada", "exp": int(time.time()) + 300}
    others: list[dict[str, object]] = [
        *({"exp": exp} for exp in (0, -1, "never", [], {}, True, int(time.time()) - 31)),
        {"exp": None},
        *({"nbf": nbf} for nbf in (int(time.time()) + 60, "x", [])),
        *({"aud": aud} for aud in ("Jobserver", "jobserver ", ["x"], [], {}, 0, [["jobserver"]])),
        *({"iss": iss} for iss in (f"{issuer.url}/", issuer.url.upper(), [issuer.url], None, 0)),
        *({"sub": sub} for sub in ("", " ", ["ada"], {}, "a\nb", "a\x1b[2J", "a" * 257)),
    ]
    for claims in others:
        answer = bearing(guarded, signed(issuer.key, ours, {**said, **claims}))
        assert answer.status == 401, (claims, answer)
    for claims in (
        *(b"null", b"[]", b"1", b"", b"{", b'{"exp": 1e999999999}', b'{"a": ' + b"[" * 2_000),
        b'{"exp": 1, ' + json.dumps(said).encode()[1:-1] + b', "exp": 1}',
    ):
        is_refused(bearing(guarded, signed(issuer.key, ours, claims)))
    assert " ERROR " not in guarded.log()


def test_a_token_is_one_header_and_in_no_other_place(guarded: Server, issuer: Provider) -> None:
    token = issuer.token()
    for headers in (
        *({"Authorization": f"{scheme} {token}"} for scheme in ("Basic", "DPoP", "JWT", "")),
        *({"Authorization": f"Bearer {token}{more}"} for more in (" x", ", Bearer x", ".x")),
        *({"Cookie": f"{name}={token}"} for name in ("Authorization", "access_token")),
        {"Proxy_Authorization": f"Bearer {token}"},
    ):
        assert send(guarded, "GET /jobs", **headers).status == 401, headers
    assert send(guarded, f"GET /jobs?access_token={token}").status == 401
    twice = f"Bearer {token}\r\nAuthorization: Bearer {token}"
    assert send(guarded, "GET /jobs", Authorization=twice).status == 401


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
