"""Versions of plans, baselines, and where milestones stand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

from core.model import (
    Deliverable,
    Dependency,
    Meeting,
    Milestone,
    Plan,
    PlannedDocument,
    Requirement,
    Resource,
    Retrospective,
    Risk,
    WorkSelector,
)
from core.store import plans
from core.store.engine import Store
from core.store.plans import DeliverableRow, MilestoneRow
from tests.store.samples import MONDAY, TUESDAY, WEDNESDAY, writes

PLAN = Plan(
    name="ERP upgrade 升级",
    start_on=date(2026, 1, 5),
    milestones=(Milestone(id="M1", name="Go-live", due_on=date(2026, 6, 26)),),
    deliverables=(
        Deliverable(
            id="D1",
            name="Specification",
            due_on=date(2026, 2, 6),
            effort_days=1.5,
            depends_on=(Dependency(on="D2", kind="SS", lag_days=5),),
            work=WorkSelector(keys={"jira": ("ERP-1",), "github": ("acme/erp#1",)}, labels=("a",)),
        ),
    ),
    requirements=(Requirement(id="R1", name="Close", work=WorkSelector(parents=("ERP-2",))),),
    resources=(Resource(who="li@example.com", allocation=0.6, from_on=date(2026, 4, 1)),),
    documents=(PlannedDocument(id="P1", name="Report", kind="progress_report", every="week"),),
    meetings=(Meeting(id="W1", name="Weekly", match="ERP*", minutes_within=timedelta(days=2, hours=3)),),
    risks=(Risk(id="K1", name="Late", probability="high"),),
    retrospectives=(Retrospective(id="T1", name="Review", after="M1", within=timedelta(days=10)),),
)


def test_a_plan_is_kept_each_time_it_becomes_another(store: Store) -> None:
    later = replace(PLAN, name="Another")

    with store.write() as conn:
        numbers = [plans.save_version(conn, "erp", plan, MONDAY) for plan in (PLAN, PLAN, later, PLAN)]
        elsewhere = plans.save_version(conn, "crm", later, TUESDAY)
        kept = plans.versions(conn, "erp")

    assert (numbers, elsewhere) == ([1, 1, 2, 3], 1)
    assert [(version.number, version.plan, version.saved_at) for version in kept] == [
        (1, PLAN, MONDAY),
        (2, later, MONDAY),
        (3, PLAN, MONDAY),
    ]


def test_the_order_in_which_a_selector_was_written_makes_no_other_plan(store: Store) -> None:
    def with_keys(keys: dict[str, tuple[str, ...]]) -> Plan:
        return replace(PLAN, deliverables=(replace(PLAN.deliverables[0], work=WorkSelector(keys=keys)),))

    with store.write() as conn:
        first = plans.save_version(conn, "erp", with_keys({"jira": ("A",), "github": ("B",)}), MONDAY)
        second = plans.save_version(conn, "erp", with_keys({"github": ("B",), "jira": ("A",)}), MONDAY)

    assert first == second


def test_baselines_are_numbered_by_project_and_stay_as_approved(store: Store) -> None:
    with store.write() as conn:
        first = plans.approve(conn, "erp", PLAN, by="Wang", reason=None, approved_at=MONDAY, recorded_at=TUESDAY)
        plans.approve(conn, "crm", PLAN, by="Li", reason="start", approved_at=MONDAY, recorded_at=MONDAY)
        second = plans.approve(
            conn,
            "erp",
            replace(PLAN, name="Later"),
            by="Li",
            reason="change",
            approved_at=TUESDAY,
            recorded_at=WEDNESDAY,
        )
        kept = plans.baselines(conn, "erp")

    assert kept == [first, second]
    assert (first.number, first.plan, first.approved_by, first.reason) == (1, PLAN, "Wang", None)
    assert (first.approved_at, first.recorded_at) == (MONDAY, TUESDAY)
    assert (second.number, second.plan.name) == (2, "Later")


def test_approvals_at_the_same_time_get_numbers_of_their_own(store: Store) -> None:
    def approve_repeatedly(who: str) -> None:
        for turn in range(10):
            with store.write() as conn:
                plan = replace(PLAN, name=f"{who} {turn}")
                plans.approve(conn, "erp", plan, by=who, reason=None, approved_at=MONDAY, recorded_at=MONDAY)

    with ThreadPoolExecutor() as pool:
        list(pool.map(approve_repeatedly, ("Li", "Wang")))

    with store.read() as conn:
        kept = plans.baselines(conn, "erp")
    assert [one.number for one in kept] == list(range(1, 21))
    assert sorted({one.plan.name for one in kept}) == sorted(f"{who} {n}" for who in ("Li", "Wang") for n in range(10))


def test_milestones_are_replaced_only_where_they_differ(store: Store) -> None:
    agreed = MilestoneRow(key="M1", name="Agreed", due_on=date(2026, 2, 13), finished_at=MONDAY)
    live = MilestoneRow(key="M2", name="Live", due_on=None, baseline_due_on=date(2026, 6, 26))

    with store.write() as conn:
        first = plans.save_milestones(conn, "erp", [agreed, live])
        before = writes(conn)
        same = plans.save_milestones(conn, "erp", [live, agreed])
        after = writes(conn)
        third = plans.save_milestones(conn, "erp", [replace(live, name="Go-live")])
        kept = plans.milestones(conn, "erp")

    assert (first, same, third) == (2, 0, 2)
    assert after == before
    assert kept == [replace(live, name="Go-live")]


def test_deliverables_are_replaced_only_where_they_differ(store: Store) -> None:
    built = DeliverableRow(
        key="D1",
        name="Built",
        milestone="M1",
        owner="li@acme.example",
        due_on=date(2026, 2, 13),
        baseline_due_on=date(2026, 2, 6),
        items=3,
        finished_items=3,
        finished_at=MONDAY,
        standing="finished",
    )
    dropped = replace(built, key="D2", milestone=None, owner=None, due_on=None, finished_at=None, standing="empty")

    with store.write() as conn:
        first = plans.save_deliverables(conn, "erp", [built, dropped])
        plans.save_deliverables(conn, "crm", [dropped])
        before = writes(conn)
        same = plans.save_deliverables(conn, "erp", [dropped, built])
        after = writes(conn)
        third = plans.save_deliverables(conn, "erp", [replace(built, finished_items=2)])
        kept, elsewhere = plans.deliverables(conn, "erp"), plans.deliverables(conn, "crm")

    assert (first, same, third) == (2, 0, 2)
    assert after == before
    assert (kept, elsewhere) == ([replace(built, finished_items=2)], [dropped])
