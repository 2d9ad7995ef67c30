"""Which items of a project are about the same work: a pull request and the issues that it closes or names."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text

from core.model import Kind, Provenance, Tie
from core.store import tables
from core.store.tables import micros
from core.store.upsert import plain, raw

CLOSED_BY = "closed by"
MENTIONS = "mentions"
MOST_CERTAIN = (Provenance.NATIVE, Provenance.URL, Provenance.KEY, Provenance.GUESS)
TYING = text(f"links.{tables.IS_TYING}")  # in the words of its index


def ties(conn: Connection, sources: Collection[str], since: datetime) -> list[Tie]:
    """The ties between items of these sources of which one is open, or may have come to its end since, in order.

    What a pull request only names in its texts ties it to an issue; an issue that names something, such as where a
    fault began, is no part of that. A key that a text names without its tracker is any item of the sources that has
    it; with an address, one at the host of that. A key that nobody has ties nothing, and neither do items that are
    gone. Of several ties of two items the most certain is told.
    """
    found: dict[tuple[tuple[str, str], tuple[str, str]], Provenance] = {}
    for row in _rows(conn, sources, since):
        holder, end = (row[0], row[2]), (row[3], row[5])
        # An issue tells of the pull request that closes it, and the pull request of the issue: it is one tie.
        part, whole = (end, holder) if row[6] == CLOSED_BY else (holder, end)
        how = Provenance(row[7])
        found[part, whole] = min(how, found.get((part, whole), how), key=MOST_CERTAIN.index)
    return [Tie(part=part, whole=whole, provenance=how) for (part, whole), how in sorted(found.items())]


def tied_ids(conn: Connection, sources: Collection[str], since: datetime) -> dict[str, set[str]]:
    """The ids, by source, of the items at both ends of these ties."""
    ids: dict[str, set[str]] = {}
    for row in _rows(conn, sources, since):
        ids.setdefault(row[0], set()).add(row[1])
        ids.setdefault(row[3], set()).add(row[4])
    return ids


def _rows(conn: Connection, sources: Collection[str], since: datetime) -> list[tuple[str, ...]]:
    """Source, id and key of both ends, the kind of the link and how it is known."""
    links, holder, end = tables.links, tables.items.alias("holder"), tables.items.alias("named")
    has_key: ColumnElement[bool] = end.c.key == links.c.to_key
    if conn.dialect.name == "sqlite":
        # Without this word SQLite walks through all items of a source for each link, instead of looking the key up.
        has_key = func.unlikely(has_key)
    named = or_(links.c.to_source.is_(None), links.c.to_source == end.c.source)
    joined = links.join(holder, and_(holder.c.source == links.c.source, holder.c.remote_id == links.c.item_id)).join(
        end, and_(has_key, named)
    )
    alive = [
        or_(settled_at.is_(None), settled_at >= micros(since))
        for settled_at in raw([holder.c.settled_at, end.c.settled_at])
    ]
    query = (
        select(
            holder.c.source,
            holder.c.remote_id,
            holder.c.key,
            end.c.source,
            end.c.remote_id,
            end.c.key,
            links.c.kind,
            links.c.provenance,
            links.c.to_source,
            links.c.remote_id,
            end.c.url,
        )
        .select_from(joined)
        .where(
            TYING,
            or_(
                links.c.kind != MENTIONS,
                and_(holder.c.kind == Kind.PULL_REQUEST.value, end.c.kind != Kind.PULL_REQUEST.value),
            ),
            links.c.source.in_(list(sources)),
            end.c.source.in_(list(sources)),
            holder.c.deleted_at.is_(None),
            end.c.deleted_at.is_(None),
            or_(*alive),
            or_(holder.c.source != end.c.source, holder.c.remote_id != end.c.remote_id),
        )
    )
    rows = plain(conn, query.order_by(holder.c.source, holder.c.key, end.c.source, end.c.key))
    return [row[:8] for row in rows if row[7] != Provenance.URL or row[8] is not None or _is_there(row[9], row[10])]


def _is_there(mention: str, url: str) -> bool:
    """Whether a mention by address, whose id is such as `url:acme.atlassian.net/ERP-12`, is at the host of the item."""
    return mention.startswith(f"{Provenance.URL}:{urlsplit(url).hostname}/")
