"""The queue: files are accepted, claimed by reader processes, and end done or failed; none is lost, none ends twice."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from hilum.errors import BusyError, OutputError
from hilum.report.urgency import could_not_be_read
from hilum.report.wording import printable
from hilum.service.store.database import Database
from hilum.service.store.files import StoredFiles
from hilum.service.store.job import (
    WAITING,
    Job,
    Lease,
    Outcome,
    Place,
    Upload,
    job_key,
    job_of,
    stated_to_row,
)
from hilum.service.store.tables import JOBS

LEASE_S = 30.0
"""How long a reader has a job before another may take it, unless it says that it still reads."""

MOST_DEATHS, MOST_ATTEMPTS = 2, 6
"""After how many readers that broke down on it, and how many that ended however, a file is failed."""

DIED = "the reader process died twice on this file"
BROKEN_OFF = "reading it was broken off six times; send it again when the computer is well"

_AGAIN: tuple[str, ...] = ("died", "lost")
"""Kinds of failures that say nothing of the file: sent again, it is read again."""

_WAITS = Place(rank="waiting", value=0.0, why="it is read as soon as a reader is free")

_ANEW = {
    "state": "queued", "attempt": 0, "deaths": 0, "finished_s": None, "failure_kind": None, "failure": None,
    "reading": None,
}  # fmt: skip

Within = Callable[[Connection, Job], None]
"""What else is written in the transaction that ends a job: it gets the open connection and the job as it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The job of bytes that were handed in; `is_new` is False where they were there already."""

    job: Job
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Jobs by the order in which they came.

    `capacity` is how many may wait or be read at once. `keep_bytes`: whether the bytes of a file stay when it was read.
    `clock` gives seconds since 1970.
    """

    database: Database
    files: StoredFiles
    capacity: int
    keep_bytes: bool
    clock: Callable[[], float]

    def accept(self, data: bytes, *, upload: Upload, settings_sha256: str, within: Within | None = None) -> Accepted:
        """Take a file in: when this returns, its bytes and its row are on disk.

        The same bytes, stated the same, for a reader of the same `settings_sha256`, give the job that they have, in
        whatever state it is; one that failed with no fault of the file's waits anew, and so does one that was read and
        of which nothing drawn is kept any more. Raises `BusyError` where `capacity` jobs wait, and `OutputError` where
        disk or database cannot be written; then nothing was accepted. `within` writes in the same transaction,
        whichever job it is.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        key = job_key(sha256, settings_sha256=settings_sha256, stated=upload.stated)
        known = self._known(key)
        if known is not None:
            if within is not None:
                with self.database.write() as connection:
                    within(connection, known)
            return Accepted(job=known, is_new=False)
        aside = self.files.put_aside(data)
        try:
            with self.database.write(alone=True) as connection:
                accepted = self._add(connection, aside, key=key, sha256=sha256, size=len(data), upload=upload)
                if within is not None:
                    within(connection, accepted.job)
            return accepted
        finally:
            aside.unlink(missing_ok=True)

    def _known(self, key: str) -> Job | None:
        with self.database.read() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.key == key)).one_or_none()
        return None if row is None or self._is_read_anew(row) else job_of(row)

    def _is_read_anew(self, row: Row[Any]) -> bool:
        """Whether the file of a job is read anew when it is sent again.

        Who sends one whose page is gone wants to see it. The same reading has the same objects, which the outbox holds
        once, so that nothing is delivered twice.
        """
        return row.failure_kind in _AGAIN or (row.state == "done" and not self.files.has_drawn(row.id))

    def _add(
        self, connection: Connection, aside: Path, *, key: str, sha256: str, size: int, upload: Upload
    ) -> Accepted:
        """In a transaction that runs alone, so that no other adds, counts or removes bytes meanwhile."""
        row = connection.execute(select(JOBS).where(JOBS.c.key == key)).one_or_none()
        if row is not None and not self._is_read_anew(row):
            return Accepted(job=job_of(row), is_new=False)
        if _waiting(connection) >= self.capacity:
            raise BusyError(f"{self.capacity:,} files wait to be read, and no more may; send it again in a while")
        self.files.adopt(aside, sha256=sha256)
        if row is not None:
            again = update(JOBS).where(JOBS.c.number == row.number).values(**_ANEW, **_place_columns(_WAITS))
            return Accepted(job=job_of(connection.execute(again.returning(JOBS)).one()), is_new=True)
        added = connection.execute(
            insert(JOBS).returning(JOBS),
            {
                "id": secrets.token_hex(16),
                "key": key,
                "sha256": sha256,
                "size": size,
                "name": upload.name,
                "origin": upload.origin,
                "stated": stated_to_row(upload.stated),
                "details": dict(upload.details),
                "state": "queued",
                "attempt": 0,
                "created_s": self.clock(),
                **_place_columns(_WAITS),
            },
        ).one()
        return Accepted(job=job_of(added), is_new=True)

    def waiting(self) -> int:
        """How many jobs wait or are being read."""
        with self.database.read() as connection:
            return _waiting(connection)

    def claim(self, worker: str) -> Lease | None:
        """The oldest job that nobody reads, leased to `worker` for `LEASE_S`; None where there is none.

        One whose lease ended is claimed again, unless two readers broke down on it: it would break the next one too.
        What ends a reader from outside tells nothing of the file, and is borne a few times more.
        """
        now = self.clock()
        with self.database.read() as connection:
            if connection.execute(select(JOBS.c.number).where(_claimable(now)).limit(1)).first() is None:
                return None
        with self.database.write(lasting=False) as connection:  # a lease lasts no longer than its reader
            self._fail_dead(connection, now=now)
            oldest = (
                select(JOBS.c.number)
                .where(_claimable(now))
                .order_by(JOBS.c.number)
                .limit(1)
                .with_for_update(skip_locked=True)
                .scalar_subquery()
            )
            row = connection.execute(
                update(JOBS)
                .where(JOBS.c.number == oldest)
                .values(state="leased", worker=worker, lease_until_s=now + LEASE_S, attempt=JOBS.c.attempt + 1)
                .returning(JOBS)
            ).one_or_none()
        return None if row is None else Lease(job=job_of(row), worker=worker, attempt=row.attempt)

    def renew(self, lease: Lease) -> bool:
        """Say that the job is still being read; False where another has it by now, or it was deleted."""
        with self.database.write(lasting=False) as connection:
            until_s = self.clock() + LEASE_S
            done = connection.execute(update(JOBS).where(_held(lease)).values(lease_until_s=until_s))
            return done.rowcount == 1

    def finish(self, lease: Lease, outcome: Outcome, *, within: Within | None = None) -> bool:
        """End a job with its reading; False where another has it by now, or it was deleted: then nothing is kept.

        What was drawn is on disk before the row says so. `within` writes in the same transaction.
        """
        self.files.draw(lease.job.id, outcome.drawn)
        done = self._end(lease, {"state": "done", "reading": dict(outcome.reading)}, place=outcome.place, within=within)
        if not done:
            self._drop_drawn_of_deleted(lease.job.id)
        return done

    def fail(self, lease: Lease, *, kind: str, message: str, reading: dict[str, Any] | None = None) -> bool:
        """End a job that cannot be read, with the reason; False where another has it by now, or it was deleted."""
        said = printable(message)  # no database keeps every character that a tag may hold
        values = {"state": "failed", "failure_kind": kind, "failure": said, "reading": reading}
        return self._end(lease, values, place=_not_read(said))

    def release(self, worker: str, *, broke_down: bool) -> None:
        """Let others have at once what `worker` held: it is known to be dead.

        `broke_down`: it ended by itself, so that the file may be why.
        """
        with self.database.write() as connection:
            held = and_(JOBS.c.state == "leased", JOBS.c.worker == worker)
            ended = {"lease_until_s": 0.0, "deaths": JOBS.c.deaths + int(broke_down)}
            connection.execute(update(JOBS).where(held).values(**ended))
            self._fail_dead(connection, now=self.clock())

    def give_back(self, lease: Lease) -> bool:
        """Let the job wait anew as if nobody had begun it, for where it could be read and its reading not be kept.

        False where another has it by now, or it was deleted.
        """
        anew = {"state": "queued", "worker": None, "lease_until_s": None, "attempt": JOBS.c.attempt - 1}
        with self.database.write(lasting=False) as connection:
            return connection.execute(update(JOBS).where(_held(lease)).values(**anew)).rowcount == 1

    def _end(self, lease: Lease, values: dict[str, Any], *, place: Place, within: Within | None = None) -> bool:
        ended = {**values, **_place_columns(place), "finished_s": self.clock(), "worker": None}
        with self.database.write(alone=True) as connection:
            row = connection.execute(update(JOBS).where(_held(lease)).values(**ended).returning(JOBS)).one_or_none()
            if row is None:
                return False
            if within is not None:
                within(connection, job_of(row))
        if not self.keep_bytes:  # only now: before the commit the job could still come back, and need its bytes
            with suppress(OutputError), self.database.write(alone=True) as connection:  # if not, the sweep takes them
                drop_unneeded_bytes(connection, files=self.files, sha256=lease.job.sha256)
        return True

    def _drop_drawn_of_deleted(self, job_id: str) -> None:
        with self.database.write(alone=True) as connection:
            if connection.execute(select(JOBS.c.number).where(JOBS.c.id == job_id)).first() is None:
                self.files.drop_drawn(job_id)

    def _fail_dead(self, connection: Connection, *, now: float) -> None:
        """Fail what had its attempts and no reader that lives; its bytes go with the next sweep."""
        for had_its_due, why in ((JOBS.c.deaths >= MOST_DEATHS, DIED), (JOBS.c.attempt >= MOST_ATTEMPTS, BROKEN_OFF)):
            ended = {"state": "failed", "failure_kind": "died", "failure": why, "finished_s": now, "worker": None}
            dead = update(JOBS).where(_claimable(now), had_its_due)
            connection.execute(dead.values(**ended, **_place_columns(_not_read(why))))


def drop_unneeded_bytes(connection: Connection, *, files: StoredFiles, sha256: str) -> None:
    """Remove bytes that no waiting job needs.

    Call it in a transaction that runs alone and changes nothing: what is removed stays so where that is not committed.
    """
    needed = select(JOBS.c.number).where(JOBS.c.sha256 == sha256, JOBS.c.state.in_(WAITING)).limit(1)
    if connection.execute(needed).first() is None:
        files.drop_bytes(sha256)


def _waiting(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(JOBS).where(JOBS.c.state.in_(WAITING))).scalar_one()


def _claimable(now: float) -> ColumnElement[bool]:
    lapsed = and_(JOBS.c.state == "leased", JOBS.c.lease_until_s < now)
    return or_(JOBS.c.state == "queued", lapsed)


def _held(lease: Lease) -> ColumnElement[bool]:
    return and_(
        JOBS.c.number == lease.job.number,
        JOBS.c.state == "leased",
        JOBS.c.worker == lease.worker,
        JOBS.c.attempt == lease.attempt,
    )


def _not_read(why: str) -> Place:
    return Place.of(could_not_be_read(why))


def _place_columns(place: Place) -> dict[str, Any]:
    return {
        "rank": place.rank,
        "urgency": place.value,
        "why": printable(place.why),
        "flagged": "".join(f"|{name}" for name in place.flagged) + ("|" if place.flagged else ""),
    }
