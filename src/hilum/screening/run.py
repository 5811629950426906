"""Reading the shards of a plan that are not read yet: each part appears whole, and once.

A piece whose worker dies is read again. A shard that kills three workers is halved, and so are its pieces at each
death, until one film stands alone; if that kills three workers as well, it is a failure like any other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hilum.errors import DataError, UsageError
from hilum.screening.crew import Crew, Died, Finished, Outcome, Piece
from hilum.screening.film import film_row
from hilum.screening.part import check_part, part_bytes
from hilum.screening.part_row import Row, row_of_killer
from hilum.screening.plan import PARTS, Plan, part_name, part_number

DEATHS = 3
"""So many workers may die on a shard before it is halved, and on one film before it is given up."""


@dataclass(frozen=True, slots=True)
class Share:
    """Every `of`-th shard, beginning with the `number`-th, from 1: what one of many runs reads of a plan."""

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise UsageError(f"{self.number}/{self.of} is no share; the shares are 1/{self.of} to {self.of}/{self.of}")

    def numbers(self, plan: Plan) -> range:
        """The shards of this share."""
        return range(self.number - 1, plan.shards, self.of)


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did: shards that were there before, shards read now, and of their films those read and failed.

    `deaths` of workers; `halved` shards were searched for the film that kills.
    """

    before: int = 0
    shards: int = 0
    read: int = 0
    failed: int = 0
    deaths: int = 0
    halved: int = 0


@dataclass(slots=True)
class _Open:
    """A shard that is out: the lines of its films, the rows that came, and how often its readers died."""

    lines: list[bytes]
    rows: dict[int, list[Row]] = field(default_factory=dict)
    deaths: dict[Piece, int] = field(default_factory=dict)
    is_halved: bool = False

    @property
    def is_whole(self) -> bool:
        return sum(map(len, self.rows.values())) == len(self.lines)

    def in_order(self) -> list[Row]:
        return [row for start in sorted(self.rows) for row in self.rows[start]]


def published(plan: Plan) -> set[int]:
    """The shards whose parts are there, of any plan."""
    found = map(part_number, plan.place.names(PARTS))
    return {number for number in found if number is not None and number < plan.shards}


def check_published(plan: Plan, numbers: Iterator[int]) -> None:
    """Raise `DataError` where one of these parts is damaged, or was written by another plan."""
    for number in numbers:
        name = f"{PARTS}/{part_name(number)}"
        with plan.place.opened(name) as file:
            rows = check_part(file, name=f"{plan.place}/{name}", plan_sha256=plan.sha256, shard=number)
        if rows != plan.shard(number).films:
            raise DataError(
                f"{plan.place}/{name} has {rows} rows, not the {plan.shard(number).films} of its shard; move it away"
            )


def run_plan(plan: Plan, *, crew: Crew, share: Share = Share(), progress: Callable[[Done], None] | None = None) -> Done:
    """Read what is not read of a share; returns what was done.

    `progress` hears of every part. Raises what stops a run: a full disk, a store that gives nothing, other models than
    the plan's, a Ray that went away. What was published stays then, and the same run goes on.
    """
    there = published(plan)
    mine = share.numbers(plan)
    check_published(plan, (number for number in mine if number in there))
    run = _Run(plan, crew=crew, todo=(number for number in mine if number not in there), progress=progress)
    run.done = Done(before=sum(number in there for number in mine))
    return run.until_done()


class _Run:
    def __init__(self, plan: Plan, *, crew: Crew, todo: Iterator[int], progress: Callable[[Done], None] | None) -> None:
        self.done = Done()
        self._plan = plan
        self._crew = crew
        self._todo = todo
        self._progress = progress
        self._again: deque[Piece] = deque()
        self._open: dict[int, _Open] = {}

    def until_done(self) -> Done:
        """Hand out pieces until no shard is left."""
        while True:
            while self._crew.free and (piece := self._next()) is not None:
                self._crew.give(piece, self._open[piece.shard].lines[piece.start : piece.stop])
            if not self._open:
                return self.done
            for outcome in self._crew.wait():
                self._take(outcome)

    def _next(self) -> Piece | None:
        if self._again:
            return self._again.popleft()
        number = next(self._todo, None)
        if number is None:
            return None
        lines = self._plan.lines(number)
        self._open[number] = _Open(lines)
        return Piece(number, 0, len(lines))

    def _take(self, outcome: Outcome) -> None:
        shard = self._open[outcome.piece.shard]
        if isinstance(outcome, Finished):
            shard.rows[outcome.piece.start] = outcome.rows
        else:
            self._mourn(outcome, shard)
        if shard.is_whole:
            self._publish(outcome.piece.shard, shard)

    def _mourn(self, died: Died, shard: _Open) -> None:
        piece = died.piece
        deaths = shard.deaths[piece] = shard.deaths.get(piece, 0) + 1
        self._count(deaths=1)
        may_die = 1 if shard.is_halved and len(piece) > 1 else DEATHS
        if deaths < may_die:
            self._again.append(piece)
        elif len(piece) > 1:
            middle = (piece.start + piece.stop) // 2
            self._again += (Piece(piece.shard, piece.start, middle), Piece(piece.shard, middle, piece.stop))
            self._count(halved=int(not shard.is_halved))
            shard.is_halved = True
        else:
            name = film_row(shard.lines[piece.start]).name
            settings = self._plan.reader.settings_sha256
            shard.rows[piece.start] = [row_of_killer(name, deaths=deaths, settings_sha256=settings)]

    def _publish(self, number: int, shard: _Open) -> None:
        rows = shard.in_order()
        data = part_bytes(rows, plan_sha256=self._plan.sha256, shard=number)
        self._plan.place.publish(f"{PARTS}/{part_name(number)}", data)
        del self._open[number]
        failed = sum(row["status"] == "failed" for row in rows)
        self._count(shards=1, read=len(rows) - failed, failed=failed)
        if self._progress is not None:
            self._progress(self.done)

    def _count(self, **more: int) -> None:
        self.done = Done(**{name: getattr(self.done, name) + more.get(name, 0) for name in Done.__slots__})
