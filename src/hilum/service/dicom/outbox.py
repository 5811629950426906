"""What is to be delivered: one row for each object and destination, kept until the archive says that it has it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from hilum.objects.make import DicomObject
from hilum.service.dicom.peers import AnyDestination
from hilum.service.readers.reading_objects import kept_of
from hilum.service.store.database import Database
from hilum.service.store.kept_objects import KeptObject
from hilum.service.store.tables import OUTBOX

_LOG = logging.getLogger("hilum.service")

RowState = Literal["waiting", "promised", "delivered", "dead"]
"""`promised`: the archive took it, and was asked to say that it keeps it. `dead`: nobody took it in time."""

OPEN: tuple[RowState, ...] = ("waiting", "promised")
"""The states of what is still to be delivered."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
PROMISE_S = 120.0
"""How long an archive may take at first to say that it keeps what it took; then it is sent again."""

DAY_S = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A row that is due: an object and where it goes."""

    number: int
    destination: str
    sop_class: str
    sop_instance: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows of a destination are in a state, and what was said last of one of them."""

    destination: str
    state: RowState
    rows: int
    said: str


def put(
    connection: Connection, *, job_id: str, objects: Iterable[DicomObject], to: Sequence[AnyDestination], now: float
) -> None:
    """Add a row for each object and destination, within a transaction; what was given up waits anew.

    Any other row that is there already stays, so that nothing is delivered twice. `now` is in seconds since 1970.
    """
    made = {kept_of(one): one.data for one in objects}
    put_kept(connection, job_id=job_id, objects=made, data_of=made.get, to=to, now=now)


def put_kept(
    connection: Connection,
    *,
    job_id: str,
    objects: Iterable[KeptObject],
    data_of: Callable[[KeptObject], bytes | None],
    to: Sequence[AnyDestination],
    now: float,
) -> None:
    """As `put`, of objects whose files are asked for where a row needs them; one of which there is none is left out."""
    for one in objects:
        for destination in to:
            if one.kind not in destination.kinds:
                continue
            where = (OUTBOX.c.sop_instance == one.sop_instance) & (OUTBOX.c.destination == destination.name)
            state = connection.execute(select(OUTBOX.c.state).where(where)).scalar_one_or_none()
            data = data_of(one) if state in (None, "dead") else None
            if data is None:
                continue
            row = {
                "job_id": job_id,
                "kind": one.kind,
                "destination": destination.name,
                "sop_class": one.sop_class,
                "sop_instance": one.sop_instance,
                "data": data,
                "state": "waiting",
                "attempts": 0,
                "due_s": now,
                "created_s": now,
                "ended_s": None,
                "said": "",
            }
            connection.execute(insert(OUTBOX) if state is None else update(OUTBOX).where(where), row)


