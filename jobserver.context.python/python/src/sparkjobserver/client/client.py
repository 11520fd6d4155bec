"""The client itself: a method for each thing that the server does."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import httpx2

from sparkjobserver.client import archives, hocon
from sparkjobserver.client.connection import Connection, Repeat, json_of, segment
from sparkjobserver.client.errors import JobserverError, UnreachableError
from sparkjobserver.client.events import Deadline, Event, Follower, after_log, log_part
from sparkjobserver.client.reports import Binary, Context, ContextFactory, Job, LogPart

UPLOAD_SECONDS = 600.0
MAKE_CONTEXT_SECONDS = 900.0
LONGEST_POLL_SECONDS = 60.0
HOCON_TYPE = {"Content-Type": "text/plain; charset=utf-8"}


class Client:
    """A client of one server. It may be used by one thread at a time, in a `with` or until `close`.

    A request that breaks off is sent again where that is safe: it only reads, or it is a
    submission, which has a key for that. All methods raise `JobserverError` when the server
    refuses, and `UnreachableError` when it does not answer.

    :param url: where the server is; a user's name and password in it are sent along
    :param timeout: for how many seconds the server may be silent before it counts as unreachable
    :param patience: for how many seconds a request that broke off is tried again
    :param token: a token of the server, by which it knows who is calling
    :param ca_file: PEM with the authorities of the server's certificate, in place of the system's
    :param certificate: PEM with a certificate of the caller's, and its key
    :param headers: for each request
    :param transport: what carries requests in place of the network, for tests
    :param sleep: what waits, in seconds, for tests
    :raises ValueError: where `url` does not begin with http:// or https://, or a file holds no PEM
    :raises OSError: where a file cannot be read
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8090",
        *,
        timeout: float = 60.0,
        patience: float = 30.0,
        token: str | None = None,
        ca_file: Path | None = None,
        certificate: Path | None = None,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = Connection(
            url,
            timeout=timeout,
            patience=patience,
            headers={
                **({} if token is None else {"Authorization": f"Bearer {token}"}),
                **(headers or {}),
            },
            ca_file=ca_file,
            certificate=certificate,
            transport=transport,
            sleep=sleep,
        )

    @property
    def url(self) -> str:
        """The server's address, without a password."""
        return self._connection.url

    def __enter__(self) -> Client:  # noqa: PYI034 (Self is new in Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections to the server."""
        self._connection.close()

    def get(self, path: str, **params: str) -> httpx2.Response:
        """Reads any route, such as one of a plugin's. Names in the path are percent-encoded."""
        return self._connection.request("GET", path, params=params, repeat=Repeat.BROKEN)

    # The server

    def check_health(self) -> None:
        """Returns where the server can do its work.

        :raises JobserverError: where it cannot
        """
        self.get("/healthz")

    def context_factories(self) -> list[ContextFactory]:
        """What can make contexts now, by name."""
        return [ContextFactory.of(told) for told in json_of(self.get("/context-factories"))]

    # Binaries

    def binaries(self) -> list[Binary]:
        """The latest upload of each name, by name."""
        return [Binary.of(told, name) for name, told in json_of(self.get("/binaries")).items()]

    def binary(self, name: str) -> Binary:
        """The latest upload of a name."""
        return Binary.of(json_of(self.get(f"/binaries/{segment(name)}")))

    def upload(self, name: str, file: Path) -> None:
        """Uploads an egg or a wheel. New jobs run what the last upload of a name has.

        :raises ArchiveError: where the file is neither, by its name
        :raises OSError: where it cannot be read
        """
        self._connection.request(
            "POST",
            f"/binaries/{segment(name)}",
            headers={"Content-Type": archives.media_type(file)},
            content=file,
            timeout=UPLOAD_SECONDS,
        )

    def upload_once(self, file: Path) -> str:
        """Uploads an egg or a wheel under a name made of its package and its bytes.

        Where the server has that name it has these bytes, and nothing is sent.

        :return: the name, for `submit`
        :raises ArchiveError: as `upload`
        :raises OSError: as `upload`
        """
        name = archives.name_by_content(file)
        try:
            self.binary(name)
        except JobserverError as error:
            if error.status != 404:
                raise
            self.upload(name, file)
        return name

    def delete_binary(self, name: str) -> None:
        """Removes all uploads of a name."""
        self._connection.request("DELETE", f"/binaries/{segment(name)}")

    # Contexts

    def contexts(self) -> list[str]:
        """The names of the contexts that run or are stopping, the latest first."""
        return [str(name) for name in json_of(self.get("/contexts"))]

    def context(self, name: str) -> Context:
        """The latest context of a name, also one that has ended."""
        return Context.of(json_of(self.get(f"/contexts/{segment(name)}")))

    def create_context(
        self,
        name: str,
        settings: Mapping[str, Any] | None = None,
        *,
        factory: str | None = None,
        config: str | Mapping[str, Any] = "",
    ) -> None:
        """Makes a context, and returns when it runs.

        :param settings: by name, such as `num-cpu-cores` or `spark.sql.shuffle.partitions`
        :param factory: what is to make it; the server's default where left out
        :param config: HOCON whose block `spark.context-settings` counts, below the settings
        """
        all_settings = dict(settings or {})
        if factory is not None:
            all_settings["context-factory"] = factory
        body = hocon.with_settings(
            hocon.text_of(config), all_settings, under=("spark", "context-settings")
        )
        self._connection.request(
            "POST",
            f"/contexts/{segment(name)}",
            headers=HOCON_TYPE,
            content=body.encode(),
            timeout=MAKE_CONTEXT_SECONDS,
        )

    def delete_context(self, name: str) -> bool:
        """Stops a context with its jobs and its processes.

        :return: whether it is stopped; False where it takes its time, and goes on stopping
        """
        return self._connection.request("DELETE", f"/contexts/{segment(name)}").status_code == 200

    # Jobs

    def jobs(
        self,
        *,
        status: str | None = None,
        context: str | None = None,
        class_path: str | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """The latest jobs, the latest first, without results.

        :param status: only those in this state
        :param context: only those of contexts with this name
        :param class_path: only those of this class
        :param limit: how many at the most, up to 10,000
        """
        wanted = {"status": status, "context": context, "classPath": class_path}
        params = {key: value for key, value in wanted.items() if value is not None}
        return [Job.of(told) for told in json_of(self.get("/jobs", limit=str(limit), **params))]

    def job(self, job_id: str) -> Job:
        """A job, with its result where it is FINISHED."""
        return Job.of(json_of(self.get(f"/jobs/{segment(job_id)}")))

    def job_config(self, job_id: str) -> Any:
        """The configuration that was posted for a job."""
        return json_of(self.get(f"/jobs/{segment(job_id)}/config"))

    def submit(
        self,
        class_path: str,
        *,
        binary: str,
        context: str | None = None,
        config: str | Mapping[str, Any] = "",
        callback_url: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Job:
        """Submits a job, and returns when it was found valid and runs.

        However often the answer is lost, there is one job.

        :param class_path: `package.module.Class`
        :param binary: the name of the upload that has it
        :param context: where it is to run; in one of its own where left out
        :param config: what the job is given: HOCON, or a dictionary that could be a JSON object
        :param callback_url: what the server is to tell when the job has ended
        :param idempotency_key: the same for two calls that shall make one job; random if left out
        :param timeout: for how many seconds to wait for the start; without end where left out
        :raises ValidationError: where the job refuses its input
        :raises WaitTimeoutError: when the time is over; there may be a job
        """
        params = {"appName": binary, "classPath": class_path}
        if context is not None:
            params["context"] = context
        if callback_url is not None:
            params["callbackUrl"] = callback_url
        key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
        body = hocon.text_of(config).encode()
        deadline = Deadline(timeout)
        silence = self._connection.timeout if context is not None else MAKE_CONTEXT_SECONDS
        while True:
            try:
                answer = self._connection.request(
                    "POST",
                    "/jobs",
                    params=params,
                    headers={**HOCON_TYPE, "Idempotency-Key": key},
                    content=body,
                    repeat=Repeat.BROKEN,
                    timeout=deadline.left(silence),
                )
                return Job.of(json_of(answer))
            except UnreachableError:  # noqa: PERF203 (each attempt is a request)
                deadline.left(0)
                raise
            except JobserverError as error:
                if not error.is_timeout:
                    raise
                # It has not started yet. The same request is told how it is by then.
                self._connection.sleep(deadline.left(0.25))

    def follow(
        self, job_id: str, *, log_offset: int | None = None, timeout: float | None = None
    ) -> Iterator[Event]:
        """What happens to a job until it has ended, as it happens.

        A connection that breaks off is made again, and nothing is missed or told twice. The server
        may be started anew meanwhile.

        :param log_offset: from which byte of the log on; all of it where left out
        :param timeout: for how many seconds, looked at every five; without end where left out
        :raises WaitTimeoutError: when the time is over
        """
        after = None if log_offset is None else after_log(log_offset)
        return Follower(self._connection, job_id, after, Deadline(timeout)).events()

    def wait(self, job_id: str, *, timeout: float | None = None) -> Job:
        """Waits until a job has ended, also while the server is started anew.

        :param timeout: for how many seconds; without end where left out
        :return: the job, with its result where it is FINISHED
        :raises WaitTimeoutError: when the time is over
        """
        deadline = Deadline(timeout)
        job = self.job(job_id)
        while not job.has_ended:
            seconds = max(1, int(deadline.left(LONGEST_POLL_SECONDS)))
            answer = self._connection.request(
                "GET",
                f"/jobs/{segment(job_id)}",
                params={"wait": str(seconds)},
                repeat=Repeat.ALWAYS,
                timeout=seconds + self._connection.timeout,
            )
            job = Job.of(json_of(answer))
        return job

    def cancel(self, job_id: str) -> str:
        """Ends a job, and returns when its process is dead.

        :return: KILLED, or ERROR where it had failed
        :raises JobserverError: with status 404 where it had ended otherwise
        """
        answer = self._connection.request("DELETE", f"/jobs/{segment(job_id)}")
        return str(json_of(answer)["status"])

    def log(self, job_id: str, *, offset: int | None = None, tail: int | None = None) -> LogPart:
        """What a job has written so far.

        :param offset: from which byte on
        :param tail: how many of the last lines; counts only without `offset`
        """
        wanted = {"offset": offset, "tail": tail}
        params = {key: str(value) for key, value in wanted.items() if value is not None}
        return log_part(self._connection, f"/jobs/{segment(job_id)}", params)

    def write_result(self, job_id: str, out: BinaryIO) -> None:
        """Writes the result of a job that is FINISHED, byte by byte as the server has it.

        However large it is, little of it is in memory.
        """
        path = f"/jobs/{segment(job_id)}/result"
        with self._connection.stream("GET", path) as answer:
            out.writelines(answer.iter_bytes())
