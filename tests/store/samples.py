"""Small values to store, to be checked by eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from core.model import (
    Basis,
    Category,
    Change,
    Comment,
    Direction,
    Event,
    EvidenceRow,
    History,
    Link,
    Measurement,
    Period,
    PeriodKind,
    Snapshot,
    Span,
    Unit,
    WorkItem,
)
from core.store.tables import metadata

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
MARCH = Period(
    kind=PeriodKind.MONTH,
    start_on=date(2026, 3, 1),
    end_on=date(2026, 3, 31),
    start_at=datetime(2026, 3, 1, tzinfo=UTC),
    end_at=datetime(2026, 4, 1, tzinfo=UTC),
)


def item(number: int = 1, **fields: Any) -> WorkItem:
    """The item ERP-<number> of the source `jira`, with the id <number>."""
    values: dict[str, Any] = {
        "source": "jira",
        "remote_id": str(number),
        "key": f"ERP-{number}",
        "url": f"https://jira.example/browse/ERP-{number}",
        "title": f"Item {number}",
        "status": "Open",
        "status_id": "1",
        "created_at": MONDAY,
        "updated_at": MONDAY,
        "tracker_category": Category.TODO,
    }
    return WorkItem(**{**values, **fields})


def started(number: int = 100, at: datetime = MONDAY, **fields: Any) -> Change:
    """The change from Open to In Progress with the id <number>."""
    values: dict[str, Any] = {
        "remote_id": str(number),
        "position": 0,
        "field": "status",
        "changed_at": at,
        "author": "li",
        "from_value": "Open",
        "to_value": "In Progress",
        "from_id": "1",
        "to_id": "3",
    }
    return Change(**{**values, **fields})


def comment(number: int = 500, at: datetime = MONDAY, **fields: Any) -> Comment:
    """A comment with the id <number>."""
    values: dict[str, Any] = {"remote_id": str(number), "author": "li", "created_at": at, "updated_at": at}
    return Comment(**{**values, **fields})


def link(number: int = 900, **fields: Any) -> Link:
    """A link to ERP-2 with the id <number>."""
    values: dict[str, Any] = {"remote_id": str(number), "kind": "blocks", "to_source": "jira", "to_key": "ERP-2"}
    return Link(**{**values, **fields})


def meeting(number: int = 1, starts_at: datetime = MONDAY, **fields: Any) -> Event:
    """A meeting of an hour."""
    values: dict[str, Any] = {
        "source": "team",
        "calendar": "main",
        "uid": f"{number}@acme",
        "recurrence_start": None,
        "title": "ERP weekly",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
    }
    return Event(**{**values, **fields})


def history(*categories: Category, **fields: Any) -> History:
    """A history with a day in each category, from Monday on; the last one lasts."""
    stays = categories or (Category.TODO,)
    spans = tuple(
        Span(
            status=category.value.title(),
            status_id=None,
            category=category,
            assignee=None,
            entered_at=MONDAY + timedelta(days=day),
            left_at=None if day == len(stays) - 1 else MONDAY + timedelta(days=day + 1),
        )
        for day, category in enumerate(stays)
    )
    done = [span.entered_at for span in spans if span.category is Category.DONE]
    values: dict[str, Any] = {
        "category": stays[-1],
        "spans": spans,
        "started_at": None,
        "finished_at": done[-1] if stays[-1] is Category.DONE else None,
        "reopened": 0,
        "complete": True,
    }
    return History(**{**values, **fields})


def whole(of: WorkItem | None = None, **fields: Any) -> Snapshot:
    """An item with its history, a comment and a link."""
    values: dict[str, Any] = {"changes": (started(),), "comments": (comment(),), "links": (link(),)}
    return Snapshot(item=of or item(), **{**values, **fields})


def histories(*snapshots: Snapshot) -> Mapping[str, History]:
    """An open history for each."""
    return {snapshot.item.remote_id: history() for snapshot in snapshots}


def measurement(*evidence: EvidenceRow, **fields: Any) -> Measurement:
    """The share of problems resolved in time in March, as of Monday."""
    values: dict[str, Any] = {
        "kpi": "problems_resolved_in_time",
        "definition": "v1",
        "period": MARCH,
        "as_of": MONDAY,
        "unit": Unit.SHARE,
        "direction": Direction.UP,
        "value": 0.75,
        "reason": None,
        "target": 0.9,
        "met": False,
        "numerator": 3.0,
        "denominator": 4.0,
        "sample": 4,
        "statistics": {"p50": 3600.0, "p85": None},
        "excluded": {"cancelled": 2},
        "incomplete_items": 1,
        "stale_sources": ("acme-github",),
        "basis": Basis.HISTORY,
        "restates": None,
    }
    return Measurement(**{**values, **fields}, evidence=evidence)


def counted(key: str, value: float | None = 1.0, **fields: Any) -> EvidenceRow:
    """A row of evidence of the source `jira`."""
    values: dict[str, Any] = {"source": "jira", "url": f"https://jira.example/browse/{key}", "weight": 1.0}
    return EvidenceRow(**{**values, "reason": None, **fields}, key=key, value=value)


def contents(conn: Connection) -> dict[str, Sequence[Any]]:
    """Every row of every table."""
    return {
        name: [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key))]
        for name, table in metadata.tables.items()
    }


def writes(conn: Connection) -> Any:
    """A mark that moves when any row is written: of the connection on SQLite, of all rows on PostgreSQL."""
    if conn.dialect.name == "sqlite":
        return conn.connection.dbapi_connection.total_changes  # type: ignore[union-attr]
    return {
        name: sorted(conn.exec_driver_sql(f"SELECT ctid::text, xmin::text FROM {name}").all())
        for name in metadata.tables
    }
