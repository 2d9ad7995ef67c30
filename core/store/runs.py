"""How far each source was read, what was checked when, and how its runs went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from core.model import Cursor
from core.store import tables
from core.store.tables import micros
from core.store.text import clean
from core.store.upsert import encoded, upsert

KEPT = timedelta(days=90)
NOT_BEFORE_NOTE = "no write before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One reading of a source. `counts` are named numbers; `not_before` is when the source may be asked again,
    whether this reading was told so or writing was since.

    One that is not `ok` and has no `error` was stopped by us before its end.

    `answered_at` is when the source gave its first page by its own clock, where it told.
    """

    source: str
    started_at: datetime
    finished_at: datetime
    ok: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    not_before: datetime | None = None
    answered_at: datetime | None = None


def cursor(conn: Connection, source: str, stream: str) -> tuple[Cursor, str] | None:
    """Where reading a stream stopped, and the digest of the scope that it was read with. None: never read."""
    table = tables.cursors
    row = conn.execute(select(table).where(table.c.source == source, table.c.stream == stream)).first()
    return None if row is None else (Cursor(token=row.token), row.scope)


def save_cursor(conn: Connection, source: str, stream: str, cursor: Cursor, scope: str, at: datetime) -> None:
    """Keep where reading a stream stopped. Belongs into the transaction that saves what was read."""
    upsert(conn, tables.cursors, [(source, stream, clean(cursor.token), scope, micros(at))])


def checked_at(conn: Connection, source: str) -> dict[str, datetime]:
    """When each check of a source was last done, by its name."""
    table = tables.checks
    rows = conn.execute(select(table.c.check, table.c.checked_at).where(table.c.source == source))
    return {row.check: row.checked_at for row in rows}


def record_check(conn: Connection, source: str, check: str, at: datetime) -> None:
    """Keep that a check was done."""
    upsert(conn, tables.checks, [(source, check, micros(at))])


def record_run(conn: Connection, run: Run) -> None:
    """Keep how a run went. Runs older than 90 days are forgotten, save the last of a source and its last success."""
    run = clean(run)
    row = encoded(
        tables.runs,
        source=run.source,
        started_at=run.started_at,
        finished_at=run.finished_at,
        ok=run.ok,
        counts=run.counts,
        answered_at=run.answered_at,
        error=run.error,
        not_before=run.not_before,
    )
    upsert(conn, tables.runs, [row])
    table = tables.runs
    last_success_at = (
        select(func.max(table.c.started_at)).where(table.c.source == run.source, table.c.ok).scalar_subquery()
    )
    conn.execute(
        delete(table).where(
            table.c.source == run.source,
            table.c.started_at < run.started_at - KEPT,
            table.c.started_at.is_distinct_from(last_success_at),
        )
    )


def last_runs(conn: Connection) -> dict[str, Run]:
    """The latest run of every source."""
    table = tables.runs
    latest = select(table.c.source, func.max(table.c.started_at).label("at")).group_by(table.c.source).subquery()
    of_latest = (table.c.source == latest.c.source) & (table.c.started_at == latest.c.at)
    rows = conn.execute(select(table).join(latest, of_latest).order_by(table.c.source))
    return {row.source: Run(**{**row._mapping, "not_before": not_before(conn, row.source)}) for row in rows}


def not_before(conn: Connection, source: str) -> datetime | None:
    """When a source may be called again, to read or to write; None where nobody was told to wait.

    What one of the two is told holds for both, also where writing has a token of its own: it may be the same account's,
    and that is what trackers count by.
    """
    table, note = tables.runs, get_note(conn, source, NOT_BEFORE_NOTE)
    of_source = select(table.c.started_at, table.c.not_before).where(table.c.source == source)
    last = conn.execute(of_source.order_by(table.c.started_at.desc()).limit(1)).first()
    bounds = [] if last is None or last.not_before is None else [last.not_before]
    if note is not None:
        told = datetime.fromisoformat(note)
        bounds += [told] if last is None or last.started_at < told else []  # what was read after it ended it
    return max(bounds, default=None)


def hold_back(conn: Connection, source: str, until: datetime) -> None:
    """Keep that writing to a source was told to wait until then."""
    set_note(conn, source, NOT_BEFORE_NOTE, until.isoformat())


def last_success(conn: Connection) -> dict[str, datetime]:
    """When the latest successful run of every source finished."""
    table = tables.runs
    rows = conn.execute(
        select(table.c.source, func.max(table.c.finished_at).label("at")).where(table.c.ok).group_by(table.c.source)
    )
    return {row.source: row.at for row in rows}


def read_since(conn: Connection) -> dict[str, datetime]:
    """When the latest successful run of every source began: what happened before that is read.

    By the source's clock where that is behind ours, so that a host whose clock runs ahead ends no period.
    """
    table = tables.runs
    latest = select(table.c.source, func.max(table.c.started_at).label("at")).where(table.c.ok).group_by(table.c.source)
    of = latest.subquery()
    joined = table.join(of, (table.c.source == of.c.source) & (table.c.started_at == of.c.at))
    rows = conn.execute(select(table.c.source, table.c.started_at, table.c.answered_at).select_from(joined))
    return {row.source: min(row.started_at, row.answered_at or row.started_at) for row in rows}


def failures(conn: Connection) -> dict[str, int]:
    """How many runs of a source have failed since its latest success, for sources where any has."""
    table = tables.runs
    success = (
        select(table.c.source, func.max(table.c.started_at).label("at")).where(table.c.ok).group_by(table.c.source)
    )
    latest = success.subquery()
    rows = conn.execute(
        select(table.c.source, func.count().label("failed"))
        .join(latest, latest.c.source == table.c.source, isouter=True)
        .where(latest.c.at.is_(None) | (table.c.started_at > latest.c.at))
        .group_by(table.c.source)
    )
    return {row.source: row.failed for row in rows}


def get_note(conn: Connection, source: str, key: str) -> str | None:
    """A small text that was kept about a source, such as a digest or an account id."""
    table = tables.notes
    return conn.scalar(select(table.c.value).where(table.c.source == source, table.c.key == key))


def set_note(conn: Connection, source: str, key: str, value: str) -> None:
    """Keep a small text about a source."""
    upsert(conn, tables.notes, [(source, key, clean(value))])
