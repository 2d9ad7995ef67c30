"""A small HTTP/1.1 server on loopback: keep-alive, a thread a connection, gzip when asked, faults before and after."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.clock import Clock
from tests.sandbox.faults import Cut, Fault, Faults

LONGEST_TARGET = 8192  # what the edge in front of the server takes


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came. `query` keeps repeated parameters."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    content: bytes
    target: str

    @property
    def body(self) -> Any:
        """The decoded JSON, the bytes when they are no JSON, None when there are none."""
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except ValueError:
            return self.content


@dataclass(slots=True)
class Answer:
    """What goes back. `cut_to` sends only so many bytes of the body and hangs up; `pause` is seconds between bytes."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"
    cut_to: int | None = None
    pause: float = 0.0


class Logged(NamedTuple):
    """One line of a server's log of requests."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any


App = Callable[[Request], Answer]


class Server:
    """An app on a free loopback port while the context is open; leaving it raises a bug that the app had.

    `control` answers what is below `/__sandbox__/`.
    """

    def __init__(self, app: App, *, clock: Clock, control: App | None = None, port: int = 0) -> None:
        self.app = app
        self.control = control
        self.clock = clock
        self.faults = Faults(clock)
        self.requests: list[Logged] = []
        self.bugs: list[Exception] = []
        self.connections: set[socket.socket] = set()
        self._http = _Http(("127.0.0.1", port), _Connection)
        self._http.site = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.bugs and error is None:
            raise self.bugs[0]

    def close(self) -> None:
        """Stop answering and hang up on everybody."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        for connection in list(self.connections):
            _hang_up(connection)

    def answer(self, request: Request) -> Answer:
        """The answer with the faults that are due. Raises Cut when the connection is to be dropped without one."""
        if self.control is not None and request.path.startswith("/__sandbox__/"):
            return self.control(request)
        self.requests.append(
            Logged(
                request.method,
                request.path,
                {name: list(values) for name, values in request.query.items()},
                request.body,
            )
        )
        due = self.faults.due(request)
        for fault in due:
            if fault.early is not None and (early := fault.early(request)) is not None:
                return early
        answer = self.app(request)
        for fault in due:
            answer = _spoil(fault, request, answer)
        return answer


def _spoil(fault: Fault, request: Request, answer: Answer) -> Answer:
    return answer if fault.late is None else fault.late(request, answer)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    site: Server

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.site.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.site.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a bug of the sandbox and is printed."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.title(): value for name, value in self.headers.items()},
            content=content,
            target=self.path,
        )
        try:
            answer = self.server.site.answer(request) if len(self.path) <= LONGEST_TARGET else Answer(414)
        except Cut:
            _hang_up(self.connection)
            self.close_connection = True
            return
        except Exception as bug:
            # A bug of the sandbox must not pass for a fault that was asked for: it is raised when the context ends.
            self.server.site.bugs.append(bug)
            answer = Answer(500, b"<html><body>The sandbox has a bug.</body></html>", {}, "text/html")
        self._send(request, answer)

    def _send(self, request: Request, answer: Answer) -> None:
        body = answer.body
        headers = {
            "Date": format_datetime(self.server.site.clock.now().replace(microsecond=0), usegmt=True),
            "Server": "AtlassianEdge",
        }
        if answer.status != HTTPStatus.NO_CONTENT:
            headers["Content-Type"] = answer.content_type
        packed = "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 1024
        if packed and "Content-Encoding" not in answer.headers:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        headers |= answer.headers
        reason = HTTPStatus(answer.status).phrase
        lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        head = "\r\n".join(lines).encode("latin-1")
        sent = body if answer.cut_to is None else body[: answer.cut_to]
        if request.method == "HEAD":
            sent = b""
        if answer.pause:
            self.connection.sendall(head)
            for byte in sent:
                self.connection.sendall(bytes([byte]))
                time.sleep(answer.pause)
        else:
            self.connection.sendall(head + sent)
        if answer.cut_to is not None:
            _hang_up(self.connection)
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited
        """Say nothing: the log is `Server.requests`."""


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster
