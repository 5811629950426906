"""The tables of the service; the steps that make them stand in `migrations`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A row's number: SQLite counts up by itself only where the type is INTEGER."""

JOBS = Table(
    "job",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("stated", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", String(64)),
    Column("lease_until_s", Double),
    Column("created_s", Double, nullable=False),
    Column("finished_s", Double),
    Column("failure_kind", String(32)),
    Column("failure", Text),
    Column("reading", JSON(none_as_null=True)),
    Column("rank", String(32), nullable=False),
    Column("urgency", Double, nullable=False),
    Column("why", Text, nullable=False),
    Column("flagged", Text, nullable=False),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Index("job_state", "state", "number"),
    Index("job_urgency", "urgency", "number"),
)
"""One row a file that was accepted; times are seconds since 1970. `flagged` is `|Pneumonia|Effusion|`.

`attempt` is how often its reading was begun, and `deaths` how many readers broke down on it.
"""

STORE = Table("store", METADATA, Column("id", String(32), primary_key=True))
"""One row: the id of the folder that the database belongs to."""

OPINIONS = Table(
    "opinion",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("job_id", String(32), nullable=False, index=True),
    Column("model", String(128), nullable=False),
    Column("finding", String(128), nullable=False),
    Column("opinion", String(8), nullable=False),
    Column("note", Text, nullable=False),
    Column("who", String(64), nullable=False),
    Column("at_s", Double, nullable=False),
)
"""What a person thinks of one finding; the latest row of a person and finding counts."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("at_s", Double, nullable=False),
    Column("who", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("job_id", String(32)),
)
"""Who did what and when; the database itself refuses to change or delete a row. It holds no name and no file's name."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("job_id", String(32), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("destination", Text, nullable=False),
    Column("sop_class", String(64), nullable=False),
    Column("sop_instance", String(64), nullable=False),
    Column("data", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_s", Double, nullable=False),
    Column("created_s", Double, nullable=False),
    Column("ended_s", Double),
    Column("transaction", String(64), index=True),
    Column("said", Text, nullable=False),
    UniqueConstraint("sop_instance", "destination", name="outbox_once"),
    Index("outbox_due", "state", "due_s"),
)
"""One row a DICOM object and destination.

`data` is the object's file until it is delivered; `said` is what the archive said last.
"""
