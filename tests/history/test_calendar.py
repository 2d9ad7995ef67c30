"""Working time, against calendars that people know and against counting minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.history.calendar import WorkingCalendar, remaining
from core.history.days import first_moment
from tests.builders import ELAPSED, OFFICE, WORKING, moment

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600.0


def local(zone: ZoneInfo, text: str) -> datetime:
    """An instant by the clock on the wall there."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# --- hours and days ---


@pytest.mark.parametrize(
    ("start", "end", "worked"),
    [
        ("Mon 09:00", "Mon 17:00", 8),
        ("Mon 07:00", "Mon 10:00", 1),
        ("Mon 16:00", "Tue 10:00", 2),
        ("Fri 16:00", "2026-03-09 10:00", 2),  # over the weekend
        ("Sat 10:00", "Sun 10:00", 0),
        ("Mon 20:00", "Mon 22:00", 0),
        ("Tue 12:00", "Mon 12:00", 0),  # never negative
    ],
)
def test_working_time_counts_only_open_hours(start: str, end: str, worked: int) -> None:
    assert OFFICE.working_seconds(moment(start), moment(end)) == worked * HOUR


def test_what_is_created_on_a_sunday_starts_its_working_clock_on_monday() -> None:
    sunday, monday_noon = moment("Sun 15:00"), moment("2026-03-09 12:00")

    assert OFFICE.working_seconds(sunday, monday_noon) == 3 * HOUR


def test_a_leap_day_is_worked_like_any_other() -> None:
    # 29 February 2028 is a Tuesday.
    assert OFFICE.working_seconds(moment("2028-02-28 09:00"), moment("2028-03-01 09:00")) == 16 * HOUR


def test_hours_may_go_on_until_midnight() -> None:
    late = WorkingCalendar(BERLIN, opens=time(14), closes=time(0))

    assert late.working_seconds(local(BERLIN, "2026-03-02T20:00"), local(BERLIN, "2026-03-03T15:00")) == 5 * HOUR


# --- holidays ---


def test_a_public_holiday_is_not_worked_and_its_make_up_day_is() -> None:
    china = WorkingCalendar(SHANGHAI, "CN", opens=time(9), closes=time(18))

    assert not china.is_working_day(date(2026, 2, 18))  # Wednesday, spring festival
    assert china.is_working_day(date(2026, 2, 14))  # Saturday, worked instead
    day = local(SHANGHAI, "2026-02-14T00:00")
    assert china.working_seconds(day, day + timedelta(days=1)) == 9 * HOUR


def test_a_week_with_no_working_day_counts_nothing() -> None:
    china = WorkingCalendar(SHANGHAI, "CN")

    # Spring festival 2026: off from Sunday the 15th to Monday the 23rd.
    assert china.working_seconds(local(SHANGHAI, "2026-02-16T00:00"), local(SHANGHAI, "2026-02-23T00:00")) == 0


def test_half_days_close_in_the_middle_where_they_are_asked_for() -> None:
    day = local(SHANGHAI, "2026-06-01T00:00")  # Monday, a half holiday for some
    whole = WorkingCalendar(SHANGHAI, "CN", opens=time(9), closes=time(17))
    half = WorkingCalendar(SHANGHAI, "CN", opens=time(9), closes=time(17), half_days=True)

    assert whole.working_seconds(day, day + timedelta(days=1)) == 8 * HOUR
    assert half.working_seconds(day, day + timedelta(days=1)) == 4 * HOUR


def test_a_country_that_nobody_knows_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="Atlantis"):
        WorkingCalendar(BERLIN, "Atlantis")


@pytest.mark.parametrize(
    ("weekdays", "opens", "closes"), [(frozenset[int](), 9, 17), (frozenset({7}), 9, 17), (frozenset({0}), 17, 9)]
)
def test_working_time_without_any_time_is_a_configuration_error(
    weekdays: frozenset[int], opens: int, closes: int
) -> None:
    with pytest.raises(ConfigurationError):
        WorkingCalendar(BERLIN, weekdays=weekdays, opens=time(opens), closes=time(closes))


# --- counting days ---


@pytest.mark.parametrize(
    ("day", "count", "reached"),
    [
        ("2026-03-05", 1, "2026-03-06"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),
        ("2026-03-07", 0, "2026-03-07"),
        ("2026-03-06", 10, "2026-03-20"),
        ("2026-03-09", -1, "2026-03-06"),
    ],
)
def test_working_days_are_added_over_weekends(day: str, count: int, reached: str) -> None:
    assert OFFICE.add_working_days(date.fromisoformat(day), count) == date.fromisoformat(reached)


