"""What holding a project stores of its plan, and what its status then says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.history.calendar import WorkingCalendar
from core.plan.state import Standing
from core.projects import status_inputs
from core.report.inputs import DeliverableLine, StatusInputs
from core.report.status import milestone_word
from core.store import plans
from core.store.engine import Store
from tests.builders import DONE, OPEN, deliverable, milestone, moment, plan
from tests.sync.source import page, snapshot
from tests.test_projects import MARCH, Desk

MIGRATED = snapshot("ERP-1", ("2026-03-02 09:00", OPEN), ("2026-03-05 23:30", DONE), labels=("d1",))
TRAINED = snapshot("ERP-2", ("2026-03-02 09:00", OPEN), ("2026-03-04 09:00", DONE), labels=("d2",))
STILL_TRAINING = snapshot("ERP-3", ("2026-03-02 09:00", OPEN), labels=("d2",))
PLANNED = plan(
    deliverable("D1", "2026-03-06", milestone="M1", owner="li@example.com"),
    deliverable("D2", "2026-03-06", milestone="M1"),
    deliverable("D3", "2026-03-20"),
    deliverable("D4", "2026-03-20", work=None),
    milestones=[milestone("M1", "2026-06-05")],
)


def said(desk: Desk, at: str) -> StatusInputs:
    with desk.store.read() as connection:
        return status_inputs(connection, desk.job, MARCH, moment(at))


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Desk]:
    """The plan, approved with an earlier date for D1 and with D9, held on the ninth of March in Shanghai."""
    with Store.open(f"sqlite:///{tmp_path}/planward.db", create=True) as store:
        desk = Desk(store, plan=PLANNED, calendar=WorkingCalendar(ZoneInfo("Asia/Shanghai")))
        approved = replace(PLANNED.deliverables[0], due_on=date(2026, 3, 4))
        gone = deliverable("D9", "2026-03-27", milestone="M1")
        desk.approve(replace(PLANNED, deliverables=(approved, *PLANNED.deliverables[1:], gone)), "2026-03-01 00:00")
        desk.cycle("2026-03-09 09:00", page(MIGRATED, TRAINED, STILL_TRAINING))
        yield desk


def test_each_deliverable_is_stored_as_it_stands_and_told_in_days_of_the_projects_zone(held: Desk) -> None:
    assert {line.id: line for line in said(held, "2026-03-09 09:00").deliverables} == {
        "D1": DeliverableLine(
            id="D1",
            name="Name of D1",
            milestone="M1",
            owner="li@example.com",
            baseline_due_on=date(2026, 3, 4),
            due_on=date(2026, 3, 6),
            finished_on=date(2026, 3, 6),
            items=1,
            finished_items=1,
            standing=Standing.FINISHED,
        ),
        "D2": DeliverableLine(
            id="D2",
            name="Name of D2",
            milestone="M1",
            baseline_due_on=date(2026, 3, 6),
            due_on=date(2026, 3, 6),
            items=2,
            finished_items=1,
            standing=Standing.OPEN,
        ),
        "D3": DeliverableLine(
            id="D3",
            name="Name of D3",
            baseline_due_on=date(2026, 3, 20),
            due_on=date(2026, 3, 20),
            standing=Standing.EMPTY,
        ),
        "D4": DeliverableLine(
            id="D4",
            name="Name of D4",
            baseline_due_on=date(2026, 3, 20),
            due_on=date(2026, 3, 20),
            standing=Standing.UNKNOWN,
        ),
        "D9": DeliverableLine(
            id="D9",
            name="Name of D9",
            milestone="M1",
            baseline_due_on=date(2026, 3, 27),
            standing=Standing.EMPTY,
        ),
    }


def test_an_overdue_deliverable_puts_its_milestone_at_risk_until_it_is_finished(held: Desk) -> None:
    late = said(held, "2026-03-09 09:00")
    finished = snapshot("ERP-3", ("2026-03-02 09:00", OPEN), ("2026-03-10 09:00", DONE), labels=("d2",))
    held.cycle("2026-03-10 10:00", page(finished))
    done = said(held, "2026-03-10 10:00")

    words = [milestone_word(inputs.milestones[0], inputs, "en").text for inputs in (late, done)]
    assert words == ["at risk", "open"]
    with held.store.read() as connection:
        stored = {row.key: row for row in plans.deliverables(connection, "erp")}
    assert (stored["D2"].standing, stored["D2"].finished_at) == ("finished", moment("2026-03-10 09:00"))
