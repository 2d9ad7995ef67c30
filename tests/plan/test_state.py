"""What the histories of its items say of a deliverable and a milestone."""

from __future__ import annotations

from typing import Any

from core.model import Category, WorkSelector
from core.plan.state import Standing, State, Work, state_of, work_at
from tests.builders import (
    ACTIVE,
    CANCELLED,
    DONE,
    FRIDAY,
    OPEN,
    deliverable,
    enrolled,
    milestone,
    moment,
    plan,
    work,
)

FINISHED_TUESDAY = (("Mon 09:00", OPEN), ("Tue 09:00", DONE))
FINISHED_WEDNESDAY = (("Mon 09:00", OPEN), ("Wed 09:00", DONE))
STILL_OPEN = (("Mon 09:00", OPEN), ("Tue 09:00", ACTIVE))
DROPPED_THURSDAY = (("Mon 09:00", OPEN), ("Thu 09:00", CANCELLED))


def state(*works: Work) -> State:
    """The state of D1, for which all of these work."""
    return state_of(plan(deliverable("D1")), None, works).deliverables["D1"]


def mine(key: str, *stays: tuple[str, Category], **fields: Any) -> Work:
    """An item that works for D1."""
    return work(key, *stays, deliverable="D1", **fields)


def test_a_deliverable_is_finished_when_the_last_of_its_items_is() -> None:
    found = state(mine("ERP-1", *FINISHED_TUESDAY), mine("ERP-2", *FINISHED_WEDNESDAY))

    assert (found.standing, found.finished_at) == (Standing.FINISHED, moment("Wed 09:00"))
    assert (found.items, found.finished_items) == (2, 2)


def test_one_open_item_keeps_a_deliverable_open() -> None:
    found = state(mine("ERP-1", *FINISHED_TUESDAY), mine("ERP-2", *STILL_OPEN))

    assert (found.standing, found.finished_at) == (Standing.OPEN, None)
    assert (found.items, found.finished_items) == (2, 1)


def test_what_was_cancelled_does_not_count() -> None:
    found = state(mine("ERP-1", *FINISHED_TUESDAY), mine("ERP-2", *DROPPED_THURSDAY))

    assert (found.standing, found.finished_at, found.items) == (Standing.FINISHED, moment("Tue 09:00"), 1)


def test_a_deliverable_is_cancelled_when_all_of_it_was() -> None:
    found = state(mine("ERP-1", *DROPPED_THURSDAY))

    assert (found.standing, found.cancelled_at) == (Standing.CANCELLED, moment("Thu 09:00"))


def test_work_that_matches_nothing_is_empty_and_no_work_at_all_is_unknown() -> None:
    found = state_of(plan(deliverable("D1"), deliverable("D2", work=None)), None, [])

    assert found.deliverables["D1"].standing is Standing.EMPTY
    assert found.deliverables["D2"].standing is Standing.UNKNOWN


def test_a_parent_and_its_sub_tasks_are_not_both_counted() -> None:
    found = state(
        mine("ERP-40", *STILL_OPEN),
        mine("ERP-41", *FINISHED_TUESDAY, parent_id="40"),
        mine("ERP-42", *FINISHED_WEDNESDAY, parent_id="40"),
    )

    assert (found.items, found.finished_items) == (2, 2)
    assert (found.standing, found.finished_at) == (Standing.FINISHED, moment("Wed 09:00"))


def test_an_item_that_the_plan_names_by_key_has_to_be_finished_itself() -> None:
    named = plan(deliverable("D1", work=WorkSelector(keys={"jira": ("ERP-40",)})))
    sub_task = mine("ERP-41", *FINISHED_TUESDAY, parent_id="40")

    unfinished = state_of(named, None, [mine("ERP-40", *STILL_OPEN), sub_task]).deliverables["D1"]
    finished = state_of(named, None, [mine("ERP-40", *FINISHED_WEDNESDAY), sub_task]).deliverables["D1"]

    assert (unfinished.standing, unfinished.items) == (Standing.OPEN, 1)
    assert (finished.standing, finished.finished_at) == (Standing.FINISHED, moment("Wed 09:00"))


