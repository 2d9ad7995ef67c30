"""Saving a page of items with what came with them, and histories that were derived again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_in
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from core.model import History, Snapshot
from core.store import parts, tables
from core.store.tables import instant, micros
from core.store.text import clean
from core.store.upsert import Row, add, by_key, raw, remove, replace, rows_of, serialise, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a page brought: ids of new items and of those whose meaning changed, and counts of changes and comments.

    `changes` counts new entries of history, `comments` those that are new, edited or gone. That the tracker touched an
    item (`updated_at`) or somebody commented on it changes its row, but not its meaning.
    """

    new: frozenset[str]
    changed: frozenset[str]
    changes: int
    comments: int


class _Arrival(NamedTuple):
    """A snapshot with its history and what is stored of its item."""

    snapshot: Snapshot
    history: History | None
    stored: Row | None


def save_snapshots(
    conn: Connection, source: str, snapshots: Sequence[Snapshot], histories: Mapping[str, History], at: datetime
) -> Saved:
    """Save a page of items with what came with them, writing only what differs from what is held.

    `histories` is by remote id; an item without one keeps the facts that it has. Changes are only ever added. Comments
    and links, when they came, are the whole set: comments that are gone get `deleted_at`, links that are gone are
    removed. Of an item that came twice the later one counts. Raises ValueError for a time without a zone.
    """
    serialise(conn, f"source {source}")
    stamp = _behind(conn, source, at)
    page = _arrivals(conn, source, snapshots, histories)
    stored = {remote_id: it.stored for remote_id, it in page.items() if it.stored is not None}
    known = list(stored)
    rows = clean([parts.item_row(source, it.snapshot, it.history, it.stored, stamp) for it in page.values()])
    upsert(conn, tables.items, [row for row in rows if _differs(stored.get(row[1]), row, parts.WRITTEN)])
    remove(conn, tables.set_aside, rows_of(conn, tables.set_aside, source, list(page), "source", "remote_id"))

    added = _add_changes(conn, source, page, known)
    comments = _replace_comments(conn, source, page, known, at)
    linked = _replace_links(conn, source, page, known)
    _replace_spans(conn, source, {remote_id: it.history for remote_id, it in page.items() if it.history}, known)

    moved = {row[1] for row in rows if _differs(stored.get(row[1]), row, parts.MEANING)}
    touched = moved | linked | {row[1] for row in added}
    return Saved(
        new=frozenset(page.keys() - stored.keys()),
        changed=frozenset(touched & stored.keys()),
        changes=len(added),
        comments=comments,
    )


def save_histories(conn: Connection, source: str, histories: Mapping[str, History], at: datetime) -> frozenset[str]:
    """Save histories that were derived again, by remote id; the ids of the items whose facts or spans changed.

    Ids that are not held are left out.
    """
    serialise(conn, f"source {source}")
    stamp = _behind(conn, source, at)
    of_items = dict(zip(clean(list(histories)), histories.values(), strict=True))
    stored = {row[1]: row for row in rows_of(conn, tables.items, source, list(of_items))}
    rows = clean([parts.with_history(row, of_items[remote_id], stamp) for remote_id, row in stored.items()])
    differing = [row for row in rows if _differs(stored[row[1]], row, parts.WRITTEN)]
    upsert(conn, tables.items, differing)
    spanned = _replace_spans(conn, source, {remote_id: of_items[remote_id] for remote_id in stored}, list(stored))
    return frozenset({row[1] for row in differing} | spanned)


def last_writing(conn: Connection, source: str) -> int:
    """When an item of the source was written last, in microseconds since the epoch; 0 when there is none.

    Each page is written later than the one before it, so whatever comes after is found by comparing with this.
    """
    return conn.scalar(select(func.max(*raw([tables.items.c.saved_at]))).where(tables.items.c.source == source)) or 0


