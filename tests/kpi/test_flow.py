"""How long items take, and how many get finished."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.history.calendar import WorkingCalendar
from core.history.period import parse_period
from core.kpi.declare import KPIS
from core.kpi.facts import ItemFacts
from core.kpi.measure import measure
from core.model import Measurement, Period, Role, Unit
from tests.builders import ACTIVE, CANCELLED, DONE, MONDAY, OPEN, UTC_ZONE, WAITING, facts, moment

MARCH = parse_period("2026-03", UTC_ZONE)
DAY = 86_400.0


def number(
    identity: str,
    *items: ItemFacts,
    at: str = "2026-04-01 00:00",
    period: Period = MARCH,
    read_until: str | None = None,
) -> Measurement:
    """The number for March, by default with everything read."""
    return measure(KPIS[identity], items, None, period, moment(at), read_until=moment(read_until or at))


def took(key: str, days: int, **fields: Any) -> ItemFacts:
    """An item that was opened on Monday and finished that many days later."""
    return facts(key, ("Mon 09:00", OPEN), (MONDAY + timedelta(days=days), DONE), **fields)


# --- lead time ---


def test_lead_time_is_the_median_from_the_first_todo_to_the_finish() -> None:
    found = number("lead_time", *(took(f"ERP-{days}", days) for days in (1, 2, 3, 4, 10)))

    assert (found.value, found.unit, found.reason, found.sample) == (3 * DAY, Unit.SECONDS, None, 5)
    assert found.statistics == {"p50": 3 * DAY, "p85": 10 * DAY, "p95": 10 * DAY}
    assert (found.target, found.met) == (None, None)


def test_a_reopened_item_takes_until_its_last_finish() -> None:
    again = facts("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", DONE), ("Thu 09:00", ACTIVE), ("Fri 09:00", DONE))

    assert number("lead_time", again).value == 4 * DAY


def test_four_items_are_a_small_sample_and_said_to_be() -> None:
    found = number("lead_time", *(took(f"ERP-{days}", days) for days in (1, 2, 3, 4)))

    assert (found.value, found.reason) == (2 * DAY, "small_sample")


def test_done_without_any_date_is_left_out_and_gets_none_invented() -> None:
    found = number("lead_time", took("ERP-1", 1), facts("ERP-2", ("Mon 09:00", DONE)))

    assert (found.sample, found.excluded) == (1, {"no_completion_date": 1})
    assert [row.value for row in found.evidence] == [DAY, None]


def test_done_without_any_date_is_left_out_only_of_periods_that_could_hold_its_finish() -> None:
    item = facts("ERP-1", ("2026-02-10 09:00", DONE), updated_at=moment("2026-03-20 09:00"))

    def excluded(identity: str, month: str) -> object:
        return number(identity, item, at="2026-06-01 00:00", period=parse_period(month, UTC_ZONE)).excluded

    for identity in ("lead_time", "throughput"):
        months = [excluded(identity, month) for month in ("2026-01", "2026-02", "2026-03", "2026-04")]
        assert months == [{}, {"no_completion_date": 1}, {"no_completion_date": 1}, {}]


def test_done_without_a_change_takes_until_the_tracker_s_resolution_date() -> None:
    found = number("lead_time", facts("ERP-1", ("Mon 09:00", DONE), resolved_at=moment("Wed 09:00")))

    assert (found.value, found.incomplete_items) == (2 * DAY, 1)


def test_work_before_the_creation_date_counts_from_its_first_change() -> None:
    imported = facts("ERP-1", ("2026-02-23 09:00", OPEN), ("Mon 09:00", ACTIVE), ("Tue 09:00", DONE))

    assert number("lead_time", imported).value == 8 * DAY


def test_a_parent_is_left_out_for_its_sub_tasks() -> None:
    parent = took("ERP-40", 10)
    parts = [took("ERP-41", 1, parent_id="40"), took("ERP-42", 2, parent_key="ERP-40")]

    found = number("lead_time", parent, *parts)

    assert (found.sample, found.excluded) == (2, {"parent": 1})


def test_a_parent_whose_sub_tasks_were_all_cancelled_counts_itself() -> None:
    parent = took("ERP-40", 10)
    part = facts("ERP-41", ("Mon 09:00", OPEN), ("Tue 09:00", CANCELLED), parent_id="40")

    found = number("lead_time", parent, part)

    assert (found.sample, found.excluded) == (1, {"cancelled": 1})


def test_a_lead_time_over_a_change_of_the_clock_is_what_passed() -> None:
    # Berlin: Saturday 12:00 to Sunday 12:00, the night in which an hour is skipped.
    berlin = WorkingCalendar(ZoneInfo("Europe/Berlin"))
    item = facts("ERP-1", ("2026-03-28 11:00", OPEN), ("2026-03-29 10:00", DONE), calendar=berlin)

    assert number("lead_time", item).value == 23 * 3600


# --- throughput ---


def test_throughput_is_the_median_week_with_zero_weeks_kept() -> None:
    # March 2026 touches six weeks: the 1st alone, then from the 2nd, 9th, 16th, 23rd and 30th on.
    finished = [took(f"ERP-{number}", days) for number, days in enumerate((0, 1, 2, 7, 8, 28), start=1)]

    found = number("throughput", *finished)

    assert (found.value, found.numerator, found.denominator, found.sample) == (0, 6, 6, 6)
    assert found.statistics == {"p50": 0, "p85": 3, "p95": 3}
    assert [row.value for row in found.evidence] == [202610, 202610, 202610, 202611, 202611, 202614]


def test_throughput_counts_only_the_weeks_that_have_begun() -> None:
    finished = [took(f"ERP-{number}", days) for number, days in enumerate((0, 1, 7, 8), start=1)]

    found = number("throughput", *finished, at="2026-03-11 12:00")

    assert (found.value, found.numerator, found.denominator) == (2, 4, 3)


@pytest.mark.parametrize(
    ("at", "weeks"),
    [("2026-03-02 00:00", 1), ("2026-03-02 00:01", 2), ("2026-03-03 00:00", 2), ("2026-03-09 00:00", 2)],
)
def test_a_week_begins_with_its_monday_and_not_with_the_midnight_that_ends_the_sunday(at: str, weeks: int) -> None:
    item = facts("ERP-1", ("2026-01-05 09:00", OPEN))

    assert number("throughput", item, at=at).denominator == weeks


def test_a_month_in_which_nothing_was_finished_is_zero_and_not_unknown() -> None:
    found = number("throughput", facts("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", WAITING)))

    assert (found.value, found.reason, found.numerator, found.denominator) == (0, None, 0, 6)


def test_a_week_that_was_read_in_part_counts_what_was_seen_and_is_never_zero() -> None:
    # The week of the 9th was read until the 11th.
    seen = number("throughput", took("ERP-1", 1), took("ERP-2", 8), read_until="2026-03-11 12:00")
    idle = number("throughput", took("ERP-1", 1), read_until="2026-03-11 12:00")

    assert (seen.numerator, seen.denominator) == (2, 3)
    assert (idle.numerator, idle.denominator) == (1, 2)


@pytest.mark.parametrize("identity", ["lead_time", "throughput"])
def test_of_a_month_that_nobody_has_read_nothing_is_said(identity: str) -> None:
    found = number(identity, facts("ERP-1", ("2026-01-05 09:00", OPEN)), read_until="2026-02-20 09:00")

    assert (found.value, found.reason) == (None, "not_read")


def test_what_was_cancelled_is_reported_apart() -> None:
    found = number("throughput", took("ERP-1", 1), facts("ERP-2", ("Mon 09:00", OPEN), ("Tue 09:00", CANCELLED)))

    assert (found.numerator, found.excluded) == (1, {"cancelled": 1})


def test_the_week_of_an_item_is_that_of_the_project_s_zone() -> None:
    shanghai = WorkingCalendar(ZoneInfo("Asia/Shanghai"))
    # Sunday 17:00 UTC is Monday there.
    item = facts("ERP-1", ("Mon 09:00", OPEN), ("2026-03-08 17:00", DONE), calendar=shanghai)

    (row,) = number("throughput", item, period=parse_period("2026-03", shanghai.zone)).evidence

    assert row.value == 202611


def test_before_the_period_begins_there_is_no_week() -> None:
    item = facts("ERP-1", ("2026-01-05 09:00", OPEN), at="2026-02-01 00:00")

    found = number("throughput", item, at="2026-02-01 00:00")

    assert (found.value, found.reason) == (None, "period_not_started")


@pytest.mark.parametrize("identity", ["lead_time", "throughput"])
def test_an_empty_project_is_not_measurable(identity: str) -> None:
    found = number(identity)

    assert (found.value, found.reason, found.evidence) == (None, "no_items", ())


def test_all_roles_flow() -> None:
    found = number("throughput", took("ERP-1", 1, role=Role.PROBLEM), took("ERP-2", 1, role=Role.REQUIREMENT))

    assert found.numerator == 2


def test_the_weeks_of_a_year_s_end_belong_to_the_iso_year() -> None:
    item = facts("ERP-1", ("2025-12-01 09:00", OPEN), ("2025-12-30 09:00", DONE))

    (row,) = number("throughput", item, period=parse_period("2025-12", UTC_ZONE)).evidence

    assert row.value == 202601
    assert date(2025, 12, 30).isocalendar()[:2] == (2026, 1)
