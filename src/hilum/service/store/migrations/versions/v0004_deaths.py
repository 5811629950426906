"""How many readers broke down on a file, apart from how often its reading was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what was begun before nothing is known, and it counts from here."""
    op.add_column("job", sa.Column("deaths", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the column away."""
    op.drop_column("job", "deaths")
