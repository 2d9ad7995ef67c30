"""Working time counted the slow way, day by day, so that it can be held against the product's own calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays


@cache
def free_days(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country in a year, days off in exchange for a weekend included."""
    return frozenset(holidays.country_holidays(country, years=year))


@cache
def make_up_days(country: str, year: int) -> frozenset[date]:
    """The weekend days of a year that are worked in exchange for a holiday."""
    calendar = holidays.country_holidays(country, years=range(year - 1, year + 2))
    return frozenset(day for day in calendar.weekend_workdays if day.year == year)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkTime:
    """When people work: week days (Monday is 0), hours and a country's holidays, in one zone."""

    zone: ZoneInfo
    country: str | None = None
    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    opens: time = time(9)
    closes: time = time(18)

    def works_on(self, day: date) -> bool:
        """Whether the day is a working day."""
        if self.country is None:
            return day.weekday() in self.weekdays
        if day in make_up_days(self.country, day.year):
            return True
        return day.weekday() in self.weekdays and day not in free_days(self.country, day.year)

    def at(self, day: date, clock: time) -> datetime:
        """The UTC instant of a wall-clock time."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def day_of(self, instant: datetime) -> date:
        """The local date of an instant."""
        return instant.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """The instant at which the day is over."""
        return self.at(day + timedelta(days=1), time(0))

    def seconds(self, start: datetime, end: datetime) -> float:
        """Working seconds of `[start, end)`: every day's hours, cut to the interval, added up."""
        total = 0.0
        day = self.day_of(start)
        while day <= self.day_of(end):
            if self.works_on(day):
                first, last = max(start, self.at(day, self.opens)), min(end, self.at(day, self.closes))
                total += max(0.0, (last - first).total_seconds())
            day += timedelta(days=1)
        return total

    def later(self, day: date, count: int) -> date:
        """The working day that is so many working days after a day."""
        while count:
            day += timedelta(days=1)
            count -= self.works_on(day)
        return day
