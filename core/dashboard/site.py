"""The pages over HTTP, for reading only."""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from core.dashboard.hosts import is_for_us
from core.dashboard.render import policy
from core.errors import StoreError

INDEX = "index.html"
KINDS = {"html": "text/html", "json": "application/json"}


class Site:
    """An ASGI application that answers with the files of `content`, each made anew, and with nothing else.

    `content` gives a file's text by its name or raises KeyError. Requests must name one of `hosts` or an IP address as
    their host: a foreign name that was made to lead here (DNS rebinding) is turned away. What the store says when it
    cannot be read goes to `tell`, and not to the reader.
    """

    def __init__(
        self, content: Callable[[str], str], hosts: Collection[str], tell: Callable[[StoreError], None]
    ) -> None:
        self._content = content
        self._hosts = {host.lower() for host in hosts}
        self._tell = tell
        # A page reads much of the store: many readers at once wait for each other and not for memory.
        self._one_at_a_time = Lock()
        self._headers = {
            "Content-Security-Policy": f"{policy()}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cache-Control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        response = await run_in_threadpool(self._answer, Request(scope))
        response.headers.update(self._headers)
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if not is_for_us(request.headers.raw, self._hosts):
            return PlainTextResponse("This is not the host that you asked for.", 421)
        if request.method not in {"GET", "HEAD"}:
            return PlainTextResponse("These pages are for reading.", 405, {"Allow": "GET, HEAD"})
        name = request.url.path.removeprefix("/") or INDEX
        try:
            with self._one_at_a_time:
                text = self._content(name)
        except KeyError:
            return PlainTextResponse("There is no such page.", 404)
        except StoreError as error:
            self._tell(error)
            return PlainTextResponse("The store cannot be read now.", 503, {"Retry-After": "60"})
        return Response(text, media_type=KINDS[name.rpartition(".")[2]])
