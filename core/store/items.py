"""Work items and what belongs to them, read back from the store.

Saving is told in `core.store.pages`, the small lists of a source in `core.store.lists`; callers find all of it here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Column, ColumnElement, Connection, and_, func, or_, select

from core.model import Change, Enrolment, History, Role, Snapshot, WorkItem
from core.store import parts, tables
from core.store.lists import save_identities, save_set_aside, save_statuses, set_aside, statuses
from core.store.pages import Saved, last_writing, save_histories, save_snapshots
from core.store.tables import instant
from core.store.text import clean
from core.store.upsert import Row, among, plain, raw, rows_of

__all__ = [
    "EnrolledItem",
    "Saved",
    "changes",
    "children",
    "count",
    "enrolled",
    "former_keys",
    "held",
    "items",
    "last_writing",
    "load_snapshots",
    "save_histories",
    "save_identities",
    "save_set_aside",
    "save_snapshots",
    "save_statuses",
    "set_aside",
    "statuses",
    "titles",
    "updated_at",
    "urls",
    "written",
]

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledItem:
    """An item of a project with its history and its place there."""

    item: WorkItem
    history: History
    enrolment: Enrolment


def held(conn: Connection, source: str, ids: Sequence[str]) -> dict[str, datetime]:
    """The `updated_at` of those items whose history and comments are held whole as of that time."""
    columns = ("remote_id", "updated_at", "history_held", "comments_held")
    rows = rows_of(conn, tables.items, source, clean(list(ids)), *columns)
    return {remote_id: instant(updated_at) for remote_id, updated_at, history, comments in rows if history and comments}


def load_snapshots(conn: Connection, source: str, *, after: str | None = None, size: int = PAGE) -> list[Snapshot]:
    """The items of a source that follow that id, with their changes, to derive histories from again; none at the end.

    `changes` is None where no history was ever brought. `history_whole` is False where the tracker cut the history,
    or the item moved on since it was brought. Comments and links are not loaded.
    """
    table = tables.items
    query = select(*raw(table.c)).where(table.c.source == source).order_by(table.c.remote_id).limit(size)
    rows = plain(conn, query if after is None else query.where(table.c.remote_id > after))
    changes = _grouped(rows_of(conn, tables.changes, source, [row[1] for row in rows]))
    return [_snapshot(row, changes.get(row[:2])) for row in rows]


def items(conn: Connection, source: str, ids: Collection[str]) -> list[WorkItem]:
    """Those of these items that are held and not deleted, in the order of their ids."""
    rows = rows_of(conn, tables.items, source, clean(list(ids)))
    return [parts.work_item(row) for row in rows if row[parts.DELETED_AT] is None]


def updated_at(conn: Connection, source: str, remote_id: str) -> datetime | None:
    """When the item was updated last by the tracker's time; None where it is not held, or deleted."""
    of_item = items(conn, source, [remote_id])
    return of_item[0].updated_at if of_item else None


def count(conn: Connection) -> dict[str, int]:
    """How many items of each source are held that are not deleted."""
    table = tables.items
    query = select(table.c.source, func.count().label("held")).where(table.c.deleted_at.is_(None))
    return {row.source: row.held for row in conn.execute(query.group_by(table.c.source).order_by(table.c.source))}


def written(conn: Connection, source: str, since: int, until: int, size: int = PAGE) -> Iterator[list[str]]:
    """The ids of the items, deleted ones too, written after one `last_writing` and up to another, in short lists.

    The caller may write other tables between the lists.
    """
    table = tables.items
    saved_at, remote_id = (*raw([table.c.saved_at]), table.c.remote_id)
    place: tuple[int, str] = (since + 1, "")
    while True:
        behind = or_(saved_at > place[0], and_(saved_at == place[0], remote_id > place[1]))
        of_source = select(saved_at, remote_id).where(table.c.source == source, saved_at >= place[0], behind)
        query = of_source.where(saved_at <= until).order_by(saved_at, remote_id).limit(size)
        rows = plain(conn, query)
        if not rows:
            return
        yield [row[1] for row in rows]
        place = (rows[-1][0], rows[-1][1])


def types(conn: Connection, sources: Collection[str]) -> set[str]:
    """The types of the items that are held of these sources."""
    table = tables.items
    query = select(table.c.type).distinct().where(table.c.source.in_(list(sources)), table.c.type.is_not(None))
    return set(conn.scalars(query))


def children(conn: Connection, source: str, ids: Collection[str]) -> set[str]:
    """The ids of the items whose parents these are."""
    table = tables.items
    of_parents = among(conn, table.c.parent_id, sorted(ids))
    query = select(table.c.remote_id).where(table.c.source == source, tables.HAS_PARENT, of_parents)
    return {remote_id for (remote_id,) in plain(conn, query)}


def changes(conn: Connection, source: str, ids: Collection[str]) -> dict[str, tuple[Change, ...]]:
    """The stored changes of these items, oldest first, by remote id; an item without any is not in it."""
    by_item = _grouped(rows_of(conn, tables.changes, source, clean(list(ids))))
    return {key[1]: tuple(sorted(map(parts.change_of, rows), key=_in_time)) for key, rows in by_item.items()}


