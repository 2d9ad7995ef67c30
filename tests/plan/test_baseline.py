"""Which promises hold at a moment, and what two plans differ in."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.model import Basis
from core.plan.baseline import Difference, Entry, PlanChange, diff, in_force, promises
from tests.builders import FRIDAY, MONDAY, WEDNESDAY, baseline, deliverable, milestone, moment, plan


def test_without_an_approval_nothing_is_committed() -> None:
    (promise,) = promises([], plan(deliverable("D1", "2026-03-06")), FRIDAY)

    assert (promise.first_on, promise.committed_on, promise.latest_on) == (None, None, date(2026, 3, 6))


def test_a_promise_keeps_its_first_its_approved_and_its_latest_date() -> None:
    baselines = [
        baseline(plan(deliverable("D1", "2026-03-06")), "2026-01-05 09:00", 1),
        baseline(plan(deliverable("D1", "2026-03-20")), "2026-02-05 09:00", 2),
    ]

    (promise,) = promises(baselines, plan(deliverable("D1", "2026-04-01")), FRIDAY)

    dates = (promise.first_on, promise.committed_on, promise.latest_on)
    assert dates == (date(2026, 3, 6), date(2026, 3, 20), date(2026, 4, 1))


def test_a_due_date_moved_the_day_before_it_was_due_is_not_committed_until_it_is_approved() -> None:
    approved = baseline(plan(deliverable("D1", "2026-03-06")))
    moved = plan(deliverable("D1", "2026-03-31"))

    (before,) = promises([approved], moved, FRIDAY)
    (after,) = promises([approved, baseline(moved, "Thu 10:00", 2)], moved, FRIDAY)

    assert before.committed_on == date(2026, 3, 6)
    assert (after.first_on, after.committed_on) == (date(2026, 3, 6), date(2026, 3, 31))


def test_an_approval_counts_from_its_own_moment_on() -> None:
    old = baseline(plan(deliverable("D1", "2026-03-06")), "2026-01-05 09:00", 1)
    new = baseline(plan(deliverable("D1", "2026-03-20")), WEDNESDAY, 2)

    assert in_force([new, old], WEDNESDAY) is new
    assert in_force([new, old], WEDNESDAY - timedelta(microseconds=1)) is old
    assert in_force([new, old], moment("2026-01-01 00:00")) is None


def test_an_approval_recorded_later_is_not_known_to_a_frozen_number() -> None:
    late = baseline(plan(deliverable("D1")), MONDAY, recorded_at=FRIDAY)

    assert in_force([late], WEDNESDAY, Basis.HISTORY) is late
    assert in_force([late], WEDNESDAY, Basis.FROZEN) is None
    assert in_force([late], FRIDAY, Basis.FROZEN) is late


def test_what_was_approved_and_is_gone_from_the_plan_is_still_promised() -> None:
    approved = baseline(plan(deliverable("D1"), deliverable("D2"), milestones=[milestone("M1")]))

    found = promises([approved], plan(deliverable("D2")), FRIDAY)

    assert [(one.entry, one.id, one.latest_on is None) for one in found] == [
        (Entry.DELIVERABLE, "D2", False),
        (Entry.DELIVERABLE, "D1", True),
        (Entry.MILESTONE, "M1", True),
    ]


def test_what_a_later_approval_dropped_is_no_promise_any_more() -> None:
    baselines = [
        baseline(plan(deliverable("D1"), deliverable("D2")), "2026-01-05 09:00", 1),
        baseline(plan(deliverable("D2")), "2026-02-05 09:00", 2),
    ]

    assert [one.id for one in promises(baselines, plan(deliverable("D2")), FRIDAY)] == ["D2"]


def test_two_plans_differ_in_what_was_added_removed_moved_and_renamed() -> None:
    old = plan(deliverable("D1", "2026-03-06"), deliverable("D2"), deliverable("D3"), milestones=[milestone("M1")])
    new = plan(
        deliverable("D1", "2026-03-20"),
        deliverable("D3", name="Better name"),
        deliverable("D4", "2026-05-01"),
        milestones=[milestone("M1", "2026-03-07")],
    )

    assert diff(old, new) == [
        difference(PlanChange.MOVED, "D1", "Name of D1", "2026-03-06", "2026-03-20"),
        difference(PlanChange.RENAMED, "D3", "Better name", "Name of D3", "Better name"),
        difference(PlanChange.ADDED, "D4", "Name of D4", None, "2026-05-01"),
        difference(PlanChange.MOVED, "M1", "Name of M1", "2026-03-06", "2026-03-07", entry=Entry.MILESTONE),
        difference(PlanChange.REMOVED, "D2", "Name of D2", "2026-03-06", None),
    ]


@given(st.lists(st.tuples(st.sampled_from(["D1", "D2", "D3", "D4"]), st.dates(date(2026, 1, 1), date(2026, 12, 31)))))
def test_a_plan_does_not_differ_from_itself(entries: list[tuple[str, date]]) -> None:
    one = plan(*(deliverable(identity, due.isoformat()) for identity, due in dict(entries).items()))

    assert diff(one, one) == []


def difference(
    change: PlanChange,
    identity: str,
    name: str,
    before: str | None,
    after: str | None,
    *,
    entry: Entry = Entry.DELIVERABLE,
) -> Difference:
    """A difference, by default of a deliverable."""
    return Difference(change=change, entry=entry, id=identity, name=name, before=before, after=after)
