"""Delivered on time, and problems resolved in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from core.history.calendar import WorkingCalendar
from core.history.period import parse_period
from core.history.spans import derive
from core.kpi.declare import KPIS, Evidence, LeftOut, Within
from core.kpi.facts import ItemFacts, PlanFacts, gather
from core.kpi.measure import measure
from core.kpi.progress import delivered_on_time, problems_resolved_in_time
from core.model import Baseline, Measurement, Plan, Role
from core.plan.baseline import Entry
from core.plan.state import Standing, State
from tests.builders import (
    CANCELLED,
    DONE,
    FRIDAY,
    MAPPING,
    OFFICE,
    OPEN,
    STATUSES,
    UTC_ZONE,
    WEDNESDAY,
    WORKING,
    EnrolledIssue,
    baseline,
    change,
    deliverable,
    enrolled,
    facts,
    hours,
    in_status,
    issue,
    moment,
    plan,
    promised,
)

MARCH = parse_period("2026-03", UTC_ZONE)
END_OF_MARCH = MARCH.end_at


def finished(when: str) -> State:
    """A deliverable finished at the moment."""
    return State(standing=Standing.FINISHED, finished_at=moment(when), items=1, finished_items=1)


UNFINISHED = State(standing=Standing.OPEN, items=1)


def delivered(*entries: PlanFacts, at: str = "2026-04-01 00:00") -> Measurement:
    """The number for March."""
    return measure(KPIS["delivered_on_time"], entries, None, MARCH, moment(at))


def resolved(*problems: ItemFacts, at: str = "2026-04-01 00:00") -> Measurement:
    """The number for March."""
    return measure(KPIS["problems_resolved_in_time"], problems, Within(hours(48)), MARCH, moment(at))


# --- delivered on time ---


@pytest.mark.parametrize(
    ("state", "judgement"),
    [
        (finished("2026-03-05 12:00"), Evidence(True)),
        (finished("2026-03-06 23:59"), Evidence(True)),  # the day itself is inside
        (finished("2026-03-07 00:00"), Evidence(False)),
        (UNFINISHED, Evidence(False)),  # overdue and unfinished counts
        (State(standing=Standing.EMPTY), Evidence(False)),
        (State(standing=Standing.UNKNOWN), LeftOut("no_work")),
        (State(standing=Standing.FINISHED), LeftOut("no_completion_date")),
        (State(standing=Standing.CANCELLED, cancelled_at=moment("2026-03-06 12:00")), LeftOut("cancelled")),
        (State(standing=Standing.CANCELLED, cancelled_at=moment("2026-03-07 12:00")), Evidence(False)),
    ],
)
def test_a_deliverable_is_judged_by_its_approved_date(state: State, judgement: Evidence | LeftOut) -> None:
    assert delivered_on_time(promised(state, committed="2026-03-06"), None, END_OF_MARCH) == judgement


def test_the_end_of_the_due_day_is_that_of_the_project_s_zone() -> None:
    shanghai = WorkingCalendar(ZoneInfo("Asia/Shanghai"))
    early, late = (
        promised(finished(when), committed="2026-03-06", calendar=shanghai)
        for when in ("2026-03-06 15:59", "2026-03-06 16:00")
    )

    assert delivered_on_time(early, None, END_OF_MARCH) == Evidence(True)
    assert delivered_on_time(late, None, END_OF_MARCH) == Evidence(False)


def test_what_is_due_later_in_the_period_is_pending_even_when_finished() -> None:
    entries = [
        promised(finished("2026-03-05 12:00"), identity="D1", committed="2026-03-06"),
        promised(finished("2026-03-05 12:00"), identity="D2", committed="2026-03-20"),
        promised(UNFINISHED, identity="D3", committed="2026-03-20"),
    ]

    number = delivered(*entries, at="2026-03-10 12:00")

    assert (number.value, number.numerator, number.denominator) == (1.0, 1, 1)
    assert number.excluded == {"pending": 2}


def test_the_end_of_the_due_day_is_the_moment_of_judgement() -> None:
    entry = promised(UNFINISHED, committed="2026-03-06")

    assert delivered_on_time(entry, None, moment("2026-03-06 23:59")) == LeftOut("pending")
    assert delivered_on_time(entry, None, moment("2026-03-07 00:00")) == Evidence(False)


def test_moving_a_date_cannot_improve_the_number_unseen() -> None:
    """Two were promised for March; one was moved to April by an approval, and is late against its first promise."""
    kept = promised(finished("2026-03-05 12:00"), identity="D1", committed="2026-03-06")
    moved = promised(UNFINISHED, identity="D2", first="2026-03-13", committed="2026-04-10", latest="2026-04-30")

    number = delivered(kept, moved)

    assert (number.value, number.sample) == (1.0, 1)
    assert number.statistics == {"first": 0.5, "latest": 1.0}


def test_a_due_date_moved_the_day_before_it_was_due_without_approval_changes_nothing() -> None:
    entry = promised(UNFINISHED, committed="2026-03-06", latest="2026-06-30")

    number = delivered(entry)

    assert (number.value, number.met) == (0.0, False)
    assert number.statistics == {"first": 0.0, "latest": None}


def test_deliverables_and_milestones_count_alike_and_apart() -> None:
    entries = [
        promised(finished("2026-03-05 12:00"), identity="1"),
        promised(UNFINISHED, identity="1", entry=Entry.MILESTONE),
    ]

    number = delivered(*entries)

    assert (number.value, number.denominator) == (0.5, 2)


def test_without_an_approved_baseline_it_is_not_measurable() -> None:
    number = delivered(promised(UNFINISHED, committed=None, latest="2026-03-06"))

    assert (number.value, number.reason, number.met, number.sample) == (None, "no_baseline", None, 0)
    assert delivered().reason == "no_baseline"


def test_with_nothing_due_in_the_period_it_is_not_measurable() -> None:
    assert delivered(promised(UNFINISHED, committed="2026-04-06")).reason == "nothing_due"


def test_with_everything_pending_it_is_not_measurable_yet() -> None:
    number = delivered(promised(UNFINISHED, committed="2026-03-30"), at="2026-03-10 12:00")

    assert (number.value, number.reason, number.excluded) == (None, "all_pending", {"pending": 1})


# --- problems resolved in time ---


def test_a_reopened_problem_keeps_its_clock() -> None:
    #            Mon          Tue           Wed
    # ERP-1      open──done   ─────────     open──done(+2h)
    problem = facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 11:00", DONE), ("Wed 09:00", OPEN), ("Wed 11:00", DONE))

    assert problems_resolved_in_time(problem, Within(hours(4)), FRIDAY) == Evidence(value=True)
    assert problems_resolved_in_time(problem, Within(hours(3)), FRIDAY) == Evidence(value=False)


@pytest.mark.parametrize(
    ("problem", "judgement"),
    [
        (facts("ERP-1", ("Mon 09:00", OPEN), ("Wed 09:00", DONE)), Evidence(True)),  # 48 h to the second
        (facts("ERP-1", ("Mon 09:00", OPEN), ("Wed 09:01", DONE)), Evidence(False)),
        (facts("ERP-1", ("Mon 09:00", OPEN)), Evidence(False)),  # open, and past the limit
        (facts("ERP-1", ("Thu 09:00", OPEN)), LeftOut("pending")),
        (facts("ERP-1", ("Wed 09:00", OPEN)), LeftOut("pending")),  # 48 h to the second
        (facts("ERP-1", ("Mon 09:00", OPEN), ("Thu 09:00", CANCELLED)), LeftOut("cancelled")),
        (facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 10:00", DONE), resolution="Duplicate"), LeftOut("duplicate")),
        (facts("ERP-1", ("Mon 09:00", DONE)), LeftOut("no_completion_date")),
        (facts("ERP-1", ("Mon 09:00", DONE), resolved_at=moment("Tue 09:00")), Evidence(True)),
    ],
)
def test_a_problem_is_judged_by_its_clock(problem: ItemFacts, judgement: Evidence | LeftOut) -> None:
    assert problems_resolved_in_time(problem, Within(hours(48)), FRIDAY) == judgement


def test_the_working_clock_lets_the_weekend_pass() -> None:
    problem = facts("ERP-1", ("2026-03-06 15:00", OPEN), ("2026-03-09 11:00", DONE))

    assert problems_resolved_in_time(problem, Within(hours(4), WORKING), END_OF_MARCH) == Evidence(True)
    assert problems_resolved_in_time(problem, Within(hours(4)), END_OF_MARCH) == Evidence(False)


def test_a_change_of_priority_during_a_running_limit_does_not_restart_it() -> None:
    changes = [
        change("Tue 09:00", "priority", "Low", "Highest", entry=1),
        change("Wed 10:00", "status", "Open", "Done", entry=2),
    ]
    item = in_status(issue("ERP-1", "Mon 09:00"), DONE)
    plain = facts("ERP-1", ("Mon 09:00", OPEN), ("Wed 10:00", DONE))

    escalated = replace(plain, work=replace(plain.work, item=item, history=derive(item, changes, STATUSES, MAPPING)))

    assert problems_resolved_in_time(escalated, Within(hours(48)), FRIDAY) == Evidence(False)


def test_a_problem_reopened_after_the_period_closed_counts_as_it_did_at_its_end() -> None:
    stays = [("2026-03-30 09:00", OPEN), ("2026-03-31 09:00", DONE), ("2026-04-20 09:00", OPEN)]
    frozen, later = (facts("ERP-1", *stays, at=at) for at in ("2026-04-01 00:00", "2026-05-01 00:00"))

    assert resolved(frozen).value == 1.0
    assert resolved(later, at="2026-05-01 00:00").value == 0.0


def test_the_share_comes_with_how_long_problems_took_and_the_longest_still_open() -> None:
    number = resolved(
        facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 10:00", DONE)),
        facts("ERP-2", ("Mon 09:00", OPEN), ("Mon 12:00", DONE)),
        facts("ERP-3", ("Mon 09:00", OPEN), ("Fri 09:00", DONE)),
        facts("ERP-4", ("Tue 09:00", OPEN)),
        facts("ERP-5", ("Thu 09:00", OPEN)),  # inside its limit
        facts("ERP-6", ("Mon 09:00", OPEN), ("Tue 09:00", CANCELLED)),
        at="Fri 09:00",
    )

    assert (number.value, number.numerator, number.denominator, number.sample) == (0.5, 2, 4, 4)
    assert number.excluded == {"cancelled": 1, "pending": 1}
    assert number.statistics == {
        "resolved": 3,
        "p50": 3 * 3600,
        "p85": 96 * 3600,
        "p95": 96 * 3600,
        "longest_open": 72 * 3600,
    }


def test_only_problems_identified_in_the_period_count() -> None:
    number = resolved(
        facts("ERP-1", ("2026-02-28 23:59", OPEN), ("2026-03-01 09:00", DONE)),
        facts("ERP-2", ("2026-03-01 00:00", OPEN), ("2026-03-01 09:00", DONE)),
        facts("ERP-3", ("2026-04-01 00:00", OPEN), ("2026-04-01 09:00", DONE)),
    )

    assert [row.key for row in number.evidence] == ["ERP-2"]


def test_other_items_are_no_problems() -> None:
    number = resolved(facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 10:00", DONE), role=Role.TASK))

    assert (number.value, number.reason, number.evidence) == (None, "no_items", ())


def test_a_month_without_a_problem_is_not_measurable() -> None:
    assert resolved(facts("ERP-1", ("2026-01-05 09:00", OPEN))).reason == "nothing_identified"


def test_a_problem_with_a_sub_problem_is_counted_once_and_one_with_a_sub_task_counts_itself() -> None:
    bug = facts("ERP-1", ("Mon 09:00", OPEN), ("Mon 10:00", DONE))
    sub_bug = facts("ERP-2", ("Mon 09:00", OPEN), ("Mon 10:00", DONE), parent_id="1")
    sub_task = facts("ERP-3", ("Mon 09:00", OPEN), ("Mon 10:00", DONE), parent_id="1", role=Role.TASK)

    assert resolved(bug, sub_bug).excluded == {"parent": 1}
    assert (resolved(bug, sub_task).sample, resolved(bug, sub_task).excluded) == (1, {})


# --- the whole way: plan, baseline and items ---


def test_a_late_an_early_and_an_unfinished_deliverable_make_a_third() -> None:
    wanted = plan(deliverable("D1", "2026-03-06"), deliverable("D2", "2026-03-06"), deliverable("D3", "2026-03-20"))
    everything = [
        enrolled("ERP-1", ("Mon 09:00", OPEN), ("Wed 09:00", DONE), deliverable="D1"),
        enrolled("ERP-2", ("Mon 09:00", OPEN), ("2026-03-09 09:00", DONE), deliverable="D2"),
        enrolled("ERP-3", ("Mon 09:00", OPEN), deliverable="D3"),
    ]

    number = delivered(*gathered(everything, wanted, [baseline(wanted)]))

    assert (number.numerator, number.denominator) == (1, 3)
    assert [(row.key, row.value) for row in number.evidence] == [("D1", 1.0), ("D2", 0.0), ("D3", 0.0)]


def test_work_with_an_incomplete_history_is_told_with_the_number() -> None:
    wanted = plan(deliverable("D1", "2026-03-06"))
    everything = [enrolled("ERP-1", ("Mon 09:00", DONE), deliverable="D1", resolved_at=WEDNESDAY)]

    number = delivered(*gathered(everything, wanted, [baseline(wanted)]))

    assert (number.value, number.incomplete_items) == (1.0, 1)


def gathered(everything: Sequence[EnrolledIssue], wanted: Plan, baselines: Sequence[Baseline]) -> Sequence[PlanFacts]:
    """The plan's facts at the end of March."""
    return gather(everything, wanted, baselines, OFFICE, END_OF_MARCH).plan
