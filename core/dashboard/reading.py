"""What a page shows beside the status of its project, read from the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import Connection

from core.dashboard.page import PageInputs
from core.dashboard.tiles import shown_rows
from core.model import Capacity
from core.report.inputs import StatusInputs
from core.store import items, plans, results


def read(
    connection: Connection,
    project: str,
    status: StatusInputs,
    *,
    as_of: datetime,
    today: date,
    capacity: Iterable[Capacity] = (),
    unread: Collection[str] = (),
) -> PageInputs:
    """The inputs of the project's page: its status, with the numbers of earlier periods and the names in evidence."""
    rows = {(row.source or "", row.key) for one in status.measurements for row in shown_rows(one)}
    return PageInputs(
        project=project,
        status=status,
        as_of=as_of,
        today=today,
        past=tuple(results.frozen_before(connection, project, status.period)),
        names={
            **_planned(connection, project),
            **items.titles(connection, [(source, key) for source, key in rows if source]),
        },
        capacity=tuple(capacity),
        unread=tuple(unread),
    )


def _planned(connection: Connection, project: str) -> dict[tuple[str, str], str]:
    """The names of the plan's entries, the latest that each had."""
    known = [one.plan for one in plans.baselines(connection, project)]
    known += [one.plan for one in plans.versions(connection, project)]
    names: dict[tuple[str, str], str] = {}
    for plan in known:
        names.update({("", milestone.id): milestone.name for milestone in plan.milestones})
        names.update({("", deliverable.id): deliverable.name for deliverable in plan.deliverables})
    return names