def _behind(conn: Connection, source: str, at: datetime) -> datetime:
    """The moment, or where the host's clock was set back the first one after the last writing."""
    return max(at, instant(last_writing(conn, source) + 1))


def _arrivals(
    conn: Connection, source: str, snapshots: Sequence[Snapshot], histories: Mapping[str, History]
) -> dict[str, _Arrival]:
    latest: dict[str, tuple[Snapshot, History | None]] = {}
    for remote_id, snapshot in zip(clean([each.item.remote_id for each in snapshots]), snapshots, strict=True):
        history = histories.get(snapshot.item.remote_id)
        earlier = latest.get(remote_id)
        latest[remote_id] = (snapshot if earlier is None else _completed(snapshot, earlier[0]), history)
    stored = {row[1]: row for row in rows_of(conn, tables.items, source, list(latest))}
    return {
        remote_id: _Arrival(snapshot, history, stored.get(remote_id))
        for remote_id, (snapshot, history) in latest.items()
    }


def _completed(later: Snapshot, earlier: Snapshot) -> Snapshot:
    """The later of two snapshots of an item, with what only the earlier one brought of the same state."""
    if later.item.updated_at != earlier.item.updated_at:
        return later
    changes = (later if later.changes is not None else earlier).changes
    return replace_in(
        later,
        changes=changes,
        history_whole=(later if later.changes is not None else earlier).history_whole,
        comments=later.comments if later.comments is not None else earlier.comments,
        links=later.links if later.links is not None else earlier.links,
    )


def _differs(stored: Row | None, row: Row, part: slice) -> bool:
    return stored is None or stored[part] != row[part]


def _add_changes(conn: Connection, source: str, page: Mapping[str, _Arrival], known: Sequence[str]) -> list[Row]:
    """The rows of the changes that were not there."""
    brought = [remote_id for remote_id in known if page[remote_id].snapshot.changes]
    stored = set(rows_of(conn, tables.changes, source, brought, *tables.changes.primary_key.columns.keys()))
    wanted: list[Row] = []
    for remote_id, it in page.items():
        wanted += parts.change_rows(source, remote_id, it.snapshot.changes or ())
    return add(conn, tables.changes, stored, clean(wanted))


def _replace_comments(
    conn: Connection, source: str, page: Mapping[str, _Arrival], known: Sequence[str], at: datetime
) -> int:
    """How many comments are new, edited or gone."""
    brought = [remote_id for remote_id in known if page[remote_id].snapshot.comments is not None]
    stored = rows_of(conn, tables.comments, source, brought)
    wanted: list[Row] = []
    for remote_id, it in page.items():
        wanted += parts.comment_rows(source, remote_id, it.snapshot.comments or ())
    standing = by_key(tables.comments, clean(wanted))
    gone = [row if row[-1] else (*row[:-1], micros(at)) for row in stored if row[:3] not in standing]
    return len(replace(conn, tables.comments, stored, [*standing.values(), *gone]))


def _replace_links(conn: Connection, source: str, page: Mapping[str, _Arrival], known: Sequence[str]) -> set[str]:
    """The ids of the items whose links changed."""
    brought = [remote_id for remote_id in known if page[remote_id].snapshot.links is not None]
    stored = rows_of(conn, tables.links, source, brought)
    wanted: list[Row] = []
    for remote_id, it in page.items():
        wanted += parts.link_rows(source, remote_id, it.snapshot.links or ())
    return {row[1] for row in replace(conn, tables.links, stored, clean(wanted))}


def _replace_spans(conn: Connection, source: str, histories: Mapping[str, History], known: Sequence[str]) -> set[str]:
    """The ids of the items whose spans changed."""
    stored = rows_of(conn, tables.spans, source, [remote_id for remote_id in known if remote_id in histories])
    wanted: list[Row] = []
    for remote_id, history in histories.items():
        wanted += parts.span_rows(source, remote_id, history.spans)
    return {row[1] for row in replace(conn, tables.spans, stored, clean(wanted))}
