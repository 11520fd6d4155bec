"""Tokens for tests, what callers from elsewhere send, and another user of the machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator

from server import Server

#: A user who owns nothing.
NOBODY = 65534

#: What a proxy adds: whoever it is, it is not the server's own user.
PROXY = {"X_Forwarded_For": "192.0.2.1"}

#: What anybody may read, spelled exactly so.
ANYBODYS = {"/", "/healthz", "/readyz", "/docs/api"}


def token(server: Server, *arguments: str, code: int = 0) -> str:
    """What `bin/jobserver token` prints, or complains of."""
    done = server.command("token", *arguments, "--data", str(server.data))
    assert done.returncode == code, done
    return (done.stdout if code == 0 else done.stderr).strip()


def bearing(text: str) -> dict[str, str]:
    """The headers of a caller from elsewhere that has a token."""
    return {**PROXY, "Authorization": f"Bearer {text}"}


def expired(server: Server, name: str) -> str:
    """A token of yesterday."""
    text = hashlib.sha256(name.encode()).hexdigest()
    line = f"{name} {hashlib.sha256(text.encode()).hexdigest()} admin 2026-01-01T00:00:00Z"
    with (server.data / "auth" / "tokens").open("a") as tokens:
        tokens.write(f"{line} 2026-01-02T00:00:00Z\n")
    return text


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """This process and its new sockets are another user's meanwhile; only root's can be."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