def former_keys(conn: Connection, source: str, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The keys that these items had before, oldest first, by remote id; only of those that were renamed."""
    table = tables.changes
    query = select(table.c.item_id, table.c.from_value).where(
        table.c.source == source,
        among(conn, table.c.item_id, clean(list(ids))),
        tables.IS_RENAMING,
        table.c.from_value.is_not(None),
    )
    rows = conn.execute(query.order_by(table.c.item_id, table.c.changed_at, func.length(table.c.remote_id)))
    return {item_id: tuple(key for _, key in of) for item_id, of in groupby(rows, key=lambda row: row.item_id)}


def enrolled(
    conn: Connection,
    project: str,
    *,
    open_or_since: datetime | None = None,
    and_these: Mapping[str, Collection[str]] | None = None,
) -> list[EnrolledItem]:
    """The items of a project that are not deleted, in the order of (source, remote id).

    With `open_or_since` only those that are open, or may have come to their end at that instant or later (where no
    change tells the end, the item's last update bounds it); and whatever their age those of `and_these` ids, by source,
    those that work for a deliverable, those that were in a status of unknown meaning, one of each role, which tells
    that there are any, and the children of all these, so that a parent is known as one.
    """
    places = tables.enrolments.c
    if open_or_since is None:
        return _enrolled_where(conn, places.project == project)
    # First which items, by their index: left to one question, SQLite would look at every enrolled item.
    found: list[EnrolledItem] = []
    for source, ids in sorted(_alive(conn, project, open_or_since, and_these or {}).items()):
        of_ids = among(conn, places.item_id, sorted(ids))
        found.extend(_enrolled_where(conn, places.project == project, places.source == source, of_ids))
    return found


def _alive(
    conn: Connection, project: str, since: datetime, and_these: Mapping[str, Collection[str]]
) -> dict[str, set[str]]:
    """The ids, by source, of the items that `enrolled` gives for that instant, and perhaps of other projects' items."""
    held_items, places, stretches = tables.items.c, tables.enrolments.c, tables.spans.c
    settled_at = held_items.settled_at
    queries = (
        select(held_items.source, held_items.remote_id).where(or_(settled_at.is_(None), settled_at >= since)),
        select(places.source, places.item_id).where(places.project == project, tables.IS_PLANNED),
        select(stretches.source, stretches.item_id).where(tables.IS_PUZZLING),
        select(places.source, func.min(places.item_id))
        .where(places.project == project)
        .group_by(places.source, places.role),
    )
    alive = {source: set(ids) for source, ids in and_these.items()}
    for query in queries:
        for source, remote_id in plain(conn, query):
            alive.setdefault(source, set()).add(remote_id)
    for source, ids in alive.items():
        ids.update(children(conn, source, ids))
    return alive


def urls(conn: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The addresses of items by (source, key), of those that are held."""
    return _of_keys(conn, keys, tables.items.c.url)


def titles(conn: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The titles of items by (source, key), of those that are held."""
    return _of_keys(conn, keys, tables.items.c.title)


def _of_keys(conn: Connection, keys: Collection[tuple[str, str]], column: Column[str]) -> dict[tuple[str, str], str]:
    table = tables.items
    found: dict[tuple[str, str], str] = {}
    for source in {source for source, _ in keys}:
        wanted = clean(sorted({key for of, key in keys if of == source}))
        query = select(table.c.key, column).where(table.c.source == source, among(conn, table.c.key, wanted))
        found.update({(source, key): value for key, value in conn.execute(query)})
    return found


def _grouped(rows: list[Row]) -> dict[Row, list[Row]]:
    """Rows that are ordered by their items, by (source, item id)."""
    return {key: list(of_item) for key, of_item in groupby(rows, key=lambda row: row[:2])}


def _snapshot(row: Row, changes: list[Row] | None) -> Snapshot:
    history_held = bool(row[parts.HISTORY_HELD])
    known = sorted(map(parts.change_of, changes or ()), key=_in_time)
    return Snapshot(
        item=parts.work_item(row),
        changes=tuple(known) if history_held or known else None,
        history_whole=history_held and bool(row[parts.HISTORY_WHOLE]),
    )


def _in_time(change: Change) -> tuple[datetime, int, str, int]:
    # Ids of one instant are numbers nearly everywhere: a longer one is later.
    return change.changed_at, len(change.remote_id), change.remote_id, change.position


def _enrolled_where(conn: Connection, *conditions: ColumnElement[bool]) -> list[EnrolledItem]:
    places, held_items, stretches = tables.enrolments, tables.items, tables.spans
    of_item = (held_items.c.source == places.c.source) & (held_items.c.remote_id == places.c.item_id)
    of_span = (stretches.c.source == places.c.source) & (stretches.c.item_id == places.c.item_id)
    order = (places.c.source, places.c.item_id)
    joined = places.join(held_items, of_item)
    chosen = (*conditions, held_items.c.deleted_at.is_(None))

    columns = [*held_items.c, places.c.role, places.c.deliverable]
    rows = plain(conn, select(*raw(columns)).select_from(joined).where(*chosen).order_by(*order))
    with_spans = select(*raw(stretches.c)).select_from(joined.join(stretches, of_span)).where(*chosen)
    spans = _grouped(plain(conn, with_spans.order_by(*order, stretches.c.position)))
    return [_enrolled(row, spans.get(row[:2], [])) for row in rows]


def _enrolled(row: Row, spans: list[Row]) -> EnrolledItem:
    source, remote_id, *_, role, deliverable = row
    return EnrolledItem(
        item=parts.work_item(row),
        history=parts.history_of(row, spans),
        enrolment=Enrolment(source=source, remote_id=remote_id, role=Role(role), deliverable=deliverable),
    )
