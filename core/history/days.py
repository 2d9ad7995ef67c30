"""Days of a time zone as instants: due dates and periods end with them, working hours open and close in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def first_moment(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which the zone's clocks show that time of that day, or have jumped past it.

    Where clocks are put back and show it twice, the first of the two. A day beyond what an instant can hold gives the
    last (or first) instant that there is.
    """
    shown = datetime.combine(day, wall)
    try:
        instant = shown.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == shown:
            return instant
        before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        return _EARLIEST if day.year < 1000 else _LATEST
    # The clocks never showed it: they jump, at a whole second, between the two readings of it (PEP 495).
    low, high = 0, (instant - before) // SECOND
    while low < high:
        middle = (low + high) // 2
        if (before + middle * SECOND).astimezone(zone).replace(tzinfo=None) < shown:
            low = middle + 1
        else:
            high = middle
    return before + low * SECOND


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which that day begins in the zone."""
    return first_moment(day, time(), zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which that day has ended: the start of the next, so an exclusive bound."""
    return _LATEST if day == date.max else start_of_day(day + timedelta(days=1), zone)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The day that the zone's calendars show at that instant."""
    return instant.astimezone(zone).date()
