"""The first tables. Frozen: later steps change them, never this module."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables and their indexes."""
    op.create_table(
        "changes",
        sa.Column("source", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("remote_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text()),
        sa.Column("from_value", sa.Text()),
        sa.Column("to_value", sa.Text()),
        sa.Column("from_id", sa.Text()),
        sa.Column("to_id", sa.Text()),
        sa.Column("from_category", sa.Text()),
        sa.Column("to_category", sa.Text()),
        sa.PrimaryKeyConstraint("source", "item_id", "remote_id", "position", name="pk_changes"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_changes_renaming",
        "changes",
        ["source", "item_id", "changed_at", "from_value"],
        sqlite_where=sa.text("field = 'key'"),
        postgresql_where=sa.text("field = 'key'"),
    )
    op.create_table(
        "checks",
        sa.Column("source", KEY, nullable=False),
        sa.Column("check", KEY, nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "check", name="pk_checks"),
    )
    op.create_table(
        "comments",
        sa.Column("source", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("remote_id", KEY, nullable=False),
        sa.Column("author", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("source", "item_id", "remote_id", name="pk_comments"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cursors",
        sa.Column("source", KEY, nullable=False),
        sa.Column("stream", KEY, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "stream", name="pk_cursors"),
    )
    op.create_table(
        "evidence",
        sa.Column("project", KEY, nullable=False),
        sa.Column("kpi", KEY, nullable=False),
        sa.Column("period_kind", KEY, nullable=False),
        sa.Column("period_start_on", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("url", sa.Text()),
        sa.Column("value", sa.Double()),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "project",
            "kpi",
            "period_kind",
            "period_start_on",
            "revision",
            "source",
            "key",
            "occurrence",
            name="pk_evidence",
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "findings",
        sa.Column("project", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "kind", "subject", "opened_at", name="pk_findings"),
    )
    op.create_index(
        "uq_findings_open",
        "findings",
        ["project", "kind", "subject"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "identities",
        sa.Column("source", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("bot", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "account_id", name="pk_identities"),
    )
    op.create_table(
        "items",
        sa.Column("source", KEY, nullable=False),
        sa.Column("remote_id", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project", sa.Text()),
        sa.Column("type", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_id", sa.Text(), nullable=False),
        sa.Column("tracker_category", sa.Text()),
        sa.Column("resolution", sa.Text()),
        sa.Column("priority", sa.Text()),
        sa.Column("assignee", sa.Text()),
        sa.Column("reporter", sa.Text()),
        sa.Column("parent_id", sa.Text()),
        sa.Column("parent_key", sa.Text()),
        sa.Column("milestone", sa.Text()),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("fix_versions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("due_on", sa.Text()),
        sa.Column("start_on", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("history_complete", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("history_held", sa.Boolean(), nullable=False),
        sa.Column("history_whole", sa.Boolean(), nullable=False),
        sa.Column("comments_held", sa.Boolean(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "remote_id", name="pk_items"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_items_settled_at", "items", ["settled_at"])
    op.create_index("ix_items_source_key", "items", ["source", "key"])
    op.create_index("ix_items_source_saved_at", "items", ["source", "saved_at"])
    op.create_index(
        "ix_items_source_parent_id",
        "items",
        ["source", "parent_id"],
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "links",
        sa.Column("source", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("remote_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("to_source", sa.Text(), nullable=False),
        sa.Column("to_key", sa.Text(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "item_id", "remote_id", name="pk_links"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "measurements",
        sa.Column("project", KEY, nullable=False),
        sa.Column("kpi", KEY, nullable=False),
        sa.Column("period_kind", KEY, nullable=False),
        sa.Column("period_start_on", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("period_end_on", sa.Text(), nullable=False),
        sa.Column("period_start_at", sa.BigInteger(), nullable=False),
        sa.Column("period_end_at", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("reason", sa.Text()),
        sa.Column("target", sa.Double()),
        sa.Column("met", sa.Boolean()),
        sa.Column("numerator", sa.Double()),
        sa.Column("denominator", sa.Double()),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("statistics", sa.Text(), nullable=False),
        sa.Column("excluded", sa.Text(), nullable=False),
        sa.Column("incomplete_items", sa.Integer(), nullable=False),
        sa.Column("stale_sources", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("restates", sa.BigInteger()),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "kpi", "period_kind", "period_start_on", "revision", name="pk_measurements"),
    )
    op.create_table(
        "milestones",
        sa.Column("project", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("baseline_due_on", sa.Text()),
        sa.Column("due_on", sa.Text()),
        sa.Column("forecast_on", sa.Text()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("project", "key", name="pk_milestones"),
    )
    op.create_table(
        "notes",
        sa.Column("source", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_notes"),
    )
    op.create_table(
        "plan_versions",
        sa.Column("project", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "number", name="pk_plan_versions"),
    )
    op.create_table(
        "publications",
        sa.Column("project", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("target", KEY, nullable=False),
        sa.Column("topic", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sent_digest", sa.Text()),
        sa.Column("remote_id", sa.Text()),
        sa.Column("remote_digest", sa.Text()),
        sa.Column("attempted_at", sa.BigInteger()),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("project", "source", "target", "topic", name="pk_publications"),
        sa.UniqueConstraint("id", name="uq_publications_id"),
    )
    op.create_table(
        "runs",
        sa.Column("source", KEY, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("not_before", sa.BigInteger()),
        sa.PrimaryKeyConstraint("source", "started_at", name="pk_runs"),
    )
    op.create_table(
        "set_aside",
        sa.Column("source", KEY, nullable=False),
        sa.Column("remote_id", KEY, nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_aside_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "remote_id", name="pk_set_aside"),
    )
    op.create_table(
        "spans",
        sa.Column("source", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_id", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("assignee", sa.Text()),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("source", "item_id", "position", name="pk_spans"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_spans_puzzling",
        "spans",
        ["source", "item_id"],
        sqlite_where=sa.text("category IS NULL"),
        postgresql_where=sa.text("category IS NULL"),
    )
    op.create_table(
        "statuses",
        sa.Column("source", KEY, nullable=False),
        sa.Column("status_id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("category_since", sa.BigInteger()),
        sa.PrimaryKeyConstraint("source", "status_id", name="pk_statuses"),
    )
    op.create_table(
        "baselines",
        sa.Column("project", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "number", name="pk_baselines"),
        sa.ForeignKeyConstraint(
            ["project", "version"], ["plan_versions.project", "plan_versions.number"], name="fk_baselines_plan_versions"
        ),
    )
    op.create_table(
        "enrolments",
        sa.Column("project", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("deliverable", sa.Text()),
        sa.PrimaryKeyConstraint("project", "source", "item_id", name="pk_enrolments"),
        sa.ForeignKeyConstraint(["source", "item_id"], ["items.source", "items.remote_id"], name="fk_enrolments_items"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_enrolments_source_item_id", "enrolments", ["source", "item_id"])
    op.create_index(
        "ix_enrolments_planned",
        "enrolments",
        ["project", "source"],
        sqlite_where=sa.text("deliverable IS NOT NULL"),
        postgresql_where=sa.text("deliverable IS NOT NULL"),
    )
