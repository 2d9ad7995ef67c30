"""Plain HTTP for connectors without an SDK, through httpx: who is called, what is followed, how much is taken.

A name is resolved once; every address behind it is looked at, and the connection goes to one of those. Redirects are
followed here, step by step under the same rules. Addresses may be secrets: only hosts are named in errors, and the
libraries' own logs, which name the rest, are silenced.
"""

from __future__ import annotations

import logging
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Event

import httpcore
import httpx
from requests.utils import get_environ_proxies, select_proxy

from config.secret import Secret
from config.sources import SourceSettings
from connectors.httptransport import GuardedTransport
from connectors.patience import Patience
from connectors.transport import (
    BROKEN_OFF,
    CANNOT_UNPACK,
    LARGEST_ANSWER,
    NOT_LET_THROUGH,
    NOT_REACHED,
    TIMEOUT,
    TOO_SLOW,
    UNTRUSTED,
    Failure,
    Passing,
    ReadRetry,
    check_status,
    trust,
)
from core.errors import AddressRefused, BadAnswer, ConfigurationError

MOST_REDIRECTS = 3
AT_ONCE = 1024 * 1024
"""Bytes that are unpacked at once, so that a small answer cannot become a large one before it is noticed."""
LAST_PORT = 65535
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_TALKATIVE = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")


def _nothing(_: logging.LogRecord) -> bool:
    return False


