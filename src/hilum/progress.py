"""Whom a long job tells how far it is: a command draws bars and prints lines, a notebook may do something else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

LINES = "hilum.terminal"
"""The logger of the standard library through which a command says its lines; without a command nobody listens to it."""
FIRST_SECONDS = 10.0
"""Where progress is told in lines, the first comes after so long."""
SHARE = 0.05
"""Later lines come after this share of the time that has passed, so that a day's log stays short."""


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


class ProgressLines:
    """Says now and then how many of how many are done: `preparing images: 1,200 of 3,000, about 2 min left`.

    For where no bar can be drawn: a log, a pipe, the output of a batch system.
    """

    def __init__(
        self,
        doing: str,
        *,
        say: Callable[[str], None],
        total: int | None = None,
        done: int = 0,
        clock: Callable[[], float] = time.monotonic,
        first_seconds: float | None = None,
    ) -> None:
        self._doing, self._say, self._total, self._done, self._clock = doing, say, total, done, clock
        self._first = FIRST_SECONDS if first_seconds is None else first_seconds
        self._began = self._said = clock()
        self._before = done

    def found(self, total: int) -> None:
        """So many there are in all."""
        self._total = total

    def done(self, *, count: int = 1) -> None:
        """So many more are done; says so where it is time to."""
        self._done += count
        now = self._clock()
        if now - self._said >= max(self._first, SHARE * (now - self._began)):
            self._said = now
            self._say(self._line(now))

    def _line(self, now: float) -> str:
        of = "" if self._total is None else f" of {self._total:,}"
        here = self._done - self._before
        if self._total is None or not here:
            return f"{self._doing}: {self._done:,}{of}"
        left = (now - self._began) / here * max(self._total - self._done, 0)
        return f"{self._doing}: {self._done:,}{of}, about {duration(left)} left"


def duration(seconds: float) -> str:
    """A time in one unit, as one says it: `40 s`, `3 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
