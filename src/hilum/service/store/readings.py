"""Readings as people ask for them: one, a page of the worklist, deleted, or grown too old to keep."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from hilum.errors import OutputError
from hilum.service.store.database import Database
from hilum.service.store.files import StoredFiles
from hilum.service.store.job import WAITING, Job, Rank, State, job_of
from hilum.service.store.queue import drop_unneeded_bytes
from hilum.service.store.tables import JOBS, OPINIONS, OUTBOX

Order = Literal["urgent", "newest"]

HOUR_S = 3600.0
_STRAY_AFTER_S = HOUR_S
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which jobs of the worklist: by state, by group, by a finding that was flagged; None wants all of them.

    `after` is the number of the last job that was shown, of the page before this one.
    """

    state: State | None = None
    rank: Rank | None = None
    finding: str | None = None
    order: Order = "urgent"
    limit: int = 50
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the worklist; `after` asks for the next one, None where this is the last. `total` counts all pages."""

    jobs: tuple[Job, ...]
    total: int
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The jobs by id and in pages. `keep_s` is how long bytes and drawings stay once a job ended, in seconds."""

    database: Database
    files: StoredFiles
    keep_bytes: bool
    keep_s: float
    clock: Callable[[], float]

    def get(self, job_id: str) -> Job | None:
        """The job of an id, or None."""
        with self.database.read() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one_or_none()
        return None if row is None else job_of(row)

    def page(self, wanted: Wanted) -> Page:
        """The jobs that are wanted: the most urgent first and among equals the newest, or the newest first."""
        chosen = _chosen(wanted)
        order = (JOBS.c.number.desc(),) if wanted.order == "newest" else (JOBS.c.urgency.desc(), JOBS.c.number.desc())
        with self.database.read() as connection:
            total = connection.execute(select(func.count()).select_from(JOBS).where(*chosen)).scalar_one()
            asked = select(JOBS).where(*chosen, *self._behind(wanted)).order_by(*order).limit(wanted.limit + 1)
            rows = connection.execute(asked).all()
        shown = tuple(job_of(row) for row in rows[: wanted.limit])
        return Page(jobs=shown, total=total, after=shown[-1].number if len(rows) > wanted.limit else None)

    def _behind(self, wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
        """What stands behind the last job of the page before, by its urgency of now."""
        if wanted.after is None:
            return ()
        if wanted.order == "newest":
            return (JOBS.c.number < wanted.after,)
        last = select(JOBS.c.urgency).where(JOBS.c.number == wanted.after).scalar_subquery()
        lower = JOBS.c.urgency < func.coalesce(last, 0.0)
        return (or_(lower, and_(JOBS.c.urgency == last, JOBS.c.number < wanted.after)),)

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state."""
        with self.database.read() as connection:
            counted = connection.execute(select(JOBS.c.state, func.count()).group_by(JOBS.c.state)).all()
        return {**dict.fromkeys(get_args(State), 0), **{row[0]: row[1] for row in counted}}

    def delete(self, job_id: str) -> bool:
        """Remove a job with everything that is kept of it, whatever state it is in; False where there is none.

        What of it was not sent yet is not sent any more. Its files go once the row is gone for good; what is left of
        them where a process is killed in between goes with the next sweep.
        """
        with self.database.write(alone=True) as connection:
            row = connection.execute(delete(JOBS).where(JOBS.c.id == job_id).returning(JOBS.c.sha256)).one_or_none()
            if row is None:
                return False
            for table in (OPINIONS, OUTBOX):
                connection.execute(delete(table).where(table.c.job_id == job_id))
        self.files.drop_drawn(job_id)
        with suppress(OutputError), self.database.write(alone=True) as connection:
            still = select(JOBS.c.number).where(JOBS.c.sha256 == row.sha256).limit(1)
            if connection.execute(still).first() is None:
                self.files.drop_bytes(row.sha256)
        return True

    def sweep(self) -> None:
        """Remove bytes and drawings that are older than they may be, and what a killed process left lying.

        Goes by the files that are there, some at a time: the table may be long, and others wait to write meanwhile.
        """
        waits = JOBS.c.state.in_(WAITING)
        kept = or_(waits, JOBS.c.finished_s > self.clock() - self.keep_s)
        for jobs in _some_of(self.files.drawn_jobs()):
            with self.database.write(alone=True) as connection:
                found = connection.execute(select(JOBS.c.id).where(JOBS.c.id.in_(jobs), kept)).scalars()
                for job_id in jobs - set(found):
                    self.files.drop_drawn(job_id)
        for hashes in _some_of(self.files.hashes()):
            with self.database.write(alone=True) as connection:
                wanted = and_(JOBS.c.sha256.in_(hashes), kept if self.keep_bytes else waits)
                found = connection.execute(select(JOBS.c.sha256).where(wanted)).scalars()
                for sha256 in hashes - set(found):
                    drop_unneeded_bytes(connection, files=self.files, sha256=sha256)
        self.files.drop_strays(older_than_s=_STRAY_AFTER_S)


def _some_of(names: frozenset[str]) -> Iterator[set[str]]:
    every = iter(names)
    while some := set(itertools.islice(every, _AT_ONCE)):
        yield some


def _chosen(wanted: Wanted) -> list[ColumnElement[bool]]:
    chosen = []
    if wanted.state is not None:
        chosen.append(JOBS.c.state == wanted.state)
    if wanted.rank is not None:
        chosen.append(JOBS.c.rank == wanted.rank)
    if wanted.finding is not None:
        chosen.append(JOBS.c.flagged.contains(f"|{wanted.finding}|", autoescape=True))
    return chosen
