"""From the names that calendars give to time zones, to time zones. Pure.

Names come from four worlds: the tz database, Windows, a program's own path before one of the former, and whatever a
VTIMEZONE in the same file defines. What is none of these is looked up by what people mean with it; what cannot be
looked up is left to the caller, who must then guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from connectors.calendars.lines import Block, name_of

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, AssertionError)
"""What the calendar libraries raise on texts that they do not understand."""

ALIASES: Mapping[str, str] = {
    "us-eastern": "America/New_York",
    "us-central": "America/Chicago",
    "us-mountain": "America/Denver",
    "us-pacific": "America/Los_Angeles",
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "atlantic time (canada)": "America/Halifax",
    "coordinated universal time": "UTC",
    "greenwich mean time": "Europe/London",
    "tzone://microsoft/utc": "UTC",
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    "beijing": "Asia/Shanghai",
    "chongqing": "Asia/Shanghai",
    "bern": "Europe/Zurich",
    "chennai": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "osaka": "Asia/Tokyo",
    "sapporo": "Asia/Tokyo",
    "edinburgh": "Europe/London",
    "st. petersburg": "Europe/Moscow",
    "canberra": "Australia/Sydney",
    "wellington": "Pacific/Auckland",
}
"""Names that programs show to people, in small letters, where the city of the tz database has another name."""

_DISPLAYED = re.compile(r"\((?:UTC|GMT)[^)]*\)\s*(.+)", re.IGNORECASE)
_OFFSET = re.compile(r"\(?(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?\)?", re.IGNORECASE)
_RARE = re.compile(r"(?:^|;)FREQ=YEARLY(?:;|$)", re.IGNORECASE)


class Zones:
    """The time zones of one calendar."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = {tzid: block for block in blocks if (tzid := block.value("TZID"))}
        self._found: dict[str, tzinfo | None] = {}
        self._problems: dict[str, str] = {}

    def find(self, tzid: str) -> tzinfo | None:
        """The zone of that name, or None when nobody knows what is meant."""
        if tzid not in self._found:
            # Guessed first: what takes too long ends in the middle, and is not begun again for each event.
            self._found[tzid] = guess = meant(tzid)
            self._found[tzid] = named(tzid) or self._defined(tzid) or guess
        return self._found[tzid]

    def _defined(self, tzid: str) -> tzinfo | None:
        block = self._blocks.get(tzid)
        if block is None:
            return None
        place = block.value("X-LIC-LOCATION")
        if place is not None and (zone := named(place)) is not None:
            return zone
        self._problems[tzid] = "it takes too long"
        try:
            zone = _define(block)
        except UNREADABLE as error:
            self._problems[tzid] = str(error)
            return None
        del self._problems[tzid]
        return zone

    def look_at_unused(self) -> None:
        """Check the definitions that nothing needed, for `problems`. They are not worked out: that takes longer."""
        for tzid, block in self._blocks.items():
            if tzid not in self._found:
                try:
                    _check(block)
                except UNREADABLE as error:
                    self._problems[tzid] = str(error)

    def problems(self) -> list[str]:
        """The definitions that cannot be read, of those that were looked at."""
        return [
            f"the time zone {tzid} is defined in a way that cannot be read ({problem})"
            for tzid, problem in sorted(self._problems.items())
        ]


def named(tzid: str) -> tzinfo | None:
    """The zone of the tz database that the name is, or that Windows means by it, or that its end is."""
    tzid = tzid.strip().strip('"')
    if tzid in WINDOWS_TO_OLSON:
        return ZoneInfo(WINDOWS_TO_OLSON[tzid])
    known = _places()
    parts = tzid.strip("/").casefold().split("/")
    for start in range(len(parts) if tzid.startswith("/") else 1):
        if (name := known.get("/".join(parts[start:]))) is not None:
            return ZoneInfo(name)
    return None


def meant(tzid: str) -> tzinfo | None:
    """The zone that a name for people means: by our table, by its first city, or by nothing but an offset."""
    text = tzid.strip().strip('"').replace("\\", "").casefold()
    if text in ALIASES:
        return ZoneInfo(ALIASES[text])
    if (displayed := _DISPLAYED.fullmatch(text)) is not None:
        shown = displayed.group(1)
        for name in (shown, *(city.strip() for city in shown.split(","))):
            place = ALIASES.get(name) or _cities().get(name.replace(" ", "_"))
            if place is not None:
                return ZoneInfo(place)
        return None
    if (offset := _OFFSET.fullmatch(text)) is not None:
        sign, hours, minutes = offset.groups()
        gap = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(gap if sign == "+" else -gap) if gap < timedelta(hours=24) else None
    return None


def _check(block: Block) -> None:
    """Pass when the definition can be read, as far as that shows before it is worked out. Raises one of UNREADABLE."""
    if block.problem is not None:
        raise ValueError(block.problem)
    for line in block.inner:
        # Zones change a few times a year. Rules that are quicker would be worked out for ever.
        if name_of(line) == "RRULE" and _RARE.search(line.partition(":")[2]) is None:
            raise ValueError("a zone that does not change by the year")
    Timezone.from_ical("\r\n".join([*block.inner, ""]), multiple=True)  # of a whole one it would work out the zone


def _define(block: Block) -> tzinfo:
    """The zone that a VTIMEZONE defines. Raises one of UNREADABLE."""
    _check(block)
    text = "\r\n".join(["BEGIN:VTIMEZONE", *block.lines, *block.inner, "END:VTIMEZONE", ""])
    component = Timezone.from_ical(text)
    assert isinstance(component, Timezone)
    zone: tzinfo = component.to_tz(lookup_tzid=False)
    datetime(2026, 7, 1, tzinfo=zone).utcoffset()  # some say only when they are asked that they cannot tell
    return zone


@lru_cache(maxsize=1)
def _places() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@lru_cache(maxsize=1)
def _cities() -> Mapping[str, str]:
    return {name.rpartition("/")[2].casefold(): name for name in sorted(available_timezones())}
