"""From a published calendar to its events within a window (RFC 5545). Pure; `lines` takes the bytes apart before.

One bad event or series costs itself and is named; the others are still read. Only what is not one whole calendar is
refused. Cancelled events, declined invitations and free time are kept as values: what they mean is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from icalendar import Calendar
from icalendar import Event as Component

from connectors.calendars.entries import Entry, Unreadable, label, read_entry
from connectors.calendars.lines import Block, Feed, NotACalendar
from connectors.calendars.series import Occurrence, Series, by_uid, expand, gather
from connectors.calendars.task import Limits, Reading, Window
from connectors.calendars.zones import UNREADABLE, Zones
from core.model import Attendance, Event, EventStatus, Response, SetAside

STATUSES = {"TENTATIVE": EventStatus.TENTATIVE, "CANCELLED": EventStatus.CANCELLED}
RESPONSES = {
    "ACCEPTED": Response.ACCEPTED,
    "DECLINED": Response.DECLINED,
    "TENTATIVE": Response.TENTATIVE,
    "DELEGATED": Response.DECLINED,  # somebody else goes
}
THINGS = frozenset({"ROOM", "RESOURCE"})
"""Invited, and nobody."""
LONGEST_TEXT = 1000
"""Characters of a title, a name or a reason."""
LONGEST_ADDRESS = 320
"""Characters of an e-mail address (RFC 5321: 64 before the @ and 255 after it). What is longer is none."""
MOST_INVITED = 2_000
"""People at one event. A list of more would be repeated with each of its occurrences."""
OUT_OF_OFFICE = "out of office"
"""The title that Google gives to an absence; its published calendars say nothing else of it."""

Patience = Callable[[], AbstractContextManager[None]]
"""Makes the context within which one event is read, or one series worked out. It may raise TimeoutError inside."""
Done = TypeVar("Done")
TOO_LONG = "working out when it repeats takes too long"


@dataclass(slots=True)
class _Desk:
    """Where the parts of a reading are collected."""

    source: str
    calendar: str
    home: ZoneInfo
    events: list[Event] = field(default_factory=list)
    set_aside: dict[str, SetAside] = field(default_factory=dict)
    said: int = 0

    def put_aside(self, name: str, reason: str) -> None:
        """Name what cannot be read. The first reason stays."""
        self.set_aside.setdefault(name, SetAside(remote_id=name, key=None, reason=_plain(reason)))


def read(
    feed: Feed,
    *,
    source: str,
    calendar: str,
    window: Window,
    zone: ZoneInfo,
    limits: Limits | None = None,
    patience: Patience = nullcontext,
) -> Reading:
    """The events of the calendar. Times without a zone are in the calendar's own, or else in `zone`.

    What one event or series has too much of costs that one; each is read within a `patience` of its own. Raises
    NotACalendar when there is more in the calendar than the limits allow.
    """
    limits = limits or Limits()
    blocks = [block for block in feed.blocks if block.name == "VEVENT"]
    if len(blocks) > limits.events:
        raise NotACalendar(f"it holds more than {limits.events} events")
    zones = Zones(block for block in feed.blocks if block.name == "VTIMEZONE")
    desk = _Desk(source, calendar, home_of(feed, zone))
    entries = _entries(blocks, zones, desk, patience)
    for uid, same in by_uid(entries):
        for series in _attempt(uid, desk, patience, partial(gather, uid, same)) or ():
            work = partial(_worked_out, series, desk, window, limits)
            events, said = _attempt(series.uid, desk, patience, work) or ([], 0)
            desk.events += events
            desk.said += said
            if len(desk.events) > limits.in_all:
                raise NotACalendar(f"its events take place more than {limits.in_all} times within the time looked at")
    return Reading(
        events=tuple(sorted(desk.events, key=lambda event: (event.starts_at, event.uid, event.recurrence_start or ""))),
        set_aside=tuple(desk.set_aside[name] for name in sorted(desk.set_aside)),
        warnings=(*_warnings(feed, entries, patience), *_zone_problems(zones, patience)),
    )


def home_of(feed: Feed, otherwise: ZoneInfo) -> ZoneInfo:
    """The zone that the calendar names for itself, or the other one."""
    name = feed.value("X-WR-TIMEZONE")
    zone = Zones(()).find(name) if name else None
    return zone if isinstance(zone, ZoneInfo) else otherwise


def _entries(blocks: list[Block], zones: Zones, desk: _Desk, patience: Patience) -> list[Entry]:
    entries = []
    for block in blocks:
        try:
            with patience():
                entry = read_entry(block, zones, desk.home)
        except TimeoutError:
            desk.put_aside(label(block), f"line {block.number}: reading it takes too long")
        except Unreadable as error:
            desk.put_aside(label(block), f"line {block.number}: {error}")
        else:
            entries.append(entry)
    return entries


def _attempt(uid: str, desk: _Desk, patience: Patience, work: Callable[[], Done]) -> Done | None:
    """What the work gives, or None, with the reason put aside: what goes wrong with a series costs itself."""
    try:
        with patience():
            done = work()
    except TimeoutError:
        desk.put_aside(uid, TOO_LONG)
    except Unreadable as error:
        desk.put_aside(uid, str(error))
    except UNREADABLE as error:
        desk.put_aside(uid, f"when it repeats cannot be worked out ({error or type(error).__name__})")
    else:
        return done
    return None


def _worked_out(series: Series, desk: _Desk, window: Window, limits: Limits) -> tuple[list[Event], int]:
    """The occurrences of the series, and how many bytes they say. Raises Unreadable when that is too much."""
    told: dict[int, dict[str, Any]] = {}
    sizes: dict[int, int] = {}
    events, said = [], 0
    for occurrence in expand(series, window.from_at, window.until_at, desk.home, limits.occurrences):
        place = id(occurrence.entry)
        if place not in told:
            told[place] = _fields(occurrence.entry)
            sizes[place] = len(msgspec.msgpack.encode((series.uid, told[place])))
        said += sizes[place]
        if said > limits.said:
            most = limits.said // 1024**2
            raise Unreadable(f"its texts and guests, for each time that it takes place, are more than {most} MiB")
        if desk.said + said > limits.said_in_all:
            most = limits.said_in_all // 1024**2
            raise Unreadable(f"with its texts and guests there would be more than {most} MiB of them in the calendar")
        events.append(_event(occurrence, desk, told[place]))
    return events, said


def _event(occurrence: Occurrence, desk: _Desk, fields: dict[str, Any]) -> Event:
    return Event(
        source=desk.source,
        calendar=desk.calendar,
        uid=occurrence.uid,
        recurrence_start=occurrence.original,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        all_day=occurrence.first_on is not None,
        first_on=occurrence.first_on,
        last_on=occurrence.last_on,
        zone_guessed=occurrence.entry.guessed,
        **fields,
    )


def _fields(entry: Entry) -> dict[str, Any]:
    """What all occurrences of an entry have in common."""
    component = entry.component
    title = _text(component, "SUMMARY") or entry.uid
    shown_as = _text(component, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    status = STATUSES.get(_text(component, "STATUS").upper(), EventStatus.CONFIRMED)
    return {
        "title": title,
        "status": status,
        "busy": _text(component, "TRANSP").upper() != "TRANSPARENT" and shown_as != "FREE",
        "away": shown_as == "OOF" or _is_google_absence(component, entry.uid, title),
        "organizer": _organizer(component),
        "attendances": _attendances(component),
    }


def _is_google_absence(component: Component, uid: str, title: str) -> bool:
    if _text(component, "X-GOOGLE-EVENT-TYPE").casefold() == "outofoffice":
        return True
    return uid.endswith("@google.com") and title.casefold() == OUT_OF_OFFICE


def _organizer(component: Component) -> str | None:
    for address in _listed(component, "ORGANIZER"):
        email, name = _person(address)
        return email or name
    return None


def _attendances(component: Component) -> tuple[Attendance, ...]:
    """Who is invited, each once. Of two entries about one person the one with an answer counts."""
    found: dict[tuple[str, str], Attendance] = {}
    addresses = _listed(component, "ATTENDEE")
    if len(addresses) > MOST_INVITED:
        raise Unreadable(f"more than {MOST_INVITED} people are invited")
    for address in addresses:
        email, name = _person(address)
        if not (email or name) or _parameter(address, "CUTYPE").upper() in THINGS:
            continue
        response = RESPONSES.get(_parameter(address, "PARTSTAT").upper(), Response.UNANSWERED)
        key = (email or "", "" if email else name or "")
        held = found.get(key)
        if held is None or held.response is Response.UNANSWERED:
            found[key] = Attendance(email=email, name=name, response=response)
    return tuple(found[key] for key in sorted(found))


def _person(address: Any) -> tuple[str | None, str | None]:
    """E-mail address in small letters and name of a calendar address; None for what it does not say."""
    text = str(address).strip()
    scheme, _, rest = text.partition(":")
    told = rest if scheme.casefold() == "mailto" else _parameter(address, "EMAIL")
    told = told.strip().casefold()
    told = told if "@" in told and len(told) <= LONGEST_ADDRESS else ""
    return told or None, _plain(_parameter(address, "CN").strip('"')) or None


def _listed(component: Component, name: str) -> list[Any]:
    found = component.get(name)
    return found if isinstance(found, list) else [] if found is None else [found]


def _parameter(value: Any, name: str) -> str:
    return str(getattr(value, "params", {}).get(name, ""))


def _text(component: Component, name: str) -> str:
    """The property's text on one line, "" when it is not there."""
    found = _listed(component, name)
    return _plain(str(found[0])) if found else ""


def _plain(text: str) -> str:
    return " ".join(text.split())[:LONGEST_TEXT]


def _zone_problems(zones: Zones, patience: Patience) -> list[str]:
    with suppress(TimeoutError), patience():
        zones.look_at_unused()
    return zones.problems()


def _warnings(feed: Feed, entries: list[Entry], patience: Patience) -> list[str]:
    told = []
    if feed.foreign_lines:
        told.append(f"lines that are not UTF-8 and were read as Windows-1252: {feed.foreign_lines}")
    guessed = sum(entry.guessed for entry in entries)
    if guessed:
        told.append(f"events in a time zone that nobody knows, put into the calendar's own: {guessed}")
    unread = sum(entry.unread_lines for entry in entries)
    if unread:
        told.append(f"lines of events that cannot be read and were passed over: {unread}")
    try:
        with patience():
            Calendar.from_ical("\r\n".join(["BEGIN:VCALENDAR", *feed.lines, "END:VCALENDAR", ""]))
    except TimeoutError:
        told.append("the lines of the calendar itself take too long and were passed over")
    except UNREADABLE as error:
        told.append(f"a line of the calendar itself cannot be read and was passed over ({error})")
    return told
