"""What people think of findings: agree, disagree or unsure, with a note; and the same as a table for the lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, func, insert, select

from hilum.errors import UsageError
from hilum.service.store.database import Database
from hilum.service.store.job import Job, job_of
from hilum.service.store.tables import JOBS, OPINIONS

Verdict = Literal["agree", "disagree", "unsure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What `who` thinks of a finding of a model; `at_s` in seconds since 1970."""

    model: str
    finding: str
    verdict: Verdict
    note: str
    who: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """The opinions; a later one of the same person on the same finding stands in the place of the earlier."""

    database: Database
    clock: Callable[[], float]

    def add(self, job: Job, *, model: str, finding: str, verdict: Verdict, note: str, who: str) -> None:
        """Keep an opinion. Raises `UsageError` where the job has no such finding."""
        findings = [] if job.reading is None else job.reading.get("findings", [])
        if not any(each["model"] == model and each["name"] == finding for each in findings):
            said = ", ".join(f"{each['name']} by {each['model']}" for each in findings) or "none"
            raise UsageError(f"The reading has no finding {finding} by {model}; its findings: {said}")
        with self.database.write() as connection:
            connection.execute(
                insert(OPINIONS),
                {
                    "job_id": job.id,
                    "model": model,
                    "finding": finding,
                    "opinion": verdict,
                    "note": note,
                    "who": who,
                    "at_s": self.clock(),
                },
            )

    def of(self, job_id: str) -> tuple[Opinion, ...]:
        """The opinions on a job that count, the oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(_latest().where(OPINIONS.c.job_id == job_id).order_by(OPINIONS.c.number)).all()
        return tuple(map(_opinion, rows))

    def all(self) -> Iterator[tuple[Job, Opinion]]:
        """Every opinion that counts, with its job, the oldest first."""
        asked = _latest().add_columns(*JOBS.c).join(JOBS, JOBS.c.id == OPINIONS.c.job_id).order_by(OPINIONS.c.number)
        with self.database.read() as connection:
            for row in connection.execute(asked):
                yield job_of(row), _opinion(row)


def _latest() -> Any:
    said = func.max(OPINIONS.c.number)
    by = (OPINIONS.c.job_id, OPINIONS.c.model, OPINIONS.c.finding, OPINIONS.c.who)
    latest = select(said).group_by(*by).scalar_subquery()
    columns = (column for column in OPINIONS.c if column.name in ("model", "finding", "opinion", "note", "who", "at_s"))
    return select(*columns).select_from(OPINIONS).where(OPINIONS.c.number.in_(latest))


def _opinion(row: Row[Any]) -> Opinion:
    return Opinion(model=row.model, finding=row.finding, verdict=row.opinion, note=row.note, who=row.who, at_s=row.at_s)
