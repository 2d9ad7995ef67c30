"""Reporting periods: half-open stretches of whole days in the project's zone."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.errors import UsageError
from core.history.days import day_of, end_of_day, start_of_day
from core.model import Period, PeriodKind

_WRITTEN = re.compile(r"(?P<year>\d{4})-(?:(?P<month>\d{2})|W(?P<week>\d{2})|Q(?P<quarter>[1-4]))", re.IGNORECASE)


def period_at(kind: PeriodKind, instant: datetime, zone: ZoneInfo) -> Period:
    """The period of that kind that holds the instant."""
    return _containing(kind, day_of(instant, zone), zone)


def parse_period(text: str, zone: ZoneInfo) -> Period:
    """The period written as `2026-03`, `2026-W07` (ISO 8601 week) or `2026-Q1`. Raises UsageError."""
    match = _WRITTEN.fullmatch(text.strip())
    problem = UsageError(
        f"“{text}” is not a period", advice="Write a month as 2026-03, a week as 2026-W07, a quarter as 2026-Q1."
    )
    if match is None:
        raise problem
    year = int(match["year"])
    try:
        if match["month"]:
            return _containing(PeriodKind.MONTH, date(year, int(match["month"]), 1), zone)
        if match["week"]:
            return _containing(PeriodKind.WEEK, date.fromisocalendar(year, int(match["week"]), 1), zone)
        return _containing(PeriodKind.QUARTER, date(year, 3 * int(match["quarter"]) - 2, 1), zone)
    except (ValueError, OverflowError) as error:  # month 13, week 54, year 0
        raise problem from error


def previous(period: Period, zone: ZoneInfo) -> Period:
    """The period of the same kind just before this one."""
    return _containing(period.kind, period.start_on - timedelta(days=1), zone)


def following(period: Period, zone: ZoneInfo) -> Period:
    """The period of the same kind just after this one."""
    return _containing(period.kind, period.end_on + timedelta(days=1), zone)


def label(period: Period) -> str:
    """The period as `parse_period` reads it: `2026-03`, `2026-W07` or `2026-Q1`."""
    match period.kind:
        case PeriodKind.WEEK:
            year, week, _ = period.start_on.isocalendar()
            return f"{year:04}-W{week:02}"
        case PeriodKind.MONTH:
            return f"{period.start_on:%Y-%m}"
        case PeriodKind.QUARTER:
            return f"{period.start_on:%Y}-Q{(period.start_on.month + 2) // 3}"


def monday_of(day: date) -> date:
    """The first day of the ISO week that holds the day."""
    return day - timedelta(days=day.weekday())


def _containing(kind: PeriodKind, day: date, zone: ZoneInfo) -> Period:
    if kind is PeriodKind.WEEK:
        first = monday_of(day)
        last = first + timedelta(days=6)
    else:
        months = 1 if kind is PeriodKind.MONTH else 3
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
        # From the first, that many times 31 days always reach into the month after the period and never past it.
        last = (first + timedelta(days=31 * months)).replace(day=1) - timedelta(days=1)
    return Period(
        kind=kind, start_on=first, end_on=last, start_at=start_of_day(first, zone), end_at=end_of_day(last, zone)
    )
