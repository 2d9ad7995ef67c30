"""Versions of a project's plan, the baselines frozen from them, and where its parts stand."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, RowMapping, Table, delete, func, select

from core.model import Baseline, Enrolment, Plan
from core.store import tables
from core.store.tables import json_text, micros
from core.store.text import clean
from core.store.upsert import among, encoded, plain, raw, replace, serialise, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """A distinct content that a project's plan has had. Numbers run from 1."""

    number: int
    digest: str
    plan: Plan
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRow:
    """Where a milestone stands. `due_on` is None when the plan dropped it, `baseline_due_on` without a baseline."""

    key: str
    name: str
    due_on: date | None
    baseline_due_on: date | None = None
    forecast_on: date | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableRow:
    """Where a deliverable stands, its dates as those of a milestone. `items` are its units of work."""

    key: str
    name: str
    milestone: str | None
    owner: str | None
    due_on: date | None
    baseline_due_on: date | None = None
    forecast_on: date | None = None
    items: int
    finished_items: int
    finished_at: datetime | None = None
    standing: str


OfPlan = TypeVar("OfPlan", MilestoneRow, DeliverableRow)


def save_version(conn: Connection, project: str, plan: Plan, at: datetime) -> int:
    """The number of the version with this content: a new one, unless it is the latest.

    A plan that went back to what it was before is a version again, so that each tells from when it held.
    """
    serialise(conn, f"project {project}")
    table = tables.plan_versions
    content = json_text(clean(plan))
    digest = hashlib.sha256(content.encode()).hexdigest()
    of_project = select(table.c.number, table.c.digest).where(table.c.project == project)
    latest = conn.execute(of_project.order_by(table.c.number.desc()).limit(1)).first()
    last: int = 0 if latest is None else latest.number
    if latest is not None and latest.digest == digest:
        return last
    number = last + 1
    upsert(conn, table, [(project, number, digest, content, micros(at))])
    return number


def versions(conn: Connection, project: str) -> list[PlanVersion]:
    """The versions of a project's plan, in the order in which they were first seen."""
    table = tables.plan_versions
    rows = conn.execute(select(table).where(table.c.project == project).order_by(table.c.number))
    return [
        PlanVersion(number=row.number, digest=row.digest, plan=_plan(row.plan), saved_at=row.saved_at) for row in rows
    ]


def approve(
    conn: Connection,
    project: str,
    plan: Plan,
    *,
    by: str,
    reason: str | None,
    approved_at: datetime,
    recorded_at: datetime,
) -> Baseline:
    """The plan as a new baseline, numbered from 1 within the project. It is never changed afterwards."""
    version = save_version(conn, project, plan, recorded_at)
    table = tables.baselines
    last = conn.scalar(select(func.max(table.c.number)).where(table.c.project == project)) or 0
    row = encoded(
        table,
        project=project,
        number=last + 1,
        version=version,
        approved_at=approved_at,
        approved_by=clean(by),
        reason=clean(reason),
        recorded_at=recorded_at,
    )
    upsert(conn, table, [row], keep_first=True)
    return baselines(conn, project)[-1]


def baselines(conn: Connection, project: str) -> list[Baseline]:
    """The baselines of a project, in the order of their numbers."""
    approved, kept = tables.baselines, tables.plan_versions
    of_version = (kept.c.project == approved.c.project) & (kept.c.number == approved.c.version)
    query = select(approved, kept.c.plan).join(kept, of_version).where(approved.c.project == project)
    return [
        Baseline(
            number=row.number,
            plan=_plan(row.plan),
            approved_at=row.approved_at,
            approved_by=row.approved_by,
            reason=row.reason,
            recorded_at=row.recorded_at,
        )
        for row in conn.execute(query.order_by(approved.c.number))
    ]


def save_enrolments(conn: Connection, project: str, source: str, enrolments: Collection[Enrolment]) -> set[str]:
    """The ids of the source's items that were enrolled anew or got another place in the project."""
    table = tables.enrolments
    rows = [
        (project, source, enrolment.remote_id, enrolment.role.value, enrolment.deliverable)
        for enrolment in clean(list(enrolments))
    ]
    of_items = among(conn, table.c.item_id, [row[2] for row in rows])
    held = plain(conn, select(*raw(table.c)).where(table.c.project == project, table.c.source == source, of_items))
    differing = set(rows).difference(held)
    upsert(conn, table, differing)
    return {row[2] for row in differing}


def forget_enrolments(conn: Connection, project: str, *, keep: Collection[str] = ()) -> int:
    """How many items left the project, because their source is not one of those to keep."""
    table = tables.enrolments
    return conn.execute(delete(table).where(table.c.project == project, table.c.source.not_in(list(keep)))).rowcount


def save_milestones(conn: Connection, project: str, milestones: Sequence[MilestoneRow]) -> int:
    """How many of a project's milestones are new, different or gone. Those not given are removed."""
    return _save(conn, tables.milestones, project, milestones)


def milestones(conn: Connection, project: str) -> list[MilestoneRow]:
    """The milestones of a project, in the order of their keys."""
    return [MilestoneRow(**row) for row in _rows(conn, tables.milestones, project)]


def save_deliverables(conn: Connection, project: str, deliverables: Sequence[DeliverableRow]) -> int:
    """How many of a project's deliverables are new, different or gone. Those not given are removed."""
    return _save(conn, tables.deliverables, project, deliverables)


def deliverables(conn: Connection, project: str) -> list[DeliverableRow]:
    """The deliverables of a project, in the order of their keys."""
    return [DeliverableRow(**row) for row in _rows(conn, tables.deliverables, project)]


def _save(conn: Connection, table: Table, project: str, rows: Sequence[OfPlan]) -> int:
    serialise(conn, f"project {project}")
    wanted = [
        encoded(table, project=project, **{entry.name: getattr(row, entry.name) for entry in fields(row)})
        for row in clean(list(rows))
    ]
    return len(replace(conn, table, plain(conn, select(*raw(table.c)).where(table.c.project == project)), wanted))


def _rows(conn: Connection, table: Table, project: str) -> Sequence[RowMapping]:
    columns = [column for column in table.c if column is not table.c.project]
    return conn.execute(select(*columns).where(table.c.project == project).order_by(table.c.key)).mappings().all()


def _plan(content: str) -> Plan:
    return msgspec.json.decode(content, type=Plan)
