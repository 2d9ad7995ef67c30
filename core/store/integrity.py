"""Whether what is stored fits together: the database's own checks, rows that belong to nothing, sums that differ."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from sqlalchemy import Connection, Table, and_, case, exists, func, select

from core.model import Unit
from core.store import tables

Columns = tuple[tuple[str, str], ...]
ITEM: Columns = (("source", "source"), ("item_id", "remote_id"))
MEASUREMENT: Columns = tuple((name, name) for name in ("project", "kpi", "period_kind", "period_start_on", "revision"))
OWNERS: tuple[tuple[Table, Table, Columns], ...] = (
    (tables.changes, tables.items, ITEM),
    (tables.comments, tables.items, ITEM),
    (tables.links, tables.items, ITEM),
    (tables.spans, tables.items, ITEM),
    (tables.enrolments, tables.items, ITEM),
    (tables.baselines, tables.plan_versions, (("project", "project"), ("version", "number"))),
    (tables.evidence, tables.measurements, MEASUREMENT),
)
"""Table, the table that its rows belong to, and the columns that say to which. The database itself watches over few."""
MOST = 20
"""Rows of one kind that are named; the others are counted."""


def problems(conn: Connection) -> list[str]:
    """What is wrong, one sentence each; nothing when all is well. Reads everything, so it can take a while."""
    found = _cut(list(_damage(conn))) if conn.dialect.name == "sqlite" else []
    for table, owner, columns in OWNERS:
        found += _strays(conn, table, owner, columns)
    return found + _cut(list(_wrong_sums(conn)))


def _damage(conn: Connection) -> Iterator[str]:
    """What SQLite finds wrong with its file: https://www.sqlite.org/pragma.html#pragma_integrity_check."""
    for (line,) in conn.exec_driver_sql("PRAGMA integrity_check"):
        if line != "ok":
            yield f"the file is damaged: {line}"


def _strays(conn: Connection, table: Table, owner: Table, columns: Columns) -> Iterator[str]:
    """How many rows belong to no row of the other table."""
    belongs = and_(*(table.c[ours] == owner.c[theirs] for ours, theirs in columns))
    count = conn.scalar(select(func.count()).select_from(table).where(~exists().where(belongs)))
    if count:
        yield f"{count} rows of {table.name} belong to no row of {owner.name}"


def _wrong_sums(conn: Connection) -> Iterator[str]:
    """Measurements whose evidence does not add up to what is stored of them."""
    table, rows = tables.measurements, tables.evidence
    key = [name for name, _ in MEASUREMENT]
    counts = rows.c.value.is_not(None)
    sums = (
        select(
            *(rows.c[name] for name in key),
            func.count(rows.c.value).label("counted"),
            func.sum(case((counts & rows.c.incomplete, 1), else_=0)).label("doubtful"),
            func.sum(case((counts, 0), else_=1)).label("left_out"),
            func.sum(case((counts, rows.c.value * rows.c.weight), else_=0.0)).label("hits"),
            func.sum(case((counts, rows.c.weight), else_=0.0)).label("weight"),
        )
        .group_by(*(rows.c[name] for name in key))
        .subquery()
    )
    belongs = and_(*(table.c[name] == sums.c[name] for name in key))
    added = [
        func.coalesce(sums.c[name], 0).label(name) for name in ("counted", "doubtful", "left_out", "hits", "weight")
    ]
    query = select(table, *added).select_from(table.outerjoin(sums, belongs))
    for row in conn.execute(query.order_by(*(table.c[name] for name in key))):
        stored = [row.sample, row.incomplete_items, sum(row.excluded.values())]
        right = stored == [row.counted, row.doubtful, row.left_out]
        if row.unit == Unit.SHARE:
            right = right and isclose(row.numerator or 0, row.hits) and isclose(row.denominator or 0, row.weight)
        if not right:
            yield f"{row.kpi} of {row.project} from {row.period_start_on} is not the sum of its evidence"


def _cut(lines: list[str]) -> list[str]:
    """The first of them, and how many more there are."""
    rest = len(lines) - MOST
    return lines if rest <= 0 else [*lines[:MOST], f"and {rest} more of this kind"]
