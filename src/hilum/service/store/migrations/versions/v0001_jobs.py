"""Jobs, opinions and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the three tables, and let the database keep the audit from being rewritten."""
    op.create_table(
        "job",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("stated", sa.JSON, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(64)),
        sa.Column("lease_until_s", sa.Double),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("finished_s", sa.Double),
        sa.Column("failure_kind", sa.String(32)),
        sa.Column("failure", sa.Text),
        sa.Column("reading", sa.JSON(none_as_null=True)),
        sa.Column("rank", sa.String(32), nullable=False),
        sa.Column("urgency", sa.Double, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("flagged", sa.Text, nullable=False),
    )
    op.create_index("job_state", "job", ["state", "number"])
    op.create_index("job_urgency", "job", ["urgency", "number"])
    op.create_table(
        "opinion",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(32), nullable=False, index=True),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("finding", sa.String(128), nullable=False),
        sa.Column("opinion", sa.String(8), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at_s", sa.Double, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at_s", sa.Double, nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("job_id", sa.String(32)),
    )
    for statement in _KEEP_AUDIT[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Take the tables away, with everything in them."""
    for table in ("audit", "opinion", "job"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_stays()")


_KEEP_AUDIT = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{event} BEFORE {event} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        for event in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$",
        "CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()",
    ],
}
