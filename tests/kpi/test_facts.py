"""How long things were open, and when they were finished."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.history.calendar import WorkingCalendar
from core.kpi.facts import gather
from core.model import Clock
from tests.builders import (
    ACTIVE,
    CANCELLED,
    DONE,
    ELAPSED,
    FRIDAY,
    OFFICE,
    OPEN,
    WAITING,
    WORKING,
    baseline,
    deliverable,
    enrolled,
    facts,
    hours,
    milestone,
    moment,
    plan,
)


def test_a_reopened_problem_keeps_its_clock() -> None:
    problem = facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 11:00", DONE), ("Wed 09:00", OPEN), ("Wed 11:00", DONE))

    assert problem.open_time(ELAPSED, until=FRIDAY) == hours(4)


def test_an_open_item_is_open_until_the_moment_of_asking() -> None:
    problem = facts("ERP-1", ("Mon 09:00", OPEN), ("Tue 09:00", WAITING))

    assert problem.open_time(ELAPSED, until=moment("Wed 09:00")) == hours(48)
    assert problem.finished_at is None


@pytest.mark.parametrize(("clock", "open_for"), [(ELAPSED, hours(44)), (WORKING, hours(2))])
def test_an_item_created_on_a_sunday_waits_for_its_working_clock(clock: Clock, open_for: timedelta) -> None:
    problem = facts("ERP-1", ("2026-03-07 15:00", OPEN), ("2026-03-09 11:00", DONE))

    assert problem.open_time(clock, until=moment("2026-03-31 00:00")) == open_for


def test_a_working_clock_stands_still_on_a_holiday_and_runs_on_a_day_that_makes_up_for_it() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    china = WorkingCalendar(zone, "CN", opens=time(9), closes=time(17))

    # Friday 13 February, noon there, to Tuesday the 24th, noon: only Saturday the 14th is worked in between.
    problem = facts("ERP-1", ("2026-02-13 04:00", OPEN), ("2026-02-24 04:00", DONE), calendar=china)

    assert problem.open_time(WORKING, until=FRIDAY) == hours(5 + 8 + 3)


def test_a_done_item_without_a_change_was_open_until_the_tracker_s_resolution_date() -> None:
    problem = facts("ERP-1", ("Mon 09:00", DONE), resolved_at=moment("Mon 15:00"))

    assert problem.finished_at == moment("Mon 15:00")
    assert problem.open_time(ELAPSED, until=FRIDAY) == hours(6)
    assert problem.incomplete


def test_a_resolution_date_set_late_by_automation_does_not_beat_the_history() -> None:
    problem = facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 15:00", DONE), resolved_at=moment("Thu 02:00"))

    assert problem.finished_at == moment("Mon 15:00")
    assert problem.open_time(ELAPSED, until=FRIDAY) == hours(6)


def test_a_done_item_with_neither_date_has_none() -> None:
    assert facts("ERP-1", ("Mon 09:00", DONE)).finished_at is None


def test_at_an_earlier_moment_a_later_resolution_date_is_not_known() -> None:
    problem = facts("ERP-1", ("Mon 09:00", DONE), at="Mon 12:00", resolved_at=moment("Mon 15:00"))

    assert problem.finished_at is None
    assert problem.open_time(ELAPSED, until=moment("Mon 12:00")) == hours(3)


def test_being_cancelled_stops_the_clock_too() -> None:
    problem = facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 12:00", CANCELLED))

    assert (problem.cancelled_at, problem.finished_at) == (moment("Mon 12:00"), None)
    assert problem.open_time(ELAPSED, until=FRIDAY) == hours(3)


def test_waiting_begins_with_the_first_todo_span_or_with_life_itself() -> None:
    assert facts("ERP-1", ("Mon 09:00", WAITING), ("Tue 09:00", OPEN)).waiting_since == moment("Tue 09:00")
    assert facts("ERP-2", ("Mon 09:00", ACTIVE), ("Tue 09:00", DONE)).waiting_since == moment("Mon 09:00")


def test_everything_about_a_project_is_gathered_as_it_stood() -> None:
    everything = [
        enrolled("ERP-1", ("Mon 09:00", OPEN), ("Wed 09:00", DONE), deliverable="D1"),
        enrolled("ERP-2", ("Thu 09:00", OPEN)),
    ]
    wanted = plan(deliverable("D1", milestone="M1"), milestones=[milestone("M1")])

    tuesday = gather(everything, wanted, [baseline(wanted)], OFFICE, moment("Tue 09:00"))
    friday = gather(everything, wanted, [baseline(wanted)], OFFICE, FRIDAY)

    assert [(one.key, one.finished_at) for one in tuesday.items] == [("ERP-1", None)]
    assert [one.state.finished_at for one in tuesday.plan] == [None, None]
    assert [one.key for one in friday.items] == ["ERP-1", "ERP-2"]
    assert [(one.key, one.state.finished_at) for one in friday.plan] == [
        ("D1", moment("Wed 09:00")),
        ("M1", moment("Wed 09:00")),
    ]


def test_an_empty_project_has_no_facts() -> None:
    nothing = gather([], None, [], OFFICE, FRIDAY)

    assert (nothing.items, nothing.plan) == ((), ())
