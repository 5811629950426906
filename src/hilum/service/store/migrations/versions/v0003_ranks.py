"""The worklist's groups are those of every list; their names are longer."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RANKS = (
    ("flagged", "flagged", 3.0, 6.0),
    ("not read", "could not be read", 2.0, 5.0),
    ("undecided", "not decided", 1.0, 4.0),
    ("nothing found", "not flagged", 0.0, 0.0),
)
"""The names before and now, and where the group begins."""


def upgrade() -> None:
    """Give every row its new name and place; the first step makes a column that is wide enough by now."""
    if op.get_bind().dialect.name == "postgresql":  # SQLite bounds no text
        op.alter_column("job", "rank", type_=sa.String(32))
    _rename({old: (new, after - before) for old, new, before, after in _RANKS})


def downgrade() -> None:
    """Give the names back; groups that there were not are those that could not be read."""
    _rename({new: (old, before - after) for old, new, before, after in _RANKS})
    named = [old for old, *_ in _RANKS] + ["waiting"]
    op.execute(sa.update(_JOB).where(_JOB.c.rank.not_in(named)).values(rank="not read", urgency=2.0))


_JOB = sa.table("job", sa.column("rank", sa.String), sa.column("urgency", sa.Double))


def _rename(names: dict[str, tuple[str, float]]) -> None:
    for name, (new, shift) in names.items():
        op.execute(sa.update(_JOB).where(_JOB.c.rank == name).values(rank=new, urgency=_JOB.c.urgency + shift))
