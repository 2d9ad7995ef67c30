"""What a person should know today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from core.model import Baseline, Finding, Plan, Severity
from core.plan.reconcile import reconcile
from core.plan.state import Work
from tests.builders import (
    ACTIVE,
    CANCELLED,
    DONE,
    OPEN,
    baseline,
    deliverable,
    milestone,
    moment,
    plan,
    work,
)

KINDS = {"jira": "jira"}
STILL_OPEN = (("2026-01-05 09:00", OPEN), ("2026-01-06 09:00", ACTIVE))
FINISHED = (("2026-01-05 09:00", OPEN), ("2026-01-06 09:00", DONE))


def found(
    today: str, wanted: Plan | None, works: Sequence[Work] = (), baselines: Sequence[Baseline] = ()
) -> list[Finding]:
    """The findings at noon of the day."""
    at = moment(f"{today} 12:00")
    return reconcile(wanted, baselines, works, KINDS, at=at, today=at.date())


def kinds(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """What was found, how bad, and about what."""
    return [(one.kind, one.severity.value, one.subject) for one in findings]


def open_work(key: str = "ERP-1", deliverable: str | None = "D1") -> Work:
    """An item in progress."""
    return work(key, *STILL_OPEN, deliverable=deliverable)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-02-26", []),
        ("2026-02-27", [("due_soon", "warning", "D1")]),
        ("2026-03-06", [("due_soon", "warning", "D1")]),  # dates are inclusive
        ("2026-03-07", [("overdue", "warning", "D1")]),
    ],
)
def test_an_unfinished_deliverable_is_due_soon_and_then_overdue(
    today: str, expected: list[tuple[str, str, str]]
) -> None:
    assert kinds(found(today, plan(deliverable("D1", "2026-03-06")), [open_work()])) == expected


def test_on_its_approved_date_it_is_not_late_yet() -> None:
    wanted = plan(deliverable("D1", "2026-03-06"))

    assert kinds(found("2026-03-06", wanted, [open_work()], [baseline(wanted)])) == [("due_soon", "warning", "D1")]


def test_past_its_approved_date_it_is_critical_whatever_the_plan_says_now() -> None:
    approved = [baseline(plan(deliverable("D1", "2026-03-06")))]

    (finding,) = found("2026-03-10", plan(deliverable("D1", "2026-04-30")), [open_work()], approved)

    assert (finding.kind, finding.severity, finding.facts["due_on"]) == ("overdue", Severity.CRITICAL, "2026-03-06")
    assert finding.facts["planned_on"] == "2026-04-30"


def test_an_approved_date_that_is_near_is_due_soon_although_the_plan_moved_it() -> None:
    approved = [baseline(plan(deliverable("D1", "2026-03-06")))]

    (finding,) = found("2026-03-05", plan(deliverable("D1", "2026-04-30")), [open_work()], approved)

    assert (finding.kind, finding.facts["due_on"]) == ("due_soon", "2026-03-06")


def test_a_date_newly_approved_ends_what_was_overdue() -> None:
    moved = plan(deliverable("D1", "2026-04-30"))
    approved = [baseline(plan(deliverable("D1", "2026-03-06"))), baseline(moved, "2026-03-09 09:00", 2)]

    assert found("2026-03-10", moved, [open_work()], approved) == []


def test_an_overdue_finding_names_facts_without_ages_and_the_open_items() -> None:
    wanted = plan(deliverable("D1", "2026-03-06", owner="li.wei@example.org"))
    works = [open_work("ERP-2"), open_work("ERP-1"), work("ERP-3", *FINISHED, deliverable="D1")]

    first = found("2026-03-10", wanted, works)

    assert first[0].facts == {
        "entry": "deliverable",
        "name": "Name of D1",
        "owner": "li.wei@example.org",
        "due_on": "2026-03-06",
        "committed_on": None,
        "planned_on": "2026-03-06",
        "items": 3,
        "finished_items": 1,
    }
    assert first[0].evidence == (("jira", "ERP-1"), ("jira", "ERP-2"))
    assert found("2026-03-25", wanted, works[::-1]) == first  # neither time nor order changes it


def test_finished_or_cancelled_is_not_overdue() -> None:
    dropped = work("ERP-2", ("2026-01-05 09:00", OPEN), ("2026-01-06 09:00", CANCELLED), deliverable="D2")
    wanted = plan(deliverable("D1", "2026-03-06"), deliverable("D2", "2026-03-06"))

    assert found("2026-03-10", wanted, [work("ERP-1", *FINISHED, deliverable="D1"), dropped]) == []


def test_a_milestone_is_overdue_only_when_it_is_due_itself() -> None:
    wanted = plan(deliverable("D1", "2026-03-06", milestone="M1"), milestones=[milestone("M1", "2026-03-31")])

    assert kinds(found("2026-03-10", wanted, [open_work()])) == [("overdue", "warning", "D1")]
    assert kinds(found("2026-04-01", wanted, [open_work()])) == [
        ("overdue", "warning", "D1"),
        ("overdue", "warning", "M1"),
    ]


def test_a_deliverable_that_nothing_works_on_is_a_ghost() -> None:
    wanted = plan(deliverable("D1", "2026-06-30"), deliverable("D2", "2026-06-30", work=None))

    findings = found("2026-03-10", wanted)

    assert kinds(findings) == [("ghost", "warning", "D1"), ("ghost", "warning", "D2")]
    assert [one.facts["cause"] for one in findings] == ["nothing_matches", "no_work_named"]


def test_a_ghost_is_overdue_only_where_the_plan_says_what_its_work_is() -> None:
    wanted = plan(deliverable("D1", "2026-03-06"), deliverable("D2", "2026-03-06", work=None))

    assert kinds(found("2026-03-10", wanted)) == [
        ("overdue", "warning", "D1"),
        ("ghost", "warning", "D1"),
        ("ghost", "warning", "D2"),
    ]


def test_what_was_approved_and_is_no_longer_in_the_plan_is_one_finding_with_its_work() -> None:
    kept, dropped = deliverable("D1", "2026-06-30"), deliverable("D13", "2026-03-06")
    works = [
        open_work("ERP-1"),
        work("ERP-9", *STILL_OPEN, labels=("d13",)),
        work("ERP-10", *STILL_OPEN, parent_id="9", parent_key="ERP-9"),
        work("ERP-11", *FINISHED, labels=("d13",)),
        open_work("ERP-12", None),
    ]

    findings = found("2026-03-10", plan(kept), works, [baseline(plan(kept, dropped))])

    assert kinds(findings) == [("ghost", "critical", "D13"), ("shadow_work", "info", "jira:ERP-12")]
    assert (findings[0].facts["cause"], findings[0].facts["due_on"]) == ("no_longer_planned", "2026-03-06")
    assert findings[0].evidence == (("jira", "ERP-10"), ("jira", "ERP-9"))


def test_what_the_plan_gave_to_another_deliverable_is_no_work_of_the_dropped_one() -> None:
    kept, dropped = deliverable("D1", "2026-06-30"), deliverable("D13", "2026-06-30")
    works = [work("ERP-9", *STILL_OPEN, deliverable="D1", labels=("d13",))]

    (finding,) = found("2026-03-10", plan(kept), works, [baseline(plan(kept, dropped))])

    assert (finding.kind, finding.severity, finding.evidence) == ("ghost", Severity.WARNING, ())


def test_open_work_without_a_deliverable_is_shadow_work() -> None:
    works = [
        open_work("ERP-1"),
        open_work("ERP-9", None),
        work("ERP-8", *FINISHED),
        work("ERP-7", ("2026-01-05 09:00", OPEN), ("2026-01-06 09:00", CANCELLED)),
    ]

    findings = found("2026-01-10", plan(deliverable("D1", "2026-03-06")), works)

    assert kinds(findings) == [("shadow_work", "info", "jira:ERP-9")]
    assert findings[0].facts == {
        "key": "ERP-9",
        "name": "Title of ERP-9",
        "source": "jira",
        "owner": None,
        "role": "task",
        "status": "In Progress",
    }


def test_a_parent_is_shadow_work_only_when_no_sub_task_speaks_for_it() -> None:
    wanted = plan(deliverable("D1", "2026-06-30"))
    parent = open_work("ERP-40", None)
    planned = work("ERP-41", *FINISHED, deliverable="D1", parent_id="40")
    unplanned = work("ERP-41", *STILL_OPEN, parent_id="40")
    over = work("ERP-41", *FINISHED, parent_id="40")
    d1 = open_work("ERP-1")

    assert kinds(found("2026-03-10", wanted, [parent, planned, d1])) == []
    assert kinds(found("2026-03-10", wanted, [parent, unplanned, d1])) == [("shadow_work", "info", "jira:ERP-41")]
    assert kinds(found("2026-03-10", wanted, [parent, over, d1])) == [("shadow_work", "info", "jira:ERP-40")]


def test_without_planned_deliverables_no_work_is_in_the_shadow() -> None:
    assert found("2026-03-10", None, [open_work("ERP-1", None)]) == []
    assert found("2026-03-10", plan(), [open_work("ERP-1", None)]) == []


def test_an_empty_project_has_no_findings() -> None:
    assert found("2026-03-10", None) == []
    assert found("2026-03-10", plan()) == []


def test_a_status_that_nobody_knows_is_one_finding_however_many_items_are_in_it() -> None:
    odd = [unknown(work(f"ERP-{number}", ("2026-01-05 09:00", OPEN))) for number in (1, 2)]

    (finding,) = found("2026-03-10", None, odd)

    assert (finding.kind, finding.severity, finding.subject) == ("unknown_status", Severity.WARNING, "jira:66")
    assert finding.facts == {"source": "jira", "name": "Limbo", "status_id": "66", "items": 2}
    assert finding.evidence == (("jira", "ERP-1"), ("jira", "ERP-2"))


def unknown(one: Work) -> Work:
    """The work in a status that neither the tracker nor the configuration explains."""
    span = replace(one.history.spans[0], status="Limbo", status_id="66", category=None)
    return replace(one, category=None, history=replace(one.history, spans=(span,), category=None))


def test_findings_do_not_depend_on_the_order_of_the_work() -> None:
    wanted = plan(deliverable("D1", "2026-03-06"), deliverable("D2", "2026-03-06"))
    works = [open_work(f"ERP-{number}", [None, "D1", "D2"][number % 3]) for number in range(9)]
    at = moment("2026-03-10 12:00")

    forwards = reconcile(wanted, [], works, KINDS, at=at, today=at.date())
    backwards = reconcile(wanted, [], works[::-1], KINDS, at=at + timedelta(minutes=1), today=at.date())

    assert forwards == backwards
