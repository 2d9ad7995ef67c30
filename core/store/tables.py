"""The base tables, once, for SQLite and PostgreSQL. Programs of others read the views (`VIEWS.md`), not these.

Keys are the trackers' own: a source's name and its immutable remote id, as text. An instant is an integer of
microseconds since the epoch in UTC, a day is ISO text, a list or mapping is JSON text: so a row is the same tuple of
plain values on both engines, and a duration is a subtraction.

The order of the columns is the order of the values in the tuples that `core.store.upsert` writes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(value: datetime) -> int:
    """Microseconds since the epoch. Raises ValueError for a time without a zone, which would mean nothing here."""
    try:
        return (value - EPOCH) // MICROSECOND
    except TypeError:
        raise ValueError(f"a time without a zone cannot be stored: {value!r}") from None


def micros_or_none(value: datetime | None) -> int | None:
    """Microseconds since the epoch, or None."""
    return None if value is None else micros(value)


def instant(value: int) -> datetime:
    """The aware UTC instant behind an integer of microseconds."""
    return EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    """The aware UTC instant, or None."""
    return None if value is None else instant(value)


def json_text(value: object) -> str:
    """JSON with its keys in order, so that equal values give equal text."""
    return msgspec.json.encode(value, order="deterministic").decode()


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as integer microseconds. A naive datetime is refused with ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> int | None:
        return micros_or_none(value)

    def process_result_value(self, value: Any | None, _: Dialect) -> datetime | None:
        return instant_or_none(value)


class Day(TypeDecorator[date]):
    """A date without a zone, kept as ISO text. A datetime is refused: it is not a day until a zone is chosen."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, _: Dialect) -> str | None:
        if isinstance(value, datetime):
            raise ValueError(f"an instant is not a day: {value!r}")  # noqa: TRY004 - as for times without a zone
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any | None, _: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A plain value, kept as JSON text with its keys in order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, _: Dialect) -> str | None:
        return None if value is None else json_text(value)

    def process_result_value(self, value: Any | None, _: Dialect) -> Any | None:
        return None if value is None else msgspec.json.decode(value)


# Keys sort byte by byte on both engines; PostgreSQL would otherwise sort them by the server's language.
KEY = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key(*names: str) -> list[Column[Any]]:
    return [Column(name, KEY, primary_key=True) for name in names]


# The parts of an item, and the evidence of a measurement, are written together with it by one function. They have no
# foreign key to it: the check of each row makes PostgreSQL lock the item anew and a first sync four times as long.

# --- what the trackers hold ----------------------------------------------------------------------------------------

# As it stands in an index: SQLite takes an index of some rows only for a question in the same words.
HAS_PARENT = text("parent_id IS NOT NULL")
IS_RENAMING = text("field = 'key'")
IS_PLANNED = text("deliverable IS NOT NULL")
IS_PUZZLING = text("category IS NULL")
IS_TYING = text("kind IN ('closes', 'closed by', 'mentions')")

