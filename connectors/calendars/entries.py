"""From one VEVENT to an entry whose times are all either instants in a known zone or days. Pure.

The library that reads the properties would give a time without a zone for every zone that it does not know, and cannot
hold the two sorts beside each other. So zones are looked up here, and nothing behind this knows a time without one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import prod
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event as Component
from icalendar.prop import vDDDLists, vDDDTypes, vRecur

from connectors.calendars.lines import UNSTEADY, Block, name_of
from connectors.calendars.zones import UNREADABLE, Zones

Time = datetime | date
"""An aware instant, or a day (a `date` that is no `datetime`)."""

MOST_A_DAY = 24
"""Times a day that a rule may name. Meetings do not come by the minute; bombs do."""
QUICK = frozenset({"SECONDLY", "MINUTELY"})
YEARS = range(1601, 9000)
"""What programs write for "never" lies outside, at the ends of what can be computed with."""
LONGEST_UID = 500
"""Characters. A key in the database is longer by a few, and cannot be longer by much."""
_KEPT_OF_UID = 200
_VITAL = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE")
_DATED = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})
# The value is told by how it looks: a zone's name that nobody quoted may hold a colon itself.
_LINE = re.compile(r"([A-Za-z-]+)(;.*)?:([-+0-9TZPDHMSWtz/,\s]*)")
_TZID = re.compile(r';TZID=("[^"]*"|[^;]*)', re.IGNORECASE)
_EMPTY_LIST = re.compile(r"(?:EXDATE|RDATE)(?:;.*)?:\s*", re.IGNORECASE)
_PLACE = "X-ZONE"
_OF_OUR_MAKING = re.compile(r".* \(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?\)")
"""A UID that looks like a name that `series` makes."""


class Unreadable(ValueError):
    """The event cannot be understood, and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One VEVENT. `replaces` is the original start of the occurrence that it is a changed version of, or None.

    `component` holds the same times as properties. `guessed` tells that one of them is in a zone that nobody knows,
    `unread_lines` how many lines say something that we do not need and cannot read.
    `rank` says which of two entries about the same thing counts.
    """

    uid: str
    component: Component
    start: Time
    end: Time
    replaces: Time | None
    repeats: bool
    guessed: bool
    unread_lines: int
    rank: tuple[int, str, str]


def label(block: Block) -> str:
    """A name for the event that stays the same: its UID, or something made from it or from what the event says."""
    uid = block.value("UID")
    if not uid:
        return "no-uid-" + _digest(block)[:16]
    if len(uid) > LONGEST_UID or _OF_OUR_MAKING.fullmatch(uid):
        return f"{uid[:_KEPT_OF_UID]}-{hashlib.sha256(uid.encode()).hexdigest()[:32]}"
    return uid


def read_entry(block: Block, zones: Zones, home: ZoneInfo) -> Entry:
    """The entry that the component describes; times without a zone are in `home`. Raises Unreadable."""
    if block.problem is not None:
        raise Unreadable(block.problem)
    try:
        return _Reader(block, zones, home).entry()
    except Unreadable:
        raise
    except UNREADABLE as error:
        raise Unreadable(f"it cannot be read ({error or type(error).__name__})") from error


def is_day(time: Time) -> bool:
    """Whether it is a day and not an instant."""
    return not isinstance(time, datetime)


class _Reader:
    def __init__(self, block: Block, zones: Zones, home: ZoneInfo) -> None:
        self.block = block
        self.zones = zones
        self.home = home
        self.names: list[str] = []
        self.guessed = False
        lines = [self.marked(line) for line in block.lines if _EMPTY_LIST.fullmatch(line) is None]
        text = "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])
        found = Component.from_ical(text)
        assert isinstance(found, Component)
        self.component = found
        self.check()

    def marked(self, line: str) -> str:
        """The line with its zone taken out of the library's sight, and its place in our list there instead."""
        if name_of(line) not in _DATED or (found := _LINE.fullmatch(line)) is None:
            return line
        name, parameters, value = found.groups()
        zone = _TZID.search(parameters or "")
        if zone is None:
            return line
        self.names.append(zone.group(1).strip('"'))
        rest = (parameters or "").replace(zone.group(), "")
        return f"{name}{rest};{_PLACE}={len(self.names) - 1}:{value.strip()}"

    def check(self) -> None:
        """Pass when everything that times depend on was understood. Raises Unreadable."""
        wrong = {name for name, _ in self.component.errors}
        for name in _VITAL:
            if name in wrong:
                raise Unreadable(f"its {name} cannot be read: {self.block.value(name)}")
        for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"):
            if isinstance(self.component.get(name), list):
                raise Unreadable(f"it has more than one {name}")
        if "DTSTART" not in self.component:
            raise Unreadable("it does not say when it starts (DTSTART)")

    def entry(self) -> Entry:
        start = self.single("DTSTART")
        assert start is not None
        end = self.end(start)
        replaces = self.single("RECURRENCE-ID")
        component = self.component
        for name in ("RDATE", "EXDATE"):
            self.align_list(name, start)
        rules = self.rules(start)
        self.set("DTSTART", start)
        self.set("DTEND", end)
        component.pop("DURATION", None)
        if replaces is not None:
            whole = component["RECURRENCE-ID"].params.get("RANGE")
            self.set("RECURRENCE-ID", replaces)
            if whole:
                component["RECURRENCE-ID"].params["RANGE"] = str(whole).upper()
        return Entry(
            uid=label(self.block),
            component=component,
            start=start,
            end=end,
            replaces=replaces,
            repeats=rules or "RDATE" in component,
            guessed=self.guessed,
            unread_lines=len(component.errors),
            rank=self.rank(),
        )

    def set(self, name: str, time: Time) -> None:
        self.component[name] = vDDDTypes(time)

    def single(self, name: str) -> Time | None:
        """The time of a property, or None when it is not there. Raises Unreadable for a period or a duration."""
        found = self.component.get(name)
        if found is None:
            return None
        if not isinstance(found.dt, date):
            raise Unreadable(f"its {name} is no date and no time")
        return _within_years(self.placed(found.dt, found.params), name)

    def placed(self, time: Time, parameters: Any) -> Time:
        """The time in its zone."""
        if not isinstance(time, datetime) or time.tzinfo is not None:
            return time
        place = parameters.get(_PLACE)
        zone = self.zones.find(self.names[int(place)]) if place is not None else self.home
        if zone is None:
            self.guessed = True
        return time.replace(tzinfo=zone or self.home)

    def end(self, start: Time) -> Time:
        """When it ends; a day's end is the day after it. Raises Unreadable."""
        end = self.single("DTEND")
        if end is None:
            end = self.after(start)
        elif is_day(end) != is_day(start):
            raise Unreadable("of its start and end one is a day and the other a time")
        if end < start:
            raise Unreadable("it ends before it starts")
        # Some programs let a day end on itself.
        return end + timedelta(days=1) if is_day(start) and end == start else end

    def after(self, start: Time) -> Time:
        """The end by its duration, or where it has none a day after a day, and at once after a time."""
        duration = self.component.get("DURATION")
        lasts: timedelta = timedelta(0) if duration is None else duration.td
        if not isinstance(start, datetime):
            return _within_years(start + timedelta(days=max(1, -(-lasts // timedelta(days=1)))), "end")
        # Days are days of the calendar, hours are hours: across a change of clocks the two differ.
        days, rest = divmod(lasts, timedelta(days=1)) if lasts >= timedelta(0) else (0, lasts)
        return _within_years(((start + timedelta(days=days)).astimezone(UTC) + rest).astimezone(start.tzinfo), "end")

    def align_list(self, name: str, start: Time) -> None:
        """Put the dates of RDATE or EXDATE into their zones, as days where the event has days."""
        found = self.component.get(name)
        if found is None:
            return
        values: list[Any] = []
        for listed in found if isinstance(found, list) else [found]:
            for one in listed.dts:
                value = one.dt
                if (value[0] if isinstance(value, tuple) else value).year not in YEARS:
                    continue
                if isinstance(value, tuple):
                    begun = self.placed(value[0], listed.params)
                    until = value[1] if isinstance(value[1], timedelta) else self.placed(value[1], listed.params)
                    values.append(begun if is_day(start) else (begun, until))
                else:
                    values.append(aligned(self.placed(value, listed.params), start, keep_days=name == "EXDATE"))
        del self.component[name]
        if values:
            self.component[name] = vDDDLists(values)

    def rules(self, start: Time) -> bool:
        """Whether there are rules; each is checked, and its UNTIL made what the rule needs. Raises Unreadable."""
        found = self.component.get("RRULE")
        if found is None:
            return False
        for rule in found if isinstance(found, list) else [found]:
            check_rule(rule)
            if "UNTIL" in rule:
                until = rule["UNTIL"]
                rule["UNTIL"] = [self.until(until[0] if isinstance(until, list) else until, start)]
        return True

    def until(self, until: Time, start: Time) -> Time:
        """The end of a rule. A day means all of that day, as its authors do, though the letter says midnight."""
        if is_day(start):
            if not isinstance(until, datetime):
                return until
            midnight = until.tzinfo is None or until.time() == datetime.min.time()
            return until.date() if midnight else until.astimezone(self.home).date()
        assert isinstance(start, datetime)
        if not isinstance(until, datetime):
            until = datetime.combine(until, datetime.max.time().replace(microsecond=0))
        return (until if until.tzinfo is not None else until.replace(tzinfo=start.tzinfo)).astimezone(UTC)

    def rank(self) -> tuple[int, str, str]:
        try:
            number = int(self.block.value("SEQUENCE") or 0)
        except ValueError:
            number = 0
        return number, self.block.value("LAST-MODIFIED") or "", _digest(self.block)


def _within_years(time: Time, name: str) -> Time:
    """The time. Raises Unreadable when nothing can be computed with it."""
    if time.year not in YEARS:
        raise Unreadable(f"its {name} is in the year {time.year}")
    return time


def aligned(time: Time, start: Time, *, keep_days: bool = False) -> Time:
    """The time as what `start` is: its day, or that day at the time of `start`. `keep_days` leaves days as they are."""
    if is_day(start):
        return time.date() if isinstance(time, datetime) else time
    assert isinstance(start, datetime)
    if isinstance(time, datetime) or keep_days:
        return time
    return datetime.combine(time, start.timetz())


def check_rule(rule: vRecur) -> None:
    """Pass when the rule can be worked out in good time. Raises Unreadable."""
    frequency = str((rule.get("FREQ") or ["none"])[0]).upper()
    if frequency in QUICK:
        raise Unreadable(f"it repeats too often (FREQ={frequency})")
    if prod(max(1, len(rule.get(name, ()))) for name in ("BYHOUR", "BYMINUTE", "BYSECOND")) > MOST_A_DAY:
        raise Unreadable(f"it repeats more than {MOST_A_DAY} times a day")
    if any(int(step) < 1 for step in rule.get("INTERVAL", ())):
        raise Unreadable("the interval at which it repeats is none")


def _digest(block: Block) -> str:
    steady = sorted(line for line in block.lines if name_of(line) not in UNSTEADY)
    return hashlib.sha256("\n".join(steady).encode()).hexdigest()
