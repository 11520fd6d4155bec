"""A client of Jobserver, and the command `sjs`.

with Client("http://127.0.0.1:8090") as client:
    client.upload("words", Path("dist/words-1.0-py3-none-any.whl"))
    job = client.submit("words.Count", binary="words", context="c", config={"input": "a b"})
    print(client.wait(job.id).result)

It needs what `pip install 'sparkjobserver[client]'` brings, and neither Spark nor Java. It is no
part of what runs jobs: the server's own copy of `sparkjobserver` does not have it.
"""

from importlib.util import find_spec

if find_spec("httpx2") is None:
    raise ModuleNotFoundError("What the client needs: pip install 'sparkjobserver[client]'")

from sparkjobserver.client.archives import ArchiveError
from sparkjobserver.client.client import Client
from sparkjobserver.client.errors import (
    ClientError,
    JobserverError,
    UnreachableError,
    ValidationError,
    WaitTimeoutError,
)
from sparkjobserver.client.events import Event, LogEvent, ProgressEvent, StateEvent
from sparkjobserver.client.reports import (
    Binary,
    Context,
    ContextFactory,
    Failure,
    Job,
    LogPart,
    Progress,
)

__all__ = [
    "ArchiveError",
    "Binary",
    "Client",
    "ClientError",
    "Context",
    "ContextFactory",
    "Event",
    "Failure",
    "Job",
    "JobserverError",
    "LogEvent",
    "LogPart",
    "Progress",
    "ProgressEvent",
    "StateEvent",
    "UnreachableError",
    "ValidationError",
    "WaitTimeoutError",
]