def test_a_parent_whose_sub_tasks_were_all_cancelled_counts_itself() -> None:
    found = state(mine("ERP-40", *FINISHED_TUESDAY), mine("ERP-41", *DROPPED_THURSDAY, parent_id="40"))

    assert (found.standing, found.items) == (Standing.FINISHED, 1)


def test_a_done_item_without_a_change_takes_the_tracker_s_resolution_date() -> None:
    found = state(mine("ERP-1", ("Mon 09:00", DONE), resolved_at=moment("Tue 12:00")))

    assert (found.standing, found.finished_at, found.incomplete) == (Standing.FINISHED, moment("Tue 12:00"), True)


def test_a_done_item_with_neither_date_is_finished_and_nobody_knows_when() -> None:
    found = state(mine("ERP-1", ("Mon 09:00", DONE)), mine("ERP-2", *FINISHED_TUESDAY))

    assert (found.standing, found.finished_at) == (Standing.FINISHED, None)


def test_what_was_resolved_later_was_not_closed_at_the_moment() -> None:
    early, late = (
        work("ERP-1", ("Mon 09:00", DONE), at=at, resolved_at=moment("Wed 12:00")) for at in ("Tue 09:00", "Thu 09:00")
    )

    assert (early.is_open, early.category, early.finished_at) == (True, None, None)
    assert (late.is_open, late.category, late.finished_at) == (False, DONE, moment("Wed 12:00"))


def test_only_what_existed_at_the_moment_is_work_and_only_as_it_was() -> None:
    everything = [enrolled("ERP-1", *FINISHED_WEDNESDAY), enrolled("ERP-2", ("Thu 09:00", OPEN))]

    (found,) = work_at(everything, moment("Tue 09:00"))

    assert (found.item.key, found.category) == ("ERP-1", OPEN)


def test_a_milestone_is_finished_when_all_its_deliverables_are() -> None:
    both = plan(deliverable("D1", milestone="M1"), deliverable("D2", milestone="M1"), milestones=[milestone("M1")])
    first = work("ERP-1", *FINISHED_TUESDAY, deliverable="D1")
    second = work("ERP-2", *FINISHED_WEDNESDAY, deliverable="D2")

    finished = state_of(both, None, [first, second]).milestones["M1"]
    unfinished = state_of(both, None, [first]).milestones["M1"]

    assert (finished.standing, finished.finished_at, finished.items) == (Standing.FINISHED, moment("Wed 09:00"), 2)
    assert (unfinished.standing, unfinished.finished_at) == (Standing.OPEN, None)


def test_a_milestone_without_deliverables_or_with_one_that_nobody_can_judge_is_unknown() -> None:
    partly = plan(
        deliverable("D1", milestone="M1"),
        deliverable("D2", milestone="M1", work=None),
        milestones=[milestone("M1"), milestone("M2")],
    )

    found = state_of(partly, None, [work("ERP-1", *FINISHED_TUESDAY, deliverable="D1")]).milestones

    assert found["M1"].standing is Standing.UNKNOWN
    assert found["M2"].standing is Standing.UNKNOWN


def test_a_cancelled_deliverable_does_not_hold_up_its_milestone() -> None:
    both = plan(deliverable("D1", milestone="M1"), deliverable("D2", milestone="M1"), milestones=[milestone("M1")])
    works = [
        work("ERP-1", *FINISHED_TUESDAY, deliverable="D1"),
        work("ERP-2", *DROPPED_THURSDAY, deliverable="D2"),
    ]

    assert state_of(both, None, works).milestones["M1"].finished_at == moment("Tue 09:00")
    assert state_of(both, None, works[1:]).milestones["M1"].standing is Standing.OPEN


def test_what_only_the_approved_plan_holds_has_a_state_too() -> None:
    found = state_of(plan(deliverable("D2")), plan(deliverable("D1")), [mine("ERP-1", *FINISHED_TUESDAY, at=FRIDAY)])

    assert found.deliverables["D1"].standing is Standing.FINISHED