def test_working_days_are_added_over_holidays_and_make_up_days() -> None:
    china = WorkingCalendar(SHANGHAI, "CN")

    assert china.add_working_days(date(2026, 2, 13), 1) == date(2026, 2, 14)  # the Saturday that is worked
    assert china.add_working_days(date(2026, 2, 14), 1) == date(2026, 2, 24)


# --- ends of days and changes of the clock ---


def test_a_day_ends_where_the_next_one_begins() -> None:
    berlin = WorkingCalendar(BERLIN)

    assert berlin.end_of_day(date(2026, 3, 29)) - berlin.end_of_day(date(2026, 3, 28)) == timedelta(hours=23)
    assert berlin.end_of_day(date(2026, 10, 25)) - berlin.end_of_day(date(2026, 10, 24)) == timedelta(hours=25)
    assert berlin.day_of(berlin.end_of_day(date(2026, 3, 6))) == date(2026, 3, 7)
    assert berlin.end_of_day(date.max) == datetime.max.replace(tzinfo=UTC)


def test_the_day_ends_at_the_first_moment_of_the_next_where_midnight_is_skipped() -> None:
    # Clocks in Beirut went from midnight straight to 01:00 on 31 March 2024.
    beirut = WorkingCalendar(ZoneInfo("Asia/Beirut"))

    assert beirut.end_of_day(date(2024, 3, 30)) == datetime(2024, 3, 30, 22, tzinfo=UTC)


def test_a_day_that_a_country_skipped_has_no_length() -> None:
    # Samoa had no 30 December 2011.
    samoa = WorkingCalendar(ZoneInfo("Pacific/Apia"), opens=time(0), closes=time(0))
    friday = samoa.end_of_day(date(2011, 12, 29))

    assert samoa.end_of_day(date(2011, 12, 30)) == friday
    assert samoa.working_seconds(friday - timedelta(hours=1), friday + timedelta(hours=1)) == HOUR


def test_a_change_of_the_clock_inside_the_interval_moves_no_working_hour() -> None:
    berlin = WorkingCalendar(BERLIN, opens=time(9), closes=time(17))
    friday, monday = local(BERLIN, "2026-03-27T09:00"), local(BERLIN, "2026-03-30T17:00")

    assert berlin.working_seconds(friday, monday) == 16 * HOUR
    assert (monday - friday).total_seconds() == 79 * HOUR  # 80 by the clock on the wall


def test_a_night_shift_is_an_hour_shorter_when_clocks_go_forward_and_longer_when_back() -> None:
    nights = WorkingCalendar(BERLIN, weekdays=frozenset(range(7)), opens=time(0), closes=time(6))

    for day, worked in (("2026-03-29", 5), ("2026-10-25", 7), ("2026-06-14", 6)):
        midnight = local(BERLIN, f"{day}T00:00")
        assert nights.working_seconds(midnight, midnight + timedelta(hours=12)) == worked * HOUR


def test_opening_at_a_time_that_clocks_skip_is_opening_when_they_jump() -> None:
    assert first_moment(date(2026, 3, 29), time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)


# --- pauses ---


def test_two_overlapping_pauses_are_taken_out_once() -> None:
    pauses = [(moment("Mon 10:00"), moment("Mon 13:00")), (moment("Mon 12:00"), moment("Mon 14:00"))]

    assert OFFICE.seconds(ELAPSED, moment("Mon 09:00"), moment("Mon 17:00"), pauses) == 4 * HOUR
    assert OFFICE.seconds(WORKING, moment("Mon 09:00"), moment("Mon 20:00"), pauses) == 4 * HOUR


INSTANTS = st.integers(0, 20 * 24 * 60).map(lambda minute: moment("Mon 00:00") + timedelta(minutes=minute))
INTERVALS = st.tuples(INSTANTS, INSTANTS).map(lambda pair: (min(pair), max(pair)))


@given(INTERVALS, st.lists(INTERVALS, max_size=5))
def test_what_remains_outside_pauses_is_every_minute_in_none_of_them(
    interval: tuple[datetime, datetime], pauses: list[tuple[datetime, datetime]]
) -> None:
    start, end = interval
    left = remaining(start, end, pauses)

    minutes = int((end - start) / timedelta(minutes=1))
    free = [
        moment
        for moment in (start + timedelta(minutes=number) for number in range(minutes))
        if not any(since <= moment < until for since, until in pauses)
    ]
    assert sum((until - since for since, until in left), timedelta()) == timedelta(minutes=len(free))
    assert list(left) == sorted(left)


