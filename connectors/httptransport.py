"""What httpx calls through: allowed addresses only, and every read with patience."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from connectors.addresses import allowed_addresses, check_url
from connectors.patience import Patience
from core.errors import ConfigurationError

MOST_ADDRESSES = 4
"""Addresses of one name that are tried, one after the other."""


class GuardedTransport(httpx.BaseTransport):
    """Calls allowed addresses only: the name is resolved once, and the connection goes to an address that was checked.

    The server's name in TLS and in the request stays what it was. Through a proxy names are the proxy's business.
    """

    def __init__(self, *, private: bool, context: ssl.SSLContext, patience: Patience, proxy: str | None = None) -> None:
        self._private = private
        self._pools: dict[str, httpcore.ConnectionPool] = {}
        if proxy is not None:
            pool = _proxied(proxy, context, _Backend(patience))
            self._pools = {"https": pool, "http": pool}
        else:
            for scheme in ("https", "http"):
                backend = _GuardedBackend(patience, private=private, plain=scheme == "http")
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


class _PatientStream(httpcore.NetworkStream):
    """A connection of httpcore that is read with patience."""

    def __init__(self, stream: httpcore.NetworkStream, patience: Patience) -> None:
        self._stream = stream
        self._patience = patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        def take(seconds: float) -> bytes:
            try:
                return self._stream.read(max_bytes, seconds)
            except httpcore.ReadTimeout as error:
                raise TimeoutError from error

        try:
            return self._patience.read(take, timeout)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _PatientStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._patience)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    """Connects to what it is told, and reads with patience."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def connect_tcp(self, *arguments: Any, **keywords: Any) -> httpcore.NetworkStream:
        return _PatientStream(super().connect_tcp(*arguments, **keywords), self._patience)


class _GuardedBackend(_Backend):
    """Connects to addresses that were checked."""

    def __init__(self, patience: Patience, *, private: bool, plain: bool) -> None:
        super().__init__(patience)
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


def _proxied(proxy: str, context: ssl.SSLContext, backend: httpcore.NetworkBackend) -> httpcore.HTTPProxy:
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
        network_backend=backend,
    )
