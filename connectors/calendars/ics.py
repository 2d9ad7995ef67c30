"""Published calendars, one address a source (RFC 5545). The address is a secret: nothing but its host is ever told.

A feed is one whole. What is not one whole good calendar is refused, and the last good copy stays; nothing is ever taken
for "all events were deleted". Whether something moved is told by the server (304), or by a digest of what the feed
says, since many servers write it anew each time. The window of what is asked for moves on with the server's day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from config.sources import IcsSettings
from connectors.calendars.entries import LONGEST_UID
from connectors.calendars.reading import MOST_BYTES, read_apart
from connectors.calendars.task import Outcome, Window
from connectors.httpclient import Fetched, HttpClient
from connectors.transport import ReadRetry, answered_at, clean
from core.errors import AccessDenied, BadAnswer, NotThere, RemoteError
from core.model import Agenda, Cursor, Identity, Page, SetAside, Status
from core.ports import Known

REACH = timedelta(days=400)
"""How far back and ahead of today is looked: a year, and what is planned around it."""
VERSION: Final = 2
"""Raised when feeds are read differently, so that they are read again."""
LONGEST_NAME: Final = 2 * LONGEST_UID
"""Characters of the name of a series: its UID, and what tells it from others with the same."""
SECURE: Final = {"webcal": "https", "webcals": "https"}
WRONG_LINK: Final = (
    "Put the calendar's address in iCal format where `url` points: the one that calendar programs subscribe to, which"
    " mostly ends in .ics, and not the one that shows it in a browser. Publish the calendar anew where it has none."
)
VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,1024}")
"""What is sent back of a server's own marks of a version. Others could not be sent, or not to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was read last: for which day and zone, and which version by its bytes, by what it says, by the server."""

    version: int
    zone: str
    day: date
    content: str
    digest: str = ""
    etag: str | None = None
    modified: str | None = None

    @property
    def cursor(self) -> Cursor:
        """The place as a cursor."""
        return Cursor(token=msgspec.json.encode(self).decode())


