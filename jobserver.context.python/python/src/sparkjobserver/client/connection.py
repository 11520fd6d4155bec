"""Requests and their answers, and when a request is sent again."""

from __future__ import annotations

import enum
import ipaddress
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from sparkjobserver.client.errors import JobserverError, UnreachableError

CONNECT_SECONDS = 10.0
_REFUSED = (httpx2.ConnectError, httpx2.ConnectTimeout)


class Repeat(enum.Enum):
    """When a request is sent again that got no answer."""

    NEVER = enum.auto()
    """Doing it twice would be wrong, or costly."""

    BROKEN = enum.auto()
    """When it broke off, until there is an answer. That nobody listens at all is told at once."""

    ALWAYS = enum.auto()
    """Also when nobody listens or the server is not ready: it was there before, and comes back."""


def segment(name: str) -> str:
    """A name as a part of a path, whatever characters it has."""
    quoted = urllib.parse.quote(name, safe="")
    return quoted.replace(".", "%2E") if quoted in (".", "..") else quoted


def pauses(patience: float) -> Iterator[float]:
    """How many seconds to wait before each further attempt; together they are the patience."""
    pause = 0.25
    while patience > 0:
        yield min(pause, patience)
        patience -= pause
        pause = min(2 * pause, 2.0)


def _tls(ca_file: Path | None, certificate: Path | None) -> ssl.SSLContext | bool:
    """By what the server's certificate is checked, and what it is shown."""
    if ca_file is None and certificate is None:
        return True
    for file in filter(None, (ca_file, certificate)):
        file.read_bytes()  # The errors of the library below do not name a file.
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if certificate is not None:
            context.load_cert_chain(certificate)
    except ssl.SSLError as error:
        files = " or ".join(str(file) for file in (ca_file, certificate) if file is not None)
        raise ValueError(f"{files} is no PEM as TLS needs it: {error}") from error
    return context


class Connection:
    """A server's address, and the connections to it.

    :param url: where the server is, also below a path
    :param timeout: for how many seconds the server may be silent
    :param patience: for how many seconds what broke off is tried again
    :param headers: for each request
    :param ca_file: PEM with the authorities of the server's certificate, in place of the system's
    :param certificate: PEM with a certificate of the caller's, and its key
    :param transport: what carries requests in place of the network
    :param sleep: what waits, in seconds
    :raises ValueError: where `url` is no address of the web, or a file holds no PEM
    :raises OSError: where a file cannot be read
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        patience: float,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        certificate: Path | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        address = _address(url)
        self.url = str(address.copy_with(userinfo=b"")).rstrip("/")
        self.timeout = timeout
        self.patience = patience
        self.sleep = sleep
        self._http = httpx2.Client(
            base_url=address,
            headers=headers,
            transport=transport,
            verify=_tls(ca_file, certificate),
            # What the environment says of proxies is not meant for this machine.
            trust_env=not is_loopback(address.host),
        )

    def close(self) -> None:
        """Closes what is open."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | Path | None = None,
        repeat: Repeat = Repeat.NEVER,
        timeout: float | None = None,
    ) -> httpx2.Response:
        """Sends a request and reads the answer.

        :param content: the body, or the file that is the body
        :param timeout: in place of the connection's
        :raises JobserverError: when the answer is an error
        :raises UnreachableError: when there is none
        """

        def attempt() -> httpx2.Response:
            with self._opened(
                method, path, params=params, headers=headers, content=content, timeout=timeout
            ) as response:
                response.read()
            return response

        return self._answer(attempt, repeat)

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Iterator[httpx2.Response]:
        """Sends a request, once, whose answer is read as it comes.

        :raises JobserverError: as `request`
        :raises UnreachableError: when there is no answer, or it breaks off
        """
        try:
            with self._opened(method, path, headers=headers, timeout=timeout) as response:
                if response.status_code >= 300:
                    response.read()
                yield _checked(response)
        except httpx2.RequestError as error:
            raise self.unreachable(error) from error

    def unreachable(self, error: httpx2.RequestError) -> UnreachableError:
        """What to say of an attempt that failed."""
        why = str(error) or type(error).__name__
        if isinstance(error, _REFUSED):
            return UnreachableError(f"{self.url} cannot be reached: {why}", may_come_back=False)
        if isinstance(error, httpx2.TimeoutException):
            why = "it was silent for too long"
        return UnreachableError(f"{self.url} did not answer to the end: {why}", may_come_back=True)

    def _answer(self, attempt: Callable[[], httpx2.Response], repeat: Repeat) -> httpx2.Response:
        """The answer of the first attempt that has one."""
        goes_on = repeat is Repeat.ALWAYS
        waits = pauses(self.patience)
        while True:
            try:
                return _checked(attempt())
            except JobserverError as error:
                pause = next(waits, None) if goes_on and error.may_pass else None
                if pause is None:
                    raise
            except httpx2.RequestError as error:
                if not isinstance(error, _REFUSED):
                    goes_on = goes_on or repeat is Repeat.BROKEN
                pause = next(waits, None) if goes_on else None
                if pause is None:
                    raise self.unreachable(error) from error
            self.sleep(pause)

    @contextmanager
    def _opened(
        self,
        method: str,
        path: str,
        *,
        timeout: float | None,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None = None,
        content: bytes | Path | None = None,
    ) -> Iterator[httpx2.Response]:
        limit = self.timeout if timeout is None else timeout
        with ExitStack() as open_things:
            body: bytes | BinaryIO | None
            if isinstance(content, Path):
                body = open_things.enter_context(content.open("rb"))
            else:
                body = content
            yield open_things.enter_context(
                self._http.stream(
                    method,
                    path,
                    params=params,
                    headers=headers,
                    content=body,
                    timeout=httpx2.Timeout(limit, connect=min(limit, CONNECT_SECONDS)),
                )
            )


def _checked(response: httpx2.Response) -> httpx2.Response:
    """An answer that is none of errors, nor leads elsewhere.

    :raises JobserverError: for all others
    """
    status = response.status_code
    if status >= 400:
        raise JobserverError.of(status, response.text)
    if status >= 300:
        to = response.headers.get("Location", "another address")
        raise JobserverError(status, "ERROR", f"The server is not here: it leads to {to}")
    return response


def _address(url: str) -> httpx2.URL:
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise ValueError(f"{url} is no address: {error}") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise ValueError(f"{url} is no address that begins with http:// or https://")
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its own address, which no network has."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def json_of(response: httpx2.Response) -> Any:
    """The JSON of an answer.

    :raises JobserverError: where it is none; then something else than a Jobserver has answered
    """
    try:
        return response.json()
    except ValueError:
        raise JobserverError(
            response.status_code, "ERROR", "The answer is no JSON: is this a Jobserver?"
        ) from None