_AT_ONCE = 60
"""Parcels that are fetched in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The table. `clock` gives seconds since 1970; after `give_up_s` of failures a row is dead."""

    database: Database
    clock: Callable[[], float]
    give_up_s: float = 7 * DAY_S

    def due(self, destination: str) -> tuple[Parcel, ...]:
        """The oldest of what is to be sent there now; a promise that was not kept in time is due again."""
        wanted = (OUTBOX.c.destination == destination) & OUTBOX.c.state.in_(OPEN) & (OUTBOX.c.due_s <= self.clock())
        columns = (OUTBOX.c.number, OUTBOX.c.destination, OUTBOX.c.sop_class, OUTBOX.c.sop_instance, OUTBOX.c.data)
        with self.database.read() as connection:
            rows = connection.execute(select(*columns).where(wanted).order_by(OUTBOX.c.number).limit(_AT_ONCE)).all()
        return tuple(Parcel(**row._mapping) for row in rows)

    def delivered(self, numbers: Iterable[int], *, said: str) -> None:
        """The archive has these."""
        values = {"state": "delivered", "said": said, "data": None, "ended_s": self.clock()}
        these = update(OUTBOX).where(OUTBOX.c.number.in_(list(numbers))).values(**values)
        with self.database.write() as connection:
            rows = connection.execute(these.returning(OUTBOX.c.job_id, OUTBOX.c.kind, OUTBOX.c.destination)).all()
        for job_id, kind, destination in rows:
            _LOG.debug("reading %s: %s delivered to %s", job_id, kind, destination)

    def promised(self, numbers: Iterable[int], *, transaction: str) -> None:
        """The archive took these, and was asked in this transaction to say that it keeps them.

        The longer it has not said so, the longer it may take before they are sent again, up to an hour; after too long
        they are dead, unless it does say so.
        """
        now = self.clock()
        with self.database.write() as connection:
            for number in numbers:
                created_s = connection.execute(select(OUTBOX.c.created_s).where(_is_open(number))).scalar_one_or_none()
                if created_s is None:  # delivered, or its reading was deleted
                    continue
                pause_s = min(max(PROMISE_S, (now - created_s) / 4.0), LONGEST_PAUSE_S)
                over = now - created_s > self.give_up_s
                values = {
                    "state": "dead" if over else "promised",
                    "transaction": transaction,
                    "due_s": now + pause_s,
                    "said": "taken; asked whether it is kept",
                    "ended_s": now if over else None,
                }
                connection.execute(update(OUTBOX).where(_is_open(number)).values(**values))

    def kept(self, transaction: str, *, by: str, instances: Sequence[str], failed: Mapping[str, int]) -> None:
        """What the archive `by`, an AE title, reports of a transaction: the instances that it keeps, and does not.

        A report may come so late that its object was sent again meanwhile, in another transaction: it counts too, by
        its instance, where the archive is the only one of its title that the object goes to.
        """
        ours = OUTBOX.c.transaction == transaction
        late = OUTBOX.c.destination.startswith(f"{by}@", autoescape=True)
        with self.database.read() as connection:
            rows = connection.execute(select(OUTBOX.c.number, OUTBOX.c.sop_instance).where(ours)).all()
            numbers = {row.sop_instance: row.number for row in rows}
            unknown = {*instances, *failed} - set(numbers)
            asked = select(func.min(OUTBOX.c.number), OUTBOX.c.sop_instance).where(
                late, OUTBOX.c.sop_instance.in_(unknown), OUTBOX.c.transaction.is_not(None)
            )
            alone = asked.group_by(OUTBOX.c.sop_instance).having(func.count() == 1)
            numbers |= {uid: number for number, uid in connection.execute(alone)}
        self.delivered([numbers[uid] for uid in instances if uid in numbers], said="kept, as the archive reports")
        for uid, reason in failed.items():
            if uid in numbers:
                self.failed([numbers[uid]], said=f"the archive reports that it does not keep it (0x{reason:04X})")

    def failed(self, numbers: Iterable[int], *, said: str) -> None:
        """Sending these failed: they are due after a pause that doubles up to an hour, or dead after too long."""
        now = self.clock()
        with self.database.write() as connection:
            for number in numbers:
                asked = select(OUTBOX.c.attempts, OUTBOX.c.created_s).where(_is_open(number))
                row = connection.execute(asked).one_or_none()
                if row is None:  # the archive reported meanwhile that it keeps it, or its reading was deleted
                    continue
                pause_s = min(FIRST_PAUSE_S * 2.0 ** min(row.attempts, 20), LONGEST_PAUSE_S)
                over = now - row.created_s > self.give_up_s
                values = {
                    "state": "dead" if over else "waiting",
                    "attempts": row.attempts + 1,
                    "due_s": now + pause_s * random.uniform(0.8, 1.2),  # so that not all come at once
                    "said": said[:500],
                    "ended_s": now if over else None,
                }
                connection.execute(update(OUTBOX).where(_is_open(number)).values(**values))

    def counts(self) -> tuple[Count, ...]:
        """How many rows are in which state, by destination."""
        columns = (OUTBOX.c.destination, OUTBOX.c.state, func.count(), func.max(OUTBOX.c.said))
        grouped = select(*columns).group_by(OUTBOX.c.destination, OUTBOX.c.state)
        with self.database.read() as connection:
            rows = connection.execute(grouped.order_by(OUTBOX.c.destination, OUTBOX.c.state)).all()
        return tuple(Count(destination=row[0], state=row[1], rows=row[2], said=row[3]) for row in rows)


def _is_open(number: int) -> ColumnElement[bool]:
    return and_(OUTBOX.c.number == number, OUTBOX.c.state.in_(OPEN))