for _name in _TALKATIVE:
    # They tell whole addresses and headers, and a feed's address is a password.
    logging.getLogger(_name).addFilter(_nothing)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer, unpacked. `status_code` is 304 when nothing changed since the version that was named."""

    status_code: int
    headers: httpx.Headers
    content: bytes

    @property
    def unchanged(self) -> bool:
        """Whether the version that we named is still the present one."""
        return self.status_code == 304


class HttpClient:
    """Reads from one configured source. Making one sends nothing. Not for several threads at once.

    `requests` counts what was sent, tries and redirects included.
    """

    def __init__(self, settings: SourceSettings, *, stop: Event | None = None, retry: ReadRetry | None = None) -> None:
        self.requests = 0
        self._settings = settings
        self._retry = retry or ReadRetry(stop)
        self._patience = Patience(self._retry.stop)
        self._client: httpx.Client | None = None

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, largest: int = LARGEST_ANSWER) -> Fetched:
        """What stands at the address, up to `largest` bytes of it; nothing when the answer is 304.

        Raises RemoteError, and ConfigurationError for an address, a proxy or certificates that cannot be used.
        """

        def attempt() -> Fetched:
            self._retry.check()
            return self._follow(parsed(url), dict(headers or {}), largest)

        return self._retry.call(attempt)

    def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _follow(self, url: httpx.URL, headers: dict[str, str], largest: int) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(url, headers, largest)
            location = answer.headers.get("Location")
            if answer.status_code not in REDIRECTS or not location:
                if not answer.unchanged:
                    check_status(answer, url.host)
                return answer
            there = _joined(url, location)
            if _origin(there) != _origin(url):
                headers = {name: value for name, value in headers.items() if name.lower() not in SECRET_HEADERS}
                if there.scheme != "https":
                    raise AddressRefused(f"{url.host} sends us to an address that does not begin with https://.")
            url = there
        raise BadAnswer(f"{url.host} sends us on more than {MOST_REDIRECTS} times.")

    def _ask(self, url: httpx.URL, headers: Mapping[str, str], largest: int) -> Fetched:
        client = self._connected(url)
        request = client.build_request("GET", url, headers={**headers, "Accept-Encoding": "gzip"})
        with _translated(url.host):
            self.requests += 1
            self._patience.begin()
            answer = client.send(request, stream=True)
            try:
                content = b"".join(self._taken(answer, url.host, largest))
            finally:
                answer.close()
        return Fetched(answer.status_code, answer.headers, content)

    def _taken(self, answer: httpx.Response, host: str, largest: int) -> Iterator[bytes]:
        """The content as it comes, unpacked. Raises BadAnswer when it is too much."""
        taken = 0
        for chunk in _unpacked(answer, host):
            taken += len(chunk)
            if taken > largest:
                raise BadAnswer(f"{host} sent an answer that is larger than {largest // 1024**2} MiB.")
            yield chunk

    def _connected(self, url: httpx.URL) -> httpx.Client:
        if self._client is None:
            settings = self._settings
            proxy = settings.proxy.reveal() if isinstance(settings.proxy, Secret) else settings.proxy
            if not proxy:
                proxy = select_proxy(str(url), get_environ_proxies(str(url)))  # as everywhere else in Planward
            transport = GuardedTransport(
                private=settings.private_address,
                context=trust(settings.ca, settings.client_certificate),
                patience=self._patience,
                proxy=proxy,
            )
            connect, read = TIMEOUT
            self._client = httpx.Client(
                transport=transport,
                timeout=httpx.Timeout(read, connect=connect),
                follow_redirects=False,
                trust_env=False,
                headers={"User-Agent": "planward"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept, so none is sent
            )
        return self._client


def parsed(url: str) -> httpx.URL:
    """The address. Raises ConfigurationError, which does not repeat it."""
    try:
        found = _readable(httpx.URL(url))
    except (httpx.InvalidURL, ValueError):
        found = httpx.URL("")
    if not found.host:
        raise ConfigurationError("The address of the source is none; write one that begins with https://.")
    return found


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return _readable(url.join(location))
    except (httpx.InvalidURL, ValueError):
        raise BadAnswer(f"{url.host} sends us to an address that is none.") from None


def _readable(url: httpx.URL) -> httpx.URL:
    """The address. Raises ValueError when its host or port, which are read late, cannot be read."""
    if url.host and (url.port or 0) > LAST_PORT:
        raise ValueError("there is no such port")
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _unpacked(answer: httpx.Response, host: str) -> Iterator[bytes]:
    """The body, unpacked piece by piece. Raises BadAnswer when it is packed in another way than we asked for."""
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        yield from answer.iter_raw()
        return
    if packing not in ("gzip", "x-gzip"):
        raise CANNOT_UNPACK.of(host)
    unpack = zlib.decompressobj(wbits=31)
    for chunk in answer.iter_raw():
        left, more = chunk, True
        while more and not unpack.eof:
            try:
                piece = unpack.decompress(left, AT_ONCE)
            except zlib.error as error:
                raise CANNOT_UNPACK.of(host) from error
            yield piece
            left = unpack.unconsumed_tail
            more = bool(left) or len(piece) == AT_ONCE
        if unpack.eof and (left or unpack.unused_data):
            raise CANNOT_UNPACK.of(host)  # it goes on behind its end
    if not unpack.eof and answer.num_bytes_downloaded:
        raise Passing(BROKEN_OFF.of(host))


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """Failures of httpcore inside come out in our words: Passing for what may be tried again, else RemoteError."""
    try:
        yield
    except (httpx.RemoteProtocolError, ValueError):
        # httpx reads the address of a redirect that it does not follow, and repeats what is wrong with it.
        raise BadAnswer(f"{host} sends us to an address that is none.") from None
    except _KINDS as error:
        failure = UNTRUSTED if isinstance(error.__context__, ssl.SSLError) else _failure(error)
        if failure is None:
            raise BadAnswer(f"{host} cannot be sent a request ({type(error).__name__}).") from error
        raise (Passing(failure.of(host)) if failure.passing else failure.of(host)) from error


def _failure(error: Exception) -> Failure | None:
    return next((failure for kind, failure in _FAILURES if isinstance(error, kind)), None)


_FAILURES: tuple[tuple[type[Exception], Failure], ...] = (
    (httpcore.TimeoutException, TOO_SLOW),
    (httpcore.ProxyError, NOT_LET_THROUGH),
    (httpcore.NetworkError, NOT_REACHED),
    (httpcore.RemoteProtocolError, BROKEN_OFF),
)
_KINDS = (
    httpcore.TimeoutException,
    httpcore.ProxyError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