# --- properties ---

CALENDARS = [
    WorkingCalendar(BERLIN, "DE", opens=time(8, 30), closes=time(17)),
    WorkingCalendar(BERLIN, weekdays=frozenset(range(7)), opens=time(0), closes=time(5)),
    WorkingCalendar(BERLIN, weekdays=frozenset(range(7)), opens=time(2, 30), closes=time(0)),
    WorkingCalendar(ZoneInfo("America/St_Johns"), "CA", opens=time(0), closes=time(0)),
    WorkingCalendar(ZoneInfo("Australia/Lord_Howe"), weekdays=frozenset({5, 6}), opens=time(1, 45), closes=time(9)),
    WorkingCalendar(SHANGHAI, "CN", opens=time(9), closes=time(18)),
    WorkingCalendar(ZoneInfo("Asia/Jerusalem"), "IL", weekdays=frozenset({6, 0, 1, 2, 3})),
]
# Where clocks change and holidays lie: spring and autumn, new year, spring festival, golden week.
SEASONS = [
    datetime(2026, month, day, tzinfo=UTC) for month, day in ((1, 1), (2, 10), (3, 27), (4, 3), (9, 25), (10, 23))
]
MOMENTS = st.builds(
    lambda season, minutes: season + timedelta(minutes=minutes), st.sampled_from(SEASONS), st.integers(0, 12 * 24 * 60)
)


def count_minutes(calendar: WorkingCalendar, start: datetime, end: datetime) -> int:
    """Open minutes, by looking at the wall minute by minute.

    A day opens at the first minute that shows the opening time or later, and closes for good at the first that shows
    the closing time or later.
    """
    counted, day, opened, closed = 0, None, False, False
    at = start - timedelta(days=2)  # so that the first day counted is seen from its beginning
    while at < end:
        shown = at.astimezone(calendar.zone)
        if shown.date() != day:
            day, opened, closed = shown.date(), False, False
        opened = opened or shown.time() >= calendar.opens
        closed = closed or (calendar.closes != time() and shown.time() >= calendar.closes)
        if at >= start and opened and not closed and calendar.is_working_day(shown.date()):
            counted += 1
        at += timedelta(minutes=1)
    return counted


@settings(max_examples=25)
@given(st.sampled_from(CALENDARS), MOMENTS, st.integers(0, 4 * 24 * 60))
def test_working_time_is_what_counting_minute_by_minute_gives(
    calendar: WorkingCalendar, start: datetime, minutes: int
) -> None:
    end = start + timedelta(minutes=minutes)

    assert calendar.working_seconds(start, end) == 60 * count_minutes(calendar, start, end)


@given(st.sampled_from(CALENDARS), st.lists(MOMENTS, min_size=3, max_size=3).map(sorted))
def test_working_time_is_additive_and_monotone_and_never_longer_than_the_time(
    calendar: WorkingCalendar, moments: list[datetime]
) -> None:
    first, second, third = moments

    whole = calendar.working_seconds(first, third)
    assert whole == calendar.working_seconds(first, second) + calendar.working_seconds(second, third)
    assert 0 <= calendar.working_seconds(first, second) <= whole <= (third - first).total_seconds()


@given(st.sampled_from(CALENDARS), st.dates(date(2024, 1, 1), date(2028, 12, 31)), st.integers(1, 40))
def test_adding_working_days_passes_over_that_many_of_them(calendar: WorkingCalendar, day: date, count: int) -> None:
    reached = calendar.add_working_days(day, count)

    passed = [day + timedelta(days=number) for number in range(1, (reached - day).days + 1)]
    assert sum(calendar.is_working_day(one) for one in passed) == count
    assert calendar.is_working_day(reached)


def test_the_table_grows_both_ways_without_changing_its_answers() -> None:
    start, end = moment("2026-03-02 00:00"), moment("2026-03-09 00:00")
    calendar = WorkingCalendar(BERLIN)
    before = calendar.working_seconds(start, end)

    calendar.working_seconds(moment("2011-01-01 00:00"), moment("2030-01-01 00:00"))

    assert calendar.working_seconds(start, end) == before == 45 * HOUR
