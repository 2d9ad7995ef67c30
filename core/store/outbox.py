"""What should stand at each target, and what we know of what stands there."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from core.model import Publication, PublicationState
from core.store import tables
from core.store.text import clean
from core.store.upsert import encoded, remove, upsert


def get(conn: Connection, project: str, source: str, target: str, topic: str) -> Publication | None:
    """The publication of a project about a topic at a target, or None when there was never one."""
    key = (project, source, target, topic)
    table = tables.publications
    of_key = (column == value for column, value in zip(table.primary_key, key, strict=True))
    row = conn.execute(select(table).where(*of_key)).mappings().first()
    return None if row is None else _publication(row)


def all(conn: Connection, project: str | None = None) -> list[Publication]:  # noqa: A001 - read as `outbox.all`
    """All publications, or those of a project, in the order of project, source, target and topic."""
    table = tables.publications
    query = select(table).order_by(*table.primary_key)
    if project is not None:
        query = query.where(table.c.project == project)
    return [_publication(row) for row in conn.execute(query).mappings()]


def save(conn: Connection, publication: Publication) -> bool:
    """Keep a publication as it is given, whatever was known of it; whether that differs from what was kept."""
    values: dict[str, Any] = asdict(clean(publication))
    values["state"] = publication.state.value
    return upsert(conn, tables.publications, [encoded(tables.publications, **values)]) > 0


def rename(conn: Connection, publication: Publication, id: str, target: str) -> Publication:  # noqa: A002 - its name
    """The publication under another name of its target, in place of what was kept under that name."""
    remove(
        conn, tables.publications, [(publication.project, publication.source, publication.target, publication.topic)]
    )
    renamed = replace(publication, id=id, target=target)
    save(conn, renamed)
    return renamed


def _publication(row: RowMapping) -> Publication:
    return Publication(**{**row, "state": PublicationState(row["state"])})
