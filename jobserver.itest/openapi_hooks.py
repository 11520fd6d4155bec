"""What schemathesis must know beyond the OpenAPI document."""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies

#: An archive of jobs that end in each way.
JOBS = Path(os.environ["OPENAPI_ARCHIVE"]).read_bytes()

#: Bytes that begin as an archive does, which the schema cannot ask for.
ARCHIVE = b"PK\x03\x04"

WORDS = strategies.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,3}", fullmatch=True)
VALUES = strategies.one_of(
    strategies.integers(), strategies.booleans(), WORDS, strategies.lists(strategies.integers())
)


def hocon(settings: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {str(value).lower()}" for key, value in settings.items())


# Text that is HOCON, where words do not contradict each other.
schemathesis.openapi.format("hocon", strategies.dictionaries(WORDS, VALUES, max_size=3).map(hocon))


@schemathesis.serializer(
    "application/python-egg", "application/python-archive", "application/python-wheel"
)
def archive(context: Any, value: Any) -> bytes:
    return ARCHIVE + (value if isinstance(value, bytes) else repr(value).encode())


@schemathesis.hook
def filter_query(context: Any, query: dict[str, Any] | None) -> bool:
    """Leaves out times that JSON Schema's date-time allows and no clock shows."""
    since = str((query or {}).get("since", ""))
    return not re.search(r":60|[+-](1[89]|2\d):\d\d$", since)


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Lets half of the submissions name what is there, so that jobs run and end in each way.

    Only texts are replaced, which cannot be what makes a query wrong.
    """
    size = len(repr(query))
    if query is None or context.operation.label != "POST /jobs" or size % 2:
        return query
    ways = ["Works", "Fails", "Refuses", "IsMissing", *([] if "sync" in query else ["Lasts"])]
    named = {"appName": "words", "classPath": f"words.{ways[size // 2 % len(ways)]}"}
    if "context" in query:
        named["context"] = "nightly"
    return query | named


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Of submissions that name what is there, lets most come through.

    What they name is there again, whatever was deleted meanwhile; they want no callback, for
    callbacks are off; and their keys are new.
    """
    query = case.query or {}
    if case.operation.label == "POST /jobs" and query.get("appName") == "words":
        base = case.operation.base_url.rstrip("/")
        post(f"{base}/binaries/words", JOBS)
        post(f"{base}/contexts/nightly", b"")
        if len(repr(query)) % 4:
            query.pop("callbackUrl", None)
            if (case.headers or {}).get("Idempotency-Key"):
                case.headers["Idempotency-Key"] = str(uuid.uuid4())


def post(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": "application/python-egg"})
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as refused:
        refused.close()  # it is there


@schemathesis.check
def nothing_unexpected(context: Any, response: Any, case: Any) -> None:
    """An error with an incident is one that nobody expected."""
    assert "incident-id" not in response.headers, response.text
