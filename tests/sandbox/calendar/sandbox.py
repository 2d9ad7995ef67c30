"""The stand-in calendar server on loopback."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from types import TracebackType
from typing import Any

from tests.sandbox.calendar.model import Calendar
from tests.sandbox.calendar.render import render
from tests.sandbox.calendar.state import CalendarState
from tests.sandbox.clock import Clock
from tests.sandbox.faults import Faults
from tests.sandbox.server import Answer, Logged, Request, Server

TEXT_CALENDAR = "text/calendar; charset=utf-8"


class CalendarSandbox:
    """Calendars at `/calendars/SECRET/NAME.ics` on a free loopback port while the context is open.

    `validators` says by what the server tells that nothing changed: `both`, `etag`, `modified` or `none`. A `restless`
    server writes DTSTAMP, CREATED, PRODID and the order of events anew at each fetch, as some of the largest do.
    """

    def __init__(
        self, state: CalendarState, *, validators: str = "both", restless: bool = False, port: int = 0
    ) -> None:
        self.state = state
        self.validators = validators
        self.restless = restless
        self.fetches = 0
        self.server = Server(self._answer, clock=state.clock, control=self._control, port=port)

    @property
    def url(self) -> str:
        """The server's address."""
        return self.server.url

    @property
    def clock(self) -> Clock:
        """The server's time."""
        return self.state.clock

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.server.faults

    @property
    def requests(self) -> list[Logged]:
        """The requests so far."""
        return self.server.requests

    def address(self, name: str) -> str:
        """The secret address of a calendar."""
        return f"{self.url}/calendars/{self.state.calendars[name].secret}/{name}.ics"

    def __enter__(self) -> CalendarSandbox:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    def _answer(self, request: Request) -> Answer:
        with self.state.lock:
            for calendar in self.state.calendars.values():
                if request.path == f"/calendars/{calendar.secret}/{calendar.name}.ics":
                    return self._feed(calendar, request)
        return Answer(404, b"<html><body>Not Found</body></html>", {}, "text/html")

    def _feed(self, calendar: Calendar, request: Request) -> Answer:
        self.fetches += 1
        headers = self._versions(calendar)
        if _same(headers, request):
            return Answer(304, b"", headers, TEXT_CALENDAR)
        if self.restless:
            body = render(calendar, stamped=self.clock.now() + timedelta(seconds=self.fetches), fetch=self.fetches)
        else:
            body = render(calendar)
        return Answer(200, body, headers, TEXT_CALENDAR)

    def _versions(self, calendar: Calendar) -> dict[str, str]:
        told = {}
        if self.validators in ("both", "etag"):
            told["ETag"] = '"' + hashlib.sha256(render(calendar)).hexdigest()[:16] + '"'
        if self.validators in ("both", "modified"):
            told["Last-Modified"] = format_datetime(calendar.changed.replace(microsecond=0), usegmt=True)
        return told

    def _control(self, request: Request) -> Answer:
        """The sandbox's own endpoints below `/__sandbox__/`, for tests in another process."""
        name = request.path.removeprefix("/__sandbox__/")
        body: dict[str, Any] = request.body if isinstance(request.body, dict) else {}
        match request.method, name:
            case "POST", "clock":
                self.clock.set(datetime.fromisoformat(body["now"]))
            case "POST", "faults":
                self.faults.add(**body)
            case "DELETE", "faults":
                self.faults.clear()
            case "DELETE", "requests":
                self.requests.clear()
            case _:
                return Answer(404)
        return Answer(204)


def _same(headers: dict[str, str], request: Request) -> bool:
    """Whether the request names the version that there is. A named ETag decides alone (RFC 9110, 13.1.3)."""
    named = request.headers.get("If-None-Match")
    if named is not None and "ETag" in headers:
        return headers["ETag"] in [tag.strip().removeprefix("W/") for tag in named.split(",")]
    since = request.headers.get("If-Modified-Since")
    if since is None or "Last-Modified" not in headers:
        return False
    return parsedate_to_datetime(headers["Last-Modified"]) <= parsedate_to_datetime(since)
