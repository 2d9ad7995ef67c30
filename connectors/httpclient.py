"""Plain HTTP for connectors without an SDK, through httpx: who is called, what is followed, how much is taken.

A name is resolved once; every address behind it is looked at, and the connection goes to one of those. Redirects are
followed here, step by step under the same rules. Addresses may be secrets: only hosts are named in errors, and the
libraries' own logs, which name the rest, are silenced.
"""

from __future__ import annotations

import logging
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Event
from typing import Any

import httpcore
import httpx
from requests.utils import get_environ_proxies, select_proxy

from config.secret import Secret
from config.sources import SourceSettings
from connectors.addresses import allowed_addresses, check_url
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
LONGEST_ANSWER = 120.0
"""Seconds for one answer as a whole. A server that drips keeps every shorter limit."""
MOST_ADDRESSES = 4
"""Addresses of one name that are tried, one after the other."""
AT_ONCE = 1024 * 1024
"""Bytes that are unpacked at once, so that a small answer cannot become a large one before it is noticed."""
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
            answer = client.send(request, stream=True)
            try:
                content = b"".join(self._taken(answer, url.host, largest))
            finally:
                answer.close()
        return Fetched(answer.status_code, answer.headers, content)

    def _taken(self, answer: httpx.Response, host: str, largest: int) -> Iterator[bytes]:
        """The content as it comes, unpacked. Raises BadAnswer when it is too much, Passing when it takes too long."""
        until, taken = time.monotonic() + LONGEST_ANSWER, 0
        for chunk in _unpacked(answer, host):
            taken += len(chunk)
            if taken > largest:
                raise BadAnswer(f"{host} sent an answer that is larger than {largest // 1024**2} MiB.")
            yield chunk
            self._retry.check()
            if time.monotonic() > until:
                raise Passing(TOO_SLOW.of(host))

    def _connected(self, url: httpx.URL) -> httpx.Client:
        if self._client is None:
            settings = self._settings
            proxy = settings.proxy.reveal() if isinstance(settings.proxy, Secret) else settings.proxy
            if not proxy:
                proxy = select_proxy(str(url), get_environ_proxies(str(url)))  # as everywhere else in Planward
            transport = GuardedTransport(
                private=settings.private_address,
                context=trust(settings.ca, settings.client_certificate),
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


class GuardedTransport(httpx.BaseTransport):
    """Calls allowed addresses only: the name is resolved once, and the connection goes to an address that was checked.

    The server's name in TLS and in the request stays what it was. Through a proxy names are the proxy's business.
    """

    def __init__(self, *, private: bool, context: ssl.SSLContext, proxy: str | None = None) -> None:
        self._private = private
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        if proxy is not None:
            pool = _proxied(proxy, context)
            self._pools = {"https": pool, "http": pool}
        else:
            for scheme in ("https", "http"):
                backend = _Backend(private=private, plain=scheme == "http")
                self._pools[scheme] = httpcore.ConnectionPool(ssl_context=context, network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, of which nothing is read yet. Raises AddressRefused and what httpcore raises."""
        # What can be seen without resolving the name. That is done once, when the connection is made.
        check_url(str(request.url), private=self._private, proxied=True)
        assert isinstance(request.stream, httpx.SyncByteStream)
        answer = self._pools[request.url.scheme].handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer))

    def close(self) -> None:
        """Let go of the connections."""
        for pool in self._pools.values():
            pool.close()


class _Stream(httpx.SyncByteStream):
    """The body of an answer of httpcore, as httpx wants it."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.SyncBackend):
    """Connects to addresses that were checked."""

    def __init__(self, *, private: bool, plain: bool) -> None:
        self._private = private
        self._plain = plain

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address that takes one. Raises AddressRefused, SourceUnavailable, ConnectError."""
        addresses = allowed_addresses(host, port, private=self._private, plain=self._plain)[:MOST_ADDRESSES]
        for address in addresses[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def parsed(url: str) -> httpx.URL:
    """The address. Raises ConfigurationError, which does not repeat it."""
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        found = httpx.URL("")
    if not found.host:
        raise ConfigurationError("The address of the source is none; write one that begins with https://.")
    return found


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise BadAnswer(f"{url.host} sends us to an address that is none.") from None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _proxied(proxy: str, context: ssl.SSLContext) -> httpcore.HTTPProxy:
    try:
        url = httpx.Proxy(proxy)
    except (httpx.InvalidURL, ValueError):
        url = None
    if url is None or url.url.scheme not in ("http", "https"):
        raise ConfigurationError("The address of the proxy cannot be used; write http://HOST:PORT.")
    return httpcore.HTTPProxy(
        proxy_url=httpcore.URL(
            scheme=url.url.raw_scheme, host=url.url.raw_host, port=url.url.port, target=url.url.raw_path
        ),
        proxy_auth=url.raw_auth,
        ssl_context=context,
    )


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
    if not unpack.eof and answer.num_bytes_downloaded:
        raise Passing(BROKEN_OFF.of(host))


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """Failures of httpcore inside come out in our words: Passing for what may be tried again, else RemoteError."""
    try:
        yield
    except httpx.RemoteProtocolError:
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
