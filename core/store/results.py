"""What was found and measured: findings that open and close, and measurements with the evidence behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, select

from core.model import (
    Basis,
    Direction,
    EvidenceRow,
    Finding,
    Measurement,
    Period,
    PeriodKind,
    Severity,
    Unit,
)
from core.store import tables
from core.store.tables import micros
from core.store.text import clean
from core.store.upsert import Row, encoded, plain, raw, replace, serialise, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """A finding with its sentence for people and the instant at which it opened."""

    finding: Finding
    detail: str
    opened_at: datetime


def sync_findings(
    conn: Connection, project: str, findings: Sequence[tuple[Finding, str]], at: datetime
) -> tuple[int, int]:
    """How many findings opened and how many closed, now that these, each with its sentence, are all there are.

    Kind and subject make a finding's identity in its project. One that stays open gets its new severity, facts,
    evidence and sentence; one that returns after it closed has a new row.
    """
    serialise(conn, f"project {project}")
    table = tables.findings
    is_open = (table.c.project == project, table.c.closed_at.is_(None))
    stored = {row[1:3]: row for row in plain(conn, select(*raw(table.c)).where(*is_open))}
    wanted = {}
    for finding, detail in clean(list(findings)):
        identity = (finding.kind, finding.subject)
        wanted[identity] = encoded(
            table,
            project=project,
            kind=finding.kind,
            subject=finding.subject,
            opened_at=at,
            closed_at=None,
            severity=finding.severity.value,
            facts=finding.facts,
            evidence=finding.evidence,
            detail=detail,
        )
        if identity in stored:
            # it opened when it was found first
            wanted[identity] = (*stored[identity][:4], *wanted[identity][4:])
    closed = [(*row[:4], micros(at), *row[5:]) for identity, row in stored.items() if identity not in wanted]
    upsert(conn, table, [row for identity, row in wanted.items() if stored.get(identity) != row] + closed)
    return len(wanted.keys() - stored.keys()), len(closed)


def open_findings(conn: Connection, project: str) -> list[StoredFinding]:
    """The findings of a project that are open, in the order of kind and subject."""
    table = tables.findings
    query = select(table).where(table.c.project == project, table.c.closed_at.is_(None))
    return [
        StoredFinding(
            finding=Finding(
                kind=row.kind,
                severity=Severity(row.severity),
                subject=row.subject,
                facts=row.facts,
                evidence=tuple((source, key) for source, key in row.evidence),
            ),
            detail=row.detail,
            opened_at=row.opened_at,
        )
        for row in conn.execute(query.order_by(table.c.kind, table.c.subject))
    ]


def save_measurement(conn: Connection, project: str, measurement: Measurement, frozen: bool) -> bool:
    """Whether anything but `as_of` differs from what was stored for this KPI and period.

    The open measurement is replaced, of its evidence only the rows that differ. A frozen one is never changed: after
    it only a measurement that `restates` its `as_of` is taken, as the next revision. Raises ValueError otherwise.
    """
    serialise(conn, f"project {project}")
    measurement = clean(measurement)
    table = tables.measurements
    found = plain(conn, select(*raw(table.c)).where(*_of(table, project, measurement)).order_by(table.c.revision))
    stored = found[-1] if found else None
    revision = 0 if stored is None else stored[_REVISION]
    if stored is not None and stored[_FROZEN]:
        restated = None if measurement.restates is None else micros(measurement.restates)
        if restated != stored[_AS_OF]:
            raise ValueError(
                f"{measurement.kpi} of {measurement.period.start_on} is frozen and this does not restate it"
            )
        revision += 1
        stored = None
    row = _measurement_row(project, measurement, revision, frozen)
    upsert(conn, table, [row])
    of_row = (*_of(tables.evidence, project, measurement), tables.evidence.c.revision == revision)
    before = plain(conn, select(*raw(tables.evidence.c)).where(*of_row))
    after = _evidence_rows(row[: _REVISION + 1], measurement.evidence)
    differing = replace(conn, tables.evidence, before, after)
    return bool(differing) or stored is None or stored[:_AS_OF] != row[:_AS_OF]


def measurements(conn: Connection, project: str, period: Period) -> list[tuple[Measurement, bool]]:
    """The measurements of a project in a period, each with whether it is frozen, ordered by KPI and revision.

    So the last one of a KPI is the number that holds. Evidence comes in the order of (source, key).
    """
    table, rows = tables.measurements, tables.evidence
    of_period = [
        [of.c.project == project, of.c.period_kind == period.kind.value, of.c.period_start_on == period.start_on]
        for of in (table, rows)
    ]
    order = rows.c.kpi, rows.c.revision, rows.c.source, rows.c.key, rows.c.occurrence
    behind = plain(conn, select(*raw(rows.c)).where(*of_period[1]).order_by(*order))
    evidence = {key: tuple(map(_evidence, of)) for key, of in groupby(behind, key=lambda row: row[: _REVISION + 1])}
    found = conn.execute(select(table).where(*of_period[0]).order_by(table.c.kpi, table.c.revision)).mappings()
    return [(_measurement(row, evidence.get(_key(row), ())), row["frozen"]) for row in found]


def frozen_before(conn: Connection, project: str, period: Period) -> list[Measurement]:
    """The frozen numbers of the periods of the same kind before that one, oldest first, without their evidence.

    Where a number was restated, it is the last that was said.
    """
    table = tables.measurements
    earlier = (
        table.c.project == project,
        table.c.period_kind == period.kind.value,
        table.c.period_start_on < period.start_on,
        table.c.frozen,
    )
    rows = conn.execute(select(table).where(*earlier).order_by(table.c.period_start_on, table.c.kpi, table.c.revision))
    latest = {(row["period_start_on"], row["kpi"]): row for row in rows.mappings()}
    return [_measurement(row, ()) for row in latest.values()]


def open_periods(conn: Connection, project: str, *, ended_by: datetime) -> list[Period]:
    """The periods with a measurement that is not frozen and that had ended at that instant, oldest first."""
    table = tables.measurements
    columns = [table.c[f"period_{name}"] for name in ("kind", "start_on", "end_on", "start_at", "end_at")]
    is_due = (table.c.project == project, table.c.frozen.is_(False), table.c.period_end_at <= ended_by)
    rows = conn.execute(select(*columns).distinct().where(*is_due).order_by(table.c.period_start_at))
    return [_period(row) for row in rows.mappings()]


def measured_days(conn: Connection, project: str, kind: PeriodKind) -> list[date]:
    """The first days of the periods of that kind that have measurements, oldest first."""
    table = tables.measurements
    of_kind = (table.c.project == project, table.c.period_kind == kind.value)
    return list(
        conn.scalars(select(table.c.period_start_on).distinct().where(*of_kind).order_by(table.c.period_start_on))
    )


_NAMES = [column.name for column in tables.measurements.columns]
_REVISION = _NAMES.index("revision")
_FROZEN = _NAMES.index("frozen")
_AS_OF = _NAMES.index("as_of")


def _of(table: Table, project: str, measurement: Measurement) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.project == project,
        table.c.kpi == measurement.kpi,
        table.c.period_kind == measurement.period.kind.value,
        table.c.period_start_on == measurement.period.start_on,
    )


def _measurement_row(project: str, measurement: Measurement, revision: int, frozen: bool) -> Row:
    period = measurement.period
    return encoded(
        tables.measurements,
        project=project,
        kpi=measurement.kpi,
        period_kind=period.kind.value,
        period_start_on=period.start_on,
        revision=revision,
        period_end_on=period.end_on,
        period_start_at=period.start_at,
        period_end_at=period.end_at,
        definition=measurement.definition,
        unit=measurement.unit.value,
        direction=measurement.direction.value,
        value=measurement.value,
        reason=measurement.reason,
        target=measurement.target,
        met=measurement.met,
        numerator=measurement.numerator,
        denominator=measurement.denominator,
        sample=measurement.sample,
        statistics=measurement.statistics,
        excluded=measurement.excluded,
        incomplete_items=measurement.incomplete_items,
        stale_sources=measurement.stale_sources,
        basis=measurement.basis.value,
        restates=measurement.restates,
        frozen=frozen,
        as_of=measurement.as_of,
    )


def _evidence_rows(of: Row, evidence: Sequence[EvidenceRow]) -> list[Row]:
    # Rows are known by what they count, not by their place: one more item must not move all those behind it.
    seen: Counter[tuple[str, str]] = Counter()
    rows = []
    for row in evidence:
        counted = (row.source or "", row.key)
        rows.append((*of, *counted, seen[counted], row.url, row.value, row.weight, row.reason, row.incomplete))
        seen[counted] += 1
    return rows


def _evidence(row: Row) -> EvidenceRow:
    source, key, _, url, value, weight, reason, incomplete = row[_REVISION + 1 :]
    return EvidenceRow(
        source=source or None,
        key=key,
        url=url,
        value=value,
        weight=weight,
        reason=reason,
        incomplete=bool(incomplete),
    )


def _key(row: RowMapping) -> Row:
    start_on: date = row["period_start_on"]
    return (row["project"], row["kpi"], row["period_kind"], start_on.isoformat(), row["revision"])


def _measurement(row: RowMapping, evidence: tuple[EvidenceRow, ...]) -> Measurement:
    values: dict[str, Any] = {name: row[name] for name in Measurement.__dataclass_fields__ if name in row}
    return Measurement(
        **{
            **values,
            "period": _period(row),
            "unit": Unit(row["unit"]),
            "direction": Direction(row["direction"]),
            "stale_sources": tuple(row["stale_sources"]),
            "basis": Basis(row["basis"]),
            "evidence": evidence,
        }
    )


def _period(row: RowMapping) -> Period:
    return Period(
        kind=PeriodKind(row["period_kind"]),
        start_on=row["period_start_on"],
        end_on=row["period_end_on"],
        start_at=row["period_start_at"],
        end_at=row["period_end_at"],
    )