items = Table(
    "items",
    metadata,
    *_key("source", "remote_id"),
    Column("key", KEY, nullable=False),
    Column("url", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("project", Text),
    Column("type", Text),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_id", Text, nullable=False),
    Column("tracker_category", Text),
    Column("resolution", Text),
    Column("priority", Text),
    Column("assignee", Text),
    Column("reporter", Text),
    Column("parent_id", Text),
    Column("parent_key", Text),
    Column("milestone", Text),
    Column("labels", Json, nullable=False),
    Column("fix_versions", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("due_on", Day),
    Column("start_on", Day),
    # what the history makes of it
    Column("category", Text),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("reopened", Integer, nullable=False),
    Column("history_complete", Boolean, nullable=False),
    Column("problem", Text),
    Column("deleted_at", Instant),
    # what does not change its meaning
    Column("updated_at", Instant, nullable=False),
    Column("history_held", Boolean, nullable=False),
    Column("history_whole", Boolean, nullable=False),
    Column("comments_held", Boolean, nullable=False),
    Column("settled_at", Instant),
    Column("saved_at", Instant, nullable=False),
    Index("ix_items_source_key", "source", "key"),
    Index("ix_items_settled_at", "settled_at"),
    Index("ix_items_source_saved_at", "source", "saved_at"),
    Index("ix_items_source_parent_id", "source", "parent_id", sqlite_where=HAS_PARENT, postgresql_where=HAS_PARENT),
    sqlite_with_rowid=False,
)

changes = Table(
    "changes",
    metadata,
    *_key("source", "item_id", "remote_id"),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("author", Text),
    Column("from_value", Text),
    Column("to_value", Text),
    Column("from_id", Text),
    Column("to_id", Text),
    # with all that is asked for, or SQLite rather reads every change of the source
    Index(
        "ix_changes_renaming",
        "source",
        "item_id",
        "changed_at",
        "from_value",
        sqlite_where=IS_RENAMING,
        postgresql_where=IS_RENAMING,
    ),
    sqlite_with_rowid=False,
)

comments = Table(
    "comments",
    metadata,
    *_key("source", "item_id", "remote_id"),
    Column("author", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    sqlite_with_rowid=False,
)

links = Table(
    "links",
    metadata,
    *_key("source", "item_id", "remote_id"),
    Column("kind", Text, nullable=False),
    Column("to_source", Text),
    Column("to_key", Text, nullable=False),
    Column("provenance", Text, nullable=False),
    Index("ix_links_tying", "source", "item_id", sqlite_where=IS_TYING, postgresql_where=IS_TYING),
    sqlite_with_rowid=False,
)

spans = Table(
    "spans",
    metadata,
    *_key("source", "item_id"),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("status_id", Text),
    Column("category", Text),
    Column("assignee", Text),
    Column("entered_at", Instant, nullable=False),
    Column("left_at", Instant),
    Index("ix_spans_puzzling", "source", "item_id", sqlite_where=IS_PUZZLING, postgresql_where=IS_PUZZLING),
    sqlite_with_rowid=False,
)

statuses = Table(
    "statuses",
    metadata,
    *_key("source", "status_id"),
    Column("name", Text, nullable=False),
    Column("category", Text),
    Column("earlier", Json, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    *_key("source", "account_id"),
    Column("name", Text),
    Column("email", Text),
    Column("active", Boolean, nullable=False),
    Column("bot", Boolean, nullable=False),
)

set_aside = Table(
    "set_aside",
    metadata,
    *_key("source", "remote_id"),
    Column("key", Text),
    Column("reason", Text, nullable=False),
    Column("set_aside_at", Instant, nullable=False),
)

events = Table(
    "events",
    metadata,
    *_key("source", "calendar", "uid"),
    # "" where the event does not repeat: a key cannot be NULL
    *_key("recurrence_start"),
    Column("title", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("all_day", Boolean, nullable=False),
    Column("first_on", Day),
    Column("last_on", Day),
    Column("status", Text, nullable=False),
    Column("busy", Boolean, nullable=False),
    Column("away", Boolean, nullable=False),
    Column("organizer", Text),
    Column("zone_guessed", Boolean, nullable=False),
    Column("attendances", Json, nullable=False),
    Column("deleted_at", Instant),
    Column("saved_at", Instant, nullable=False),
    Index("ix_events_source_starts_at", "source", "starts_at"),
    sqlite_with_rowid=False,
)

# --- how far reading got -------------------------------------------------------------------------------------------

cursors = Table(
    "cursors",
    metadata,
    *_key("source", "stream"),
    Column("token", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

checks = Table(
    "checks",
    metadata,
    *_key("source", "check"),
    Column("checked_at", Instant, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    *_key("source", "key"),
    Column("value", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    *_key("source"),
    Column("started_at", Instant, primary_key=True),
    Column("finished_at", Instant, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("counts", Json, nullable=False),
    Column("error", Text),
    Column("not_before", Instant),
    Column("answered_at", Instant),
)

# --- plan and project ----------------------------------------------------------------------------------------------

plan_versions = Table(
    "plan_versions",
    metadata,
    *_key("project"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

baselines = Table(
    "baselines",
    metadata,
    *_key("project"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("approved_at", Instant, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("reason", Text),
    Column("recorded_at", Instant, nullable=False),
    ForeignKeyConstraint(["project", "version"], ["plan_versions.project", "plan_versions.number"]),
)

enrolments = Table(
    "enrolments",
    metadata,
    *_key("project", "source", "item_id"),
    Column("role", Text, nullable=False),
    Column("deliverable", Text),
    ForeignKeyConstraint(["source", "item_id"], ["items.source", "items.remote_id"]),
    Index("ix_enrolments_source_item_id", "source", "item_id"),
    Index("ix_enrolments_planned", "project", "source", sqlite_where=IS_PLANNED, postgresql_where=IS_PLANNED),
    sqlite_with_rowid=False,
)

milestones = Table(
    "milestones",
    metadata,
    *_key("project", "key"),
    Column("name", Text, nullable=False),
    Column("baseline_due_on", Day),
    Column("due_on", Day),
    Column("forecast_on", Day),
    Column("finished_at", Instant),
)
deliverables = Table(
    "deliverables",
    metadata,
    *_key("project", "key"),
    Column("name", Text, nullable=False),
    Column("milestone", Text),
    Column("owner", Text),
    Column("baseline_due_on", Day),
    Column("due_on", Day),
    Column("forecast_on", Day),
    Column("items", Integer, nullable=False),
    Column("finished_items", Integer, nullable=False),
    Column("finished_at", Instant),
    Column("standing", Text, nullable=False),
)

# --- what we found and wrote ---------------------------------------------------------------------------------------

findings = Table(
    "findings",
    metadata,
    *_key("project", "kind", "subject"),
    Column("opened_at", Instant, primary_key=True),
    Column("closed_at", Instant),
    Column("severity", Text, nullable=False),
    Column("facts", Json, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("detail", Text, nullable=False),
    Index(
        "uq_findings_open",
        "project",
        "kind",
        "subject",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

measurements = Table(
    "measurements",
    metadata,
    *_key("project", "kpi", "period_kind"),
    Column("period_start_on", Day, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("period_end_on", Day, nullable=False),
    Column("period_start_at", Instant, nullable=False),
    Column("period_end_at", Instant, nullable=False),
    Column("definition", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("value", Double),
    Column("reason", Text),
    Column("target", Double),
    Column("met", Boolean),
    Column("numerator", Double),
    Column("denominator", Double),
    Column("sample", Integer, nullable=False),
    Column("statistics", Json, nullable=False),
    Column("excluded", Json, nullable=False),
    Column("incomplete_items", Integer, nullable=False),
    Column("stale_sources", Json, nullable=False),
    Column("basis", Text, nullable=False),
    Column("restates", Instant),
    Column("frozen", Boolean, nullable=False),
    Column("as_of", Instant, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    *_key("project", "kpi", "period_kind"),
    Column("period_start_on", Day, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    # "" where the counted thing is part of the plan: a key cannot be NULL
    *_key("source", "key"),
    Column("occurrence", Integer, primary_key=True, autoincrement=False),
    Column("url", Text),
    Column("value", Double),
    Column("weight", Double, nullable=False),
    Column("reason", Text),
    Column("incomplete", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

publications = Table(
    "publications",
    metadata,
    *_key("project", "source", "target", "topic"),
    Column("id", Text, nullable=False),
    Column("marker", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("sent_digest", Text),
    Column("remote_id", Text),
    Column("remote_digest", Text),
    Column("attempted_at", Instant),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("item_id", Text),
    Column("item_updated_at", Instant),
    UniqueConstraint("id"),
)
