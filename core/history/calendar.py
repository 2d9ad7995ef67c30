"""The project's working time: week days, hours, public holidays and the days that are worked to make up for them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from core.errors import ConfigurationError
from core.history.days import day_of, end_of_day, first_moment, start_of_day
from core.model import Clock

MONDAY_TO_FRIDAY = frozenset(range(5))
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_MIDNIGHT = time()

Interval = tuple[datetime, datetime]


class WorkingCalendar:
    """When the project works, in its own zone. Durations are seconds.

    `weekdays` counts from Monday = 0. `country` (ISO 3166) brings the public holidays and make-up working days of the
    `holidays` library; None has none. `closes` may be midnight, which is the end of the day. With `half_days` the days
    that the library calls half holidays close in the middle; they are off by default because some of them are for a
    part of the people only (China's Youth Day). Raises ConfigurationError.

    Working time is read from a table of cumulative seconds, so that an interval costs one subtraction.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        country: str | None = None,
        weekdays: frozenset[int] = MONDAY_TO_FRIDAY,
        opens: time = time(9),
        closes: time = time(18),
        *,
        half_days: bool = False,
    ) -> None:
        if not weekdays or not weekdays <= frozenset(range(7)):
            raise ConfigurationError("working_time: no working day is named; write days like mon-fri")
        if closes <= opens and closes != _MIDNIGHT:
            raise ConfigurationError(f"working_time: {opens:%H:%M}-{closes:%H:%M} ends before it begins")
        self.zone = zone
        self.country = country
        self.weekdays = weekdays
        self.opens = opens
        self.closes = closes
        self.half_days = half_days
        self._exceptions: dict[int, tuple[Collection[date], Collection[date], Collection[date]]] = {}
        self._years: dict[int, list[tuple[datetime, int]]] = {}
        self._open_at: list[datetime] = []
        self._open_for: list[int] = []
        self._worked_before: list[int] = []
        self._table_from = self._table_until = datetime.max.replace(tzinfo=UTC)
        self._exceptions_of(2000)  # an unknown country is told here and not in the middle of a cycle

    # --- days ---

    def is_working_day(self, day: date) -> bool:
        """Whether the project works that day: a make-up day always, a public holiday never, else by its weekday."""
        off, made_up, _ = self._exceptions_of(day.year)
        return day in made_up or (day.weekday() in self.weekdays and day not in off)

    def add_working_days(self, day: date, count: int) -> date:
        """The day that many working days later, or earlier if negative. The day itself does not count; 0 is itself."""
        step = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def day_of(self, instant: datetime) -> date:
        """The day in the project's zone."""
        return day_of(instant, self.zone)

    def end_of_day(self, day: date) -> datetime:
        """The instant (UTC) at which the day has ended: what is finished before it was finished on that day."""
        return end_of_day(day, self.zone)

    # --- time ---

    def seconds(self, clock: Clock, start: datetime, end: datetime, pauses: Iterable[Interval] = ()) -> float:
        """Seconds of `[start, end)` by either clock, without the pauses. Never negative."""
        if clock is Clock.WORKING:
            return self.working_seconds(start, end, pauses)
        return sum((until - since).total_seconds() for since, until in remaining(start, end, pauses))

    def working_seconds(self, start: datetime, end: datetime, pauses: Iterable[Interval] = ()) -> float:
        """Working seconds of `[start, end)`. Pauses are taken out once, also where they overlap. Never negative."""
        worked = 0
        for since, until in remaining(start, end, pauses):
            worked += self._worked_until(until) - self._worked_until(since)
        return worked / 1_000_000

    def _worked_until(self, instant: datetime) -> int:
        """Working microseconds from the start of the table to the instant."""
        if not self._table_from <= instant < self._table_until:
            self._widen(instant)
        index = bisect_right(self._open_at, instant) - 1
        if index < 0:
            return 0
        today = (instant - self._open_at[index]) // _MICROSECOND
        return self._worked_before[index] + min(today, self._open_for[index])

    def _widen(self, instant: datetime) -> None:
        """Make the table hold the instant. The years stay contiguous, so sums over it stay right."""
        year = self.day_of(instant).year
        known = self._years.keys() | {year}
        for missing in range(max(min(known) - 1, 1), min(max(known) + 1, 9998) + 1):
            if missing not in self._years:
                self._years[missing] = self._working_year(missing)
        years = sorted(self._years)
        self._open_at = [opened for year in years for opened, _ in self._years[year]]
        self._open_for = [length for year in years for _, length in self._years[year]]
        self._worked_before = [0, *accumulate(self._open_for)]
        self._table_from = start_of_day(date(years[0], 1, 1), self.zone)
        self._table_until = end_of_day(date(years[-1], 12, 31), self.zone)

    def _working_year(self, year: int) -> list[tuple[datetime, int]]:
        """For each working day of the year the instant at which it opens and the microseconds that it is open."""
        _, _, halves = self._exceptions_of(year)
        opened = []
        day = date(year, 1, 1)
        while day.year == year:
            if self.is_working_day(day):
                since = first_moment(day, self.opens, self.zone)
                until = self.end_of_day(day) if self.closes == _MIDNIGHT else first_moment(day, self.closes, self.zone)
                length = (until - since) // _MICROSECOND
                opened.append((since, length // 2 if day in halves else length))
            day += _DAY
        return opened

    def _exceptions_of(self, year: int) -> tuple[Collection[date], Collection[date], Collection[date]]:
        """Public holidays, make-up working days and half days of the year."""
        if self.country is None:
            return (), (), ()
        if year not in self._exceptions:
            self._exceptions[year] = _read_exceptions(self.country, year, half_days=self.half_days)
        return self._exceptions[year]


def remaining(start: datetime, end: datetime, pauses: Iterable[Interval]) -> Sequence[Interval]:
    """What is left of `[start, end)` outside the pauses, in order. Pauses may overlap, touch or lie outside."""
    left: list[Interval] = []
    for since, until in sorted(pauses):
        if since > start:
            if since >= end:
                break
            left.append((start, since))
        start = max(start, until)
    if start < end:
        left.append((start, end))
    return left


def _read_exceptions(
    country: str, year: int, *, half_days: bool
) -> tuple[Collection[date], Collection[date], Collection[date]]:
    import holidays  # a tenth of a second, for those who name a country

    try:
        # Some holidays are observed in the year before their own.
        public = holidays.country_holidays(country, years=(year, year + 1))
        halves: Collection[date] = ()
        if half_days and holidays.HALF_DAY in public.supported_categories:
            halves = frozenset(holidays.country_holidays(country, years=year, categories=holidays.HALF_DAY))
    except NotImplementedError as error:
        raise ConfigurationError(
            f"working_time: no public holidays are known for country “{country}”; "
            "write its ISO 3166 code like CN or DE, or leave it out"
        ) from error
    return frozenset(public), frozenset(public.weekend_workdays), halves
