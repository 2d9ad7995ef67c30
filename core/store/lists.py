"""The small lists of a source: its statuses, its accounts, and the records that could not be understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from core.model import Category, Identity, SetAside, Status
from core.store import tables
from core.store.tables import instant, micros
from core.store.text import clean
from core.store.upsert import encoded, remove, serialise, upsert


def statuses(conn: Connection, source: str) -> dict[str, Status]:
    """Every status that the source has or once had, by id."""
    table = tables.statuses
    rows = conn.execute(select(table).where(table.c.source == source).order_by(table.c.status_id))
    return {
        row.status_id: Status(
            status_id=row.status_id,
            name=row.name,
            category=Category(row.category) if row.category else None,
            earlier=tuple((instant(ended_at), Category(category)) for ended_at, category in row.earlier),
        )
        for row in rows
    }


def save_statuses(conn: Connection, source: str, listed: Sequence[Status], seen_at: datetime) -> bool:
    """Whether a status is new, renamed or in another category than before.

    What it meant `earlier` is ours: a status that was held in another category had that one until `seen_at`, when they
    were listed last. One that is listed without a category keeps the last that it had, and statuses that are no longer
    listed stay, because older changes speak of them.
    """
    serialise(conn, f"source {source}")
    before = statuses(conn, source)
    rows = []
    for status in clean(list(listed)):
        known = before.get(status.status_id, status)
        category, earlier = status.category or known.category, known.earlier
        if known.category is not None and known.category is not category:
            # A clock that was set back must not put the order of the meanings upside down.
            ended_at = max([seen_at, *(moment for moment, _ in earlier)])
            earlier = (*earlier, (ended_at, known.category))
        rows.append(
            encoded(
                tables.statuses,
                source=source,
                status_id=status.status_id,
                name=status.name,
                category=category.value if category else None,
                earlier=[(micros(moment), former.value) for moment, former in earlier],
            )
        )
    return upsert(conn, tables.statuses, rows) > 0


def identities(conn: Connection, source: str) -> dict[str, Identity]:
    """Every account of the source that was seen, by account id."""
    table = tables.identities
    rows = conn.execute(select(table).where(table.c.source == source).order_by(table.c.account_id))
    return {row.account_id: Identity(**row._mapping) for row in rows}


def save_identities(conn: Connection, seen: Sequence[Identity]) -> int:
    """How many accounts are new or changed.

    What a sighting does not tell (name, e-mail: None) stays as it is held.
    """
    latest = {(identity.source, identity.account_id): identity for identity in clean(list(seen))}
    rows = []
    for source in sorted({source for source, _ in latest}):
        serialise(conn, f"source {source}")
        before = identities(conn, source)
        for identity in (identity for (of, _), identity in latest.items() if of == source):
            known = before.get(identity.account_id, identity)
            rows.append(
                (
                    source,
                    identity.account_id,
                    identity.name if identity.name is not None else known.name,
                    identity.email if identity.email is not None else known.email,
                    identity.active,
                    identity.bot,
                )
            )
    return upsert(conn, tables.identities, rows)


def set_aside(conn: Connection, source: str) -> list[SetAside]:
    """The records of the source that could not be understood, in the order of their ids."""
    table = tables.set_aside
    rows = conn.execute(select(table).where(table.c.source == source).order_by(table.c.remote_id))
    return [SetAside(remote_id=row.remote_id, key=row.key, reason=row.reason) for row in rows]


def save_set_aside(
    conn: Connection, source: str, records: Sequence[SetAside], at: datetime, *, whole: bool = False
) -> int:
    """How many records are newly set aside or for another reason.

    They stay until an item with their id is saved, or until the source was read as a `whole` without them.
    """
    serialise(conn, f"source {source}")
    table = tables.set_aside
    rows = [(source, record.remote_id, record.key, record.reason, micros(at)) for record in clean(list(records))]
    if whole:
        still = {row[1] for row in rows}
        remove(conn, table, [(source, one.remote_id) for one in set_aside(conn, source) if one.remote_id not in still])
    return upsert(conn, table, rows)