class IcsCalendar:
    """One published calendar. Making one sends nothing.

    `zone` is where times without a zone are, and where days begin, unless the calendar names a zone of its own.
    """

    def __init__(
        self,
        name: str,
        settings: IcsSettings,
        *,
        stop: Event | None = None,
        retry: ReadRetry | None = None,
        zone: ZoneInfo | None = None,
    ) -> None:
        self.name = name
        self._settings = settings
        self._zone = zone or ZoneInfo("UTC")
        self._stop = stop or Event()
        self._http = HttpClient(settings, stop=stop, retry=retry)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries and redirects included."""
        return self._http.requests

    def identify(self) -> Identity:
        """The host, which knows nobody: whoever has the address may read. Nothing is sent."""
        return Identity(source=self.name, account_id=self._host(self._address()))

    def lists(self) -> tuple[Status, ...]:
        """Nothing: events have no statuses of a tracker's sort."""
        return ()

    def holds(self) -> int:
        """How many events the feed has around today, by a reading of it as a whole. Raises RemoteError."""
        pages = self.pull(None, lambda _ids: {})
        return sum(len(agenda.events) for page in pages for agenda in page.agendas)

    def pull(
        self,
        cursor: Cursor | None,
        known: Known,  # noqa: ARG002 - a feed is read as a whole
        *,
        wide: bool = False,
        again: Sequence[str] = (),  # noqa: ARG002
    ) -> Iterator[Page]:
        """Yield one page with the whole agenda, or without one when nothing moved since the cursor.

        `wide` reads the feed whatever the server says of its version. Raises RemoteError; then nothing was yielded.
        """
        address = self._address()
        place = None if cursor is None or wide else self._place(cursor)
        told = self._fetch(address, place)
        day = self._day(told)
        if told.unchanged and place is not None and place.day != day:
            told = self._fetch(address, None)  # the feed did not move, and what is asked of it did
        if told.unchanged:
            if place is None:
                raise BadAnswer(f"{self._host(address)} says that nothing changed, and was not asked that.")
            yield Page(cursor=place.cursor, complete=True)
            return
        yield self._page(told, day, place, self._host(address))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _address(self) -> str:
        """The address as it is called. `webcal` is https by another name."""
        told = self._settings.url.reveal().strip()
        scheme, separator, rest = told.partition("://")
        return SECURE.get(scheme.lower(), scheme) + separator + rest

    def _host(self, address: str) -> str:
        try:
            return urlsplit(address).hostname or self.name
        except ValueError:
            return self.name

    def _place(self, cursor: Cursor) -> Place | None:
        """What was read last, or None when it was read otherwise than it would be now."""
        try:
            place = msgspec.json.decode(cursor.token, type=Place)
        except msgspec.DecodeError:
            return None
        return place if (place.version, place.zone) == (VERSION, self._zone.key) else None

    def _fetch(self, address: str, place: Place | None) -> Fetched:
        headers = {"Accept": "text/calendar, */*;q=0.1"}
        if place is not None and place.etag is not None:
            headers["If-None-Match"] = place.etag
        if place is not None and place.modified is not None:
            headers["If-Modified-Since"] = place.modified
        try:
            return self._http.get(address, headers=headers, largest=MOST_BYTES)
        except NotThere as error:
            raise NotThere(str(error), advice=WRONG_LINK) from error

    def _day(self, told: Fetched) -> date:
        """The server's day. Only a server that has no clock is given ours."""
        return (answered_at(told.headers) or datetime.now(UTC)).date()

    def _page(self, told: Fetched, day: date, place: Place | None, host: str) -> Page:
        """The page for a whole answer. Raises AccessDenied or BadAnswer when it is not one whole calendar."""
        now = Place(
            version=VERSION,
            zone=self._zone.key,
            day=day,
            content=hashlib.sha256(told.content).hexdigest(),
            etag=_validator(told, "ETag"),
            modified=_validator(told, "Last-Modified"),
        )
        held = place.digest if place is not None and place.day == day else None
        if place is not None and held is not None and place.content == now.content:
            return Page(cursor=replace(now, digest=held).cursor, complete=True)
        window = _window(day, host)
        outcome = read_apart(
            told.content, source=self.name, window=window, zone=self._zone, known=held, stop=self._stop
        )
        if outcome.refusal is not None:
            raise self._refused(outcome, told, host)
        cursor = replace(now, digest=outcome.digest).cursor
        if outcome.reading is None:
            return Page(cursor=cursor, complete=True)
        reading = outcome.reading
        agenda = Agenda(calendar=self.name, from_at=window.from_at, until_at=window.until_at, events=reading.events)
        return Page(
            cursor=cursor,
            agendas=(agenda,),
            set_aside=tuple(
                SetAside(remote_id=clean(record.remote_id, LONGEST_NAME), key=record.key, reason=clean(record.reason))
                for record in reading.set_aside
            ),
            warnings=tuple(clean(warning) for warning in reading.warnings),
            complete=True,
        )

    def _refused(self, outcome: Outcome, told: Fetched, host: str) -> RemoteError:
        """What it means that the answer is not one whole calendar."""
        if outcome.page or "html" in told.headers.get("Content-Type", ""):
            return AccessDenied(
                f"{host} answered with a web page, as a log-in page or proxy does.",
                advice=WRONG_LINK,
            )
        return BadAnswer(
            f"{host} did not answer with a calendar that we take: {outcome.refusal}.",
            advice="Open the address in a browser; it should give a file that begins with BEGIN:VCALENDAR.",
        )


def _validator(told: Fetched, name: str) -> str | None:
    """The header, where it can be sent back as it came."""
    value = told.headers.get(name, "")
    return value if VALIDATOR.fullmatch(value) else None


def _window(day: date, host: str) -> Window:
    """The stretch around the day. Raises BadAnswer for a day at the edge of time."""
    today = datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        return Window(from_at=today - REACH, until_at=today + REACH)
    except OverflowError as error:
        raise BadAnswer(f"{host} says that it is the year {day.year}.") from error
