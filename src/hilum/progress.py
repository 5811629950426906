"""Whom a long job tells how far it is: a command draws bars and prints lines, a notebook may do something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Counter(Protocol):
    """Counts one kind of thing while the job works on it."""

    def found(self, total: int, /) -> None:
        """So many there are in all."""

    def done(self) -> None:
        """One more of them is done."""


class Progress(Protocol):
    """What a job tells while it runs; nothing of it decides a result."""

    def say(self, line: str, /) -> None:
        """One line that whoever waits should read."""

    def count(self, doing: str, /) -> AbstractContextManager[Counter]:
        """Count what is being done, such as "preparing images", until the block ends."""


class _Silent:
    """Tells nobody."""

    def say(self, line: str, /) -> None:
        """Nobody reads it."""

    @contextmanager
    def count(self, _doing: str, /) -> Iterator[Counter]:
        """Nobody looks."""
        yield self

    def found(self, total: int, /) -> None:
        """Nobody counts."""

    def done(self) -> None:
        """Nobody counts."""


SILENT: Progress = _Silent()
"""For whoever wants to hear nothing."""
