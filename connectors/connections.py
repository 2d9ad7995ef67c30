"""The connections of `requests`: each looks at whom it reached before anything is sent, and at how long that takes."""

from __future__ import annotations

from http.client import HTTPResponse
from threading import Event
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from connectors.addresses import check_address
from connectors.patience import Patience, Watched
from core.errors import AddressRefused

Pools = dict[str, type[HTTPConnectionPool]]


class _Patient(HTTPConnection):
    """Reads its answers with patience. A stop ends the reading of what is only asked; a change is waited for."""

    ended_by: Event | None = None

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._patience = Patience()

    def connect(self) -> None:
        self._patience.begin()
        super().connect()

    def request(self, method: str, *arguments: Any, **keywords: Any) -> None:
        self._patience = Patience(self.ended_by if method == "GET" else None)
        self._patience.begin()
        super().request(method, *arguments, **keywords)

    def response_class(self, sock: Any, *arguments: Any, **keywords: Any) -> HTTPResponse:  # type: ignore[override]
        """What `http.client` reads an answer by, also that of a proxy which is asked for a connection."""
        watched: Any = Watched(sock, self._patience)
        return HTTPResponse(watched, *arguments, **keywords)


def pools(*, private: bool, stop: Event | None) -> Pools:
    """The pools for hosts that are called directly, in the clear only where they are private."""

    class Https(_Patient, HTTPSConnection):
        ended_by = stop

        def connect(self) -> None:
            super().connect()
            _check_peer(self, private=private)

    class Http(_Patient):
        ended_by = stop

        def connect(self) -> None:
            super().connect()
            _check_peer(self, private=True, plain=True)

    return _pools(Https, Http) if private else {"https": _pools(Https, Http)["https"]}


def proxied_pools(*, stop: Event | None) -> Pools:
    """The pools behind a proxy. Whom the proxy reaches is its own rule, and the operator chose it."""

    class Https(_Patient, HTTPSConnection):
        ended_by = stop

    class Http(_Patient):
        ended_by = stop

    return _pools(Https, Http)


def _pools(https: type[HTTPSConnection], http: type[HTTPConnection]) -> Pools:
    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = https

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = http

    return {"https": HttpsPool, "http": HttpPool}


def _check_peer(connection: HTTPConnection, *, private: bool, plain: bool = False) -> None:
    # A name can resolve differently the second time, so the peer is looked at before a request leaves for it.
    try:
        check_address(str(connection.sock.getpeername()[0]), private=private, plain=plain)
    except AddressRefused:
        connection.close()
        raise
