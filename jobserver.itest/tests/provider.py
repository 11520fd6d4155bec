"""An OpenID Connect provider: issues tokens, and answers where its keys are."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "jobserver"


class Provider:
    """One that signs with a key at a time, of which it gives out the public half."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.fetches = 0
        self.rotate("first")

    def rotate(self, name: str) -> None:
        """Has another key from now on, and takes back the last."""
        self.name = name
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.curve = ec.generate_private_key(ec.SECP256R1())

    def answer(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            self.fetches += 1
            keys = {
                self.name: json.loads(RSAAlgorithm.to_jwk(self.key.public_key())),
                f"{self.name}-ec": json.loads(ECAlgorithm.to_jwk(self.curve.public_key())),
            }
            return {"keys": [{**key, "kid": name, "use": "sig"} for name, key in keys.items()]}
        return None

    def token(
        self, key: Any = None, algorithm: str = "RS256", kid: str | None = None, **claims: Any
    ) -> str:
        """A token that says this beside what all say; `None` leaves a claim out."""
        said = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "ada",
            "exp": int(time.time()) + 300,
            "groups": ["science"],
            **claims,
        }
        return jwt.encode(
            {name: value for name, value in said.items() if value is not None},
            self.key if key is None else key,
            algorithm,
            headers={"kid": kid or self.name},
        )


@contextlib.contextmanager
def provider() -> Iterator[Provider]:
    """One that answers on a port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = one.answer(self.path)
            body = json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
