"""The views that others read: their names, columns and values are a contract."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

import core.store
from core.model import Agenda, Category, Enrolment, Finding, Publication, PublicationState, Role, Severity
from core.store import events, items, outbox, plans, results, views
from core.store.engine import Store
from core.store.plans import DeliverableRow, MilestoneRow
from tests.store.samples import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    comment,
    counted,
    history,
    item,
    link,
    measurement,
    meeting,
    started,
    whole,
)

CONTRACT = {
    "planward_items": "source key remote_id url kind type title status category priority assignee created_at updated_at"
    " started_at finished_at resolved_at due_on reopened deleted_at history_complete",
    "planward_changes": "source key changed_at author field from_value to_value",
    "planward_spans": "source key status category entered_at left_at",
    "planward_comments": "source key remote_id author created_at",
    "planward_links": "source key kind to_source to_key provenance",
    "planward_events": "source calendar uid title starts_at ends_at all_day status recurrence_start",
    "planward_milestones": "project key name baseline_due_on due_on forecast_on finished_at",
    "planward_deliverables": "project key name milestone owner baseline_due_on due_on forecast_on items finished_items"
    " finished_at standing",
    "planward_findings": "project kind severity subject opened_at closed_at detail",
    "planward_measurements": "project kpi period_start period_end as_of value unit target met numerator denominator"
    " sample definition",
    "planward_publications": "project source target topic state remote_id digest sent_at",
}
TYPES = {
    "sqlite": {},
    "postgresql": {
        "text": "text",
        "instant": "timestamp with time zone",
        "date": "date",
        "integer": "integer",
        "number": "double precision",
        "boolean": "boolean",
    },
}


@pytest.fixture
def full(store: Store) -> Store:
    """A store with a row in every view."""
    snapshot = whole(
        item(1, due_on=date(2026, 3, 31), resolved_at=TUESDAY, priority="High"),
        comments=(comment(500), comment(501)),
        links=(link(),),
        changes=(started(),),
    )
    with store.write() as conn:
        items.save_snapshots(conn, "jira", [snapshot], {"1": history(Category.TODO, Category.DONE)}, MONDAY)
        gone = whole(snapshot.item, comments=(comment(500),))
        items.save_snapshots(conn, "jira", [gone], {"1": history(Category.TODO, Category.DONE)}, MONDAY)
        plans.save_enrolments(
            conn, "erp", "jira", [Enrolment(source="jira", remote_id="1", role=Role.TASK, deliverable=None)]
        )
        agenda = Agenda(calendar="main", from_at=MONDAY, until_at=WEDNESDAY, events=(meeting(),))
        events.save_agenda(conn, "team", agenda, MONDAY)
        plans.save_milestones(conn, "erp", [MilestoneRow(key="M1", name="Live", due_on=date(2026, 6, 26))])
        plans.save_deliverables(
            conn,
            "erp",
            [
                DeliverableRow(
                    key="D1",
                    name="Migrated",
                    milestone="M1",
                    owner="li.wei@acme.example",
                    due_on=date(2026, 6, 12),
                    baseline_due_on=date(2026, 5, 29),
                    items=4,
                    finished_items=3,
                    finished_at=None,
                    standing="open",
                )
            ],
        )
        results.sync_findings(
            conn, "erp", [(Finding(kind="ghost", severity=Severity.INFO, subject="D1"), "no work")], MONDAY
        )
        results.save_measurement(conn, "erp", measurement(counted("ERP-1")), False)
        outbox.save(
            conn,
            Publication(
                id="p1",
                project="erp",
                source="jira",
                target="ERP-1",
                topic="status",
                marker="m",
                state=PublicationState.PENDING,
                digest="d",
            ),
        )
    return store


def shown(store: Store, view: str) -> list[dict[str, Any]]:
    with store.read() as conn:
        return [dict(row) for row in conn.execute(text(f"SELECT * FROM {view}")).mappings()]


def test_the_views_have_the_columns_of_the_contract(store: Store) -> None:
    with store.read() as conn:
        found = {
            name: " ".join(column["name"] for column in inspect(conn).get_columns(name))
            for name in inspect(conn).get_view_names()
        }

    assert found == CONTRACT


def test_the_columns_have_the_types_that_are_documented(server_url: str) -> None:
    query = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_name LIKE 'planward_%'"
    )
    with Store.open(server_url) as store, store.read() as conn:
        found = {(row.table_name, row.column_name): row.data_type for row in conn.execute(text(query))}

    assert found == {
        (view.name, column.name): TYPES["postgresql"][column.type] for view in views.VIEWS for column in view.columns
    }


def test_the_document_says_what_the_views_are() -> None:
    written = Path(core.store.__path__[0], "VIEWS.md").read_text(encoding="utf-8")

    assert written == views.describe()


def test_every_view_shows_its_rows(full: Store) -> None:
    numbers = {name: len(shown(full, name)) for name in CONTRACT}

    assert numbers == dict.fromkeys(CONTRACT, 1) | {"planward_spans": 2}


def test_instants_are_utc_of_one_width_and_days_are_days(full: Store) -> None:
    (row,) = shown(full, "planward_items")
    (number,) = shown(full, "planward_measurements")

    expected: dict[str, Any] = {
        "created_at": MONDAY,
        "finished_at": TUESDAY,
        "started_at": None,
        "deleted_at": None,
        "due_on": date(2026, 3, 31),
    }
    if isinstance(row["created_at"], str):
        expected |= {
            "created_at": "2026-03-02T09:00:00.000000Z",
            "finished_at": "2026-03-03T09:00:00.000000Z",
            "due_on": "2026-03-31",
        }
    assert {name: row[name] for name in expected} == expected
    assert row["history_complete"] == 1
    assert str(number["period_start"]) == "2026-03-01"
    assert str(number["period_end"]) == "2026-03-31"
    assert (number["value"], number["met"]) == (0.75, False)


def test_a_deliverable_is_shown_as_it_stands(full: Store) -> None:
    (row,) = shown(full, "planward_deliverables")

    assert {name: str(value) for name, value in row.items() if value is not None} == {
        "project": "erp",
        "key": "D1",
        "name": "Migrated",
        "milestone": "M1",
        "owner": "li.wei@acme.example",
        "baseline_due_on": "2026-05-29",
        "due_on": "2026-06-12",
        "items": "4",
        "finished_items": "3",
        "standing": "open",
    }


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 1, 9, 0, 0, 123_456, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_the_views_show_an_instant_to_the_microsecond(store: Store, at: datetime) -> None:
    snapshot = whole(item(1, created_at=at))
    with store.write() as conn:
        items.save_snapshots(conn, "jira", [snapshot], {"1": history()}, MONDAY)

    (row,) = shown(store, "planward_items")

    as_text = f"{at.year:04}" + at.strftime("-%m-%dT%H:%M:%S.%fZ")
    assert row["created_at"] == (as_text if isinstance(row["created_at"], str) else at)
