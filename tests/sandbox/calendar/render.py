"""A calendar as the text that servers publish (RFC 5545), written by hand: no library of the product is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tests.sandbox.calendar.model import Calendar, Entry, Time

FOLD = 75  # octets of a line


def render(calendar: Calendar, *, stamped: datetime | None = None, fetch: int = 0) -> bytes:
    """The whole feed. `stamped` and `fetch` put what restless servers write anew at each fetch, and turn the order."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//Calendar Example//Publisher {fetch}//EN", "METHOD:PUBLISH"]
    lines.append(f"X-WR-CALNAME:{escaped(calendar.name)}")
    if calendar.zone is not None:
        lines.append(f"X-WR-TIMEZONE:{calendar.zone}")
    turn = fetch % len(calendar.entries) if calendar.entries else 0
    for entry in calendar.entries[turn:] + calendar.entries[:turn]:
        lines += _event(entry, stamped)
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def folded(line: str) -> bytes:
    """The line in pieces of 75 octets, wherever that is, even within a character."""
    raw = line.encode()
    pieces = [raw[:FOLD]] + [raw[at : at + FOLD - 1] for at in range(FOLD, len(raw), FOLD - 1)]
    return b"\r\n ".join(pieces) + b"\r\n"


def escaped(text: str) -> str:
    """The text as a value."""
    for character in "\\;,":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", "\\n")


def _event(entry: Entry, stamped: datetime | None) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield _instant("DTSTAMP", stamped or entry.updated)
    if entry.created is not None:
        yield _instant("CREATED", stamped or entry.created)
    yield f"SEQUENCE:{entry.sequence}"
    yield _time("DTSTART", [entry.start], entry.zone)
    yield _time("DTEND", [entry.end], entry.zone)
    if entry.original is not None:
        scope = ";RANGE=THISANDFUTURE" if entry.and_later else ""
        yield _time(f"RECURRENCE-ID{scope}", [entry.original], entry.zone)
    if entry.rule is not None:
        yield f"RRULE:{entry.rule}"
    if entry.skipped:
        yield _time("EXDATE", entry.skipped, entry.zone)
    yield f"SUMMARY:{escaped(entry.title)}"
    yield f"STATUS:{entry.status}"
    yield f"TRANSP:{'TRANSPARENT' if entry.free else 'OPAQUE'}"
    if entry.organizer is not None:
        yield f"ORGANIZER:mailto:{entry.organizer}"
    for guest in entry.guests:
        yield f'ATTENDEE;CN="{guest.name}";PARTSTAT={guest.answer}:mailto:{guest.email}'
    yield from entry.extra
    yield "END:VEVENT"


def _time(name: str, times: Iterable[Time], zone: str | None) -> str:
    held = list(times)
    first = held[0]
    if not isinstance(first, datetime):
        return f"{name};VALUE=DATE:" + ",".join(f"{day:%Y%m%d}" for day in held)
    if first.tzinfo is not None:
        return f"{name}:" + ",".join(f"{_utc(time):%Y%m%dT%H%M%SZ}" for time in held)
    placed = f'{name};TZID="{zone}"' if zone is not None and not zone.isalnum() else name
    return f"{placed}:" + ",".join(f"{time:%Y%m%dT%H%M%S}" for time in held)


def _utc(time: Time) -> datetime:
    assert isinstance(time, datetime)
    return time.astimezone(UTC)


def _instant(name: str, time: datetime | None) -> str:
    return _time(name, [time or datetime(2026, 1, 1, tzinfo=UTC)], None)
