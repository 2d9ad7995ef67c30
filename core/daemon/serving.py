"""The daemon asked over HTTP: `/healthz`, `/readyz`, `/metrics`. It reads and never writes, in threads of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from config.secret import hidden
from config.settings import HttpSettings
from core.daemon.health import Health
from core.daemon.metrics import CONTENT_TYPE, exposition
from core.dashboard.hosts import is_for_us
from core.errors import PlanwardError, StoreError

MOST_CONNECTIONS = 32
LONGEST_GOODBYE = 1
"""Seconds that answers in hand are waited for when we stop."""


def answers(health: Health, check_store: Callable[[], None], hosts: frozenset[str]) -> Starlette:
    """The pages. `check_store` raises StoreError; `hosts` are the names by which they may be asked."""

    def healthz(_request: Request) -> Response:
        alive, seen = health.is_alive(), health.snapshot()
        return JSONResponse(
            {
                "alive": alive,
                "configuration": {"problems": [hidden(problem) for problem in seen.problems]},
                "faults": seen.faults,
            },
            status_code=200 if alive else 503,
        )

    def readyz(_request: Request) -> Response:
        trouble = None
        try:
            check_store()
        except StoreError as error:
            trouble = hidden(str(error))
        unread = health.snapshot().unread
        ready = trouble is None and not unread
        return JSONResponse({"ready": ready, "store": trouble, "unread": unread}, status_code=200 if ready else 503)

    def metrics(_request: Request) -> Response:
        return Response(exposition(health), media_type=CONTENT_TYPE)

    # Plain functions: each answer is made in a thread, so that a slow store holds up that answer alone.
    routes = [Route(f"/{page.__name__}", page, methods=["GET"]) for page in (healthz, readyz, metrics)]
    return Starlette(routes=routes, middleware=[Middleware(_KnownHosts, hosts=hosts)])


class _KnownHosts:
    """Refuses who asks by a name that is none of ours: a web page could have its own name lead here."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_for_us(scope["headers"], self._hosts):
            await self._app(scope, receive, send)
        else:
            refused = PlainTextResponse(
                "Ask by an address, or by a name of `http: {hosts: [...]}` in the configuration.\n", status_code=421
            )
            await refused(scope, receive, send)


@contextmanager
def served(settings: HttpSettings, health: Health, check_store: Callable[[], None]) -> Iterator[None]:
    """The pages while the context lasts. Raises PlanwardError when the address cannot be listened on."""
    listener = _listen(settings)
    hosts = frozenset({"localhost", *(name.lower() for name in settings.hosts)})
    server = uvicorn.Server(
        uvicorn.Config(
            answers(health, check_store, hosts),
            log_config=None,
            access_log=False,
            lifespan="off",
            loop="asyncio",
            http="h11",
            ws="none",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=LONGEST_GOODBYE,
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), name="http", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(2 * LONGEST_GOODBYE)
        listener.close()


def _listen(settings: HttpSettings) -> socket.socket:
    host, port = settings.address
    listener = socket.socket(socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise PlanwardError(
            f"{settings.listen} cannot be listened on: {error.strerror}",
            advice="Name another address as `http: {listen: ...}` in the configuration, or write `http: off`.",
        ) from error
    return listener
