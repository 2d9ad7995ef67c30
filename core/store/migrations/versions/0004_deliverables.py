"""Where each deliverable stands, as milestones are kept. Empty until a project is held the next time."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "deliverables",
        sa.Column("project", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("milestone", sa.Text()),
        sa.Column("owner", sa.Text()),
        sa.Column("baseline_due_on", sa.Text()),
        sa.Column("due_on", sa.Text()),
        sa.Column("forecast_on", sa.Text()),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("finished_items", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "key", name=op.f("pk_deliverables")),
        sqlite_with_rowid=False,
    )
