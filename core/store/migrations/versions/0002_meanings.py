"""What a status meant at which time is kept with the status, no longer with each change."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# A status that was moved once tells since when; what it meant before, the changes remember that were seen till then.
FORMER = """
UPDATE statuses SET earlier = '[[' || category_since || ',"' || (
    SELECT min(to_category) FROM changes
    WHERE changes.source = statuses.source AND changes.to_id = statuses.status_id
    AND changes.field = 'status' AND changes.to_category <> statuses.category
) || '"]]'
WHERE category_since IS NOT NULL AND EXISTS (
    SELECT 1 FROM changes
    WHERE changes.source = statuses.source AND changes.to_id = statuses.status_id
    AND changes.field = 'status' AND changes.to_category <> statuses.category
)
"""


def upgrade() -> None:
    op.add_column("statuses", sa.Column("earlier", sa.Text(), nullable=False, server_default="[]"))
    op.execute(FORMER)
    op.drop_column("statuses", "category_since")
    op.drop_column("changes", "from_category")
    op.drop_column("changes", "to_category")
