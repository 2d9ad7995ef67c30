"""Calendars: their events; and links whose other end is known by its key alone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("source", KEY, nullable=False),
        sa.Column("calendar", KEY, nullable=False),
        sa.Column("uid", KEY, nullable=False),
        sa.Column("recurrence_start", KEY, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("first_on", sa.Text()),
        sa.Column("last_on", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("busy", sa.Boolean(), nullable=False),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("organizer", sa.Text()),
        sa.Column("zone_guessed", sa.Boolean(), nullable=False),
        sa.Column("attendances", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "calendar", "uid", "recurrence_start", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_events_source_starts_at", "events", ["source", "starts_at"])
    with op.batch_alter_table("links") as links:
        links.alter_column("to_source", existing_type=sa.Text(), nullable=True)
    tying = sa.text("kind IN ('closes', 'closed by', 'mentions')")
    op.create_index("ix_links_tying", "links", ["source", "item_id"], sqlite_where=tying, postgresql_where=tying)
