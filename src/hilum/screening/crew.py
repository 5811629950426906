"""Workers that read pieces of shards, wherever they are: a piece goes out; its rows come back, or its worker died."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hilum.errors import HilumError
from hilum.screening.part_row import Row
from hilum.screening.shard_reader import ShardReader


@dataclass(frozen=True, slots=True)
class Piece:
    """The films `start` to `stop` of a shard; mostly all of it."""

    shard: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Finished:
    """A piece that was read, with a row a film."""

    piece: Piece
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Died:
    """A piece whose worker did not come back from it."""

    piece: Piece


Outcome = Finished | Died


class Crew(Protocol):
    """So many workers; one that dies is replaced."""

    @property
    def free(self) -> int:
        """How many workers have nothing to do."""

    def give(self, piece: Piece, lines: Sequence[bytes]) -> None:
        """Give a piece, with the plan's lines of its films, to a free worker."""

    def wait(self) -> list[Outcome]:
        """Wait until at least one piece came back or a moment has passed; what came back.

        Raises the error of `hilum.errors` with which a worker refused to go on, and `EngineError` where workers die
        before they read anything.
        """

    def close(self) -> None:
        """End all workers; what they were at is lost."""


Answer = tuple[str, list[Row] | HilumError | str]
"""What a worker says: `rows` with them, `refused` with the error that stops the run, or `broke` with what broke."""


def answer(reader: ShardReader, lines: Sequence[bytes]) -> Answer:
    """What a worker says of a piece. A defect, or too little memory, counts as its death: the film is then searched."""
    try:
        return "rows", reader.read(lines)
    except HilumError as error:
        return "refused", error
    except Exception as error:  # noqa: BLE001 - a defect on one film must not end a screening; the film is found
        return "broke", f"{type(error).__name__}: {error}"
