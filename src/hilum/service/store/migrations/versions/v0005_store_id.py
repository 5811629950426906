"""Which folder a database belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: the first folder that the database is opened with is its own."""
    op.create_table("store", sa.Column("id", sa.String(32), primary_key=True))


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("store")
