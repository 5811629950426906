"""Who did what and when, in a table that the database only lets grow; it holds no name of a patient or file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, insert, select

from hilum.service.store.database import Database
from hilum.service.store.tables import AUDIT

Action = Literal[
    "start", "stop", "upload", "view", "download", "export", "opinion", "delete", "login", "login refused", "logout"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One line: when (seconds since 1970), who (user, token's name or port), from which address, what, on which job."""

    at_s: float
    who: str
    address: str
    action: Action
    job_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The audit, to add to and to read."""

    database: Database
    clock: Callable[[], float]

    def add(self, action: Action, *, who: str, address: str, job_id: str | None = None) -> None:
        """Add a line."""
        with self.database.write() as connection:
            self.add_within(connection, action, who=who, address=address, job_id=job_id)

    def add_within(
        self, connection: Connection, action: Action, *, who: str, address: str, job_id: str | None = None
    ) -> None:
        """Add a line in an open transaction: it is there if and only if what it tells of is."""
        row = {"at_s": self.clock(), "who": who, "address": address, "action": action, "job_id": job_id}
        connection.execute(insert(AUDIT), row)

    def rows(self) -> tuple[AuditRow, ...]:
        """Every line, the oldest first."""
        columns = (AUDIT.c.at_s, AUDIT.c.who, AUDIT.c.address, AUDIT.c.action, AUDIT.c.job_id)
        with self.database.read() as connection:
            rows = connection.execute(select(*columns).order_by(AUDIT.c.number)).all()
        return tuple(AuditRow(**row._mapping) for row in rows)
