"""What a status meant when is kept with the status, no longer with each change. Runs keep the source's own time.

Publications keep which item carries them, and how it stood when it was last looked at.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# A status that was moved once tells since when; what it meant before, the changes remember that were seen till then.
FORMER = """
UPDATE statuses SET earlier = '[[' || category_since || ',"' || (
    SELECT category FROM seen
    WHERE seen.source = statuses.source AND seen.status_id = statuses.status_id AND seen.category <> statuses.category
    ORDER BY changed_at DESC LIMIT 1
) || '"]]'
WHERE category_since IS NOT NULL AND EXISTS (
    SELECT 1 FROM seen
    WHERE seen.source = statuses.source AND seen.status_id = statuses.status_id AND seen.category <> statuses.category
)
"""
# Also what an item left: the status that it was created in is never entered.
SEEN = """
CREATE TEMPORARY TABLE seen AS
SELECT source, to_id AS status_id, to_category AS category, changed_at FROM changes
WHERE field = 'status' AND to_category IS NOT NULL
UNION ALL
SELECT source, from_id, from_category, changed_at FROM changes
WHERE field = 'status' AND from_category IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("statuses", sa.Column("earlier", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("runs", sa.Column("answered_at", sa.BigInteger()))
    op.add_column("publications", sa.Column("item_id", sa.Text()))
    op.add_column("publications", sa.Column("item_updated_at", sa.BigInteger()))
    op.execute(SEEN)
    op.execute(FORMER)
    op.execute("DROP TABLE seen")
    op.drop_column("statuses", "category_since")
    op.drop_column("changes", "from_category")
    op.drop_column("changes", "to_category")
