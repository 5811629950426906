"""The outbox of DICOM objects."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(32), nullable=False, index=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("sop_class", sa.String(64), nullable=False),
        sa.Column("sop_instance", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_s", sa.Double, nullable=False),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("ended_s", sa.Double),
        sa.Column("transaction", sa.String(64), index=True),
        sa.Column("said", sa.Text, nullable=False),
        sa.UniqueConstraint("sop_instance", "destination", name="outbox_once"),
    )
    op.create_index("outbox_due", "outbox", ["state", "due_s"])


def downgrade() -> None:
    """Take the table away, with what was not delivered."""
    op.drop_table("outbox")
