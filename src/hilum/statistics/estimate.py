"""A value with its 95% interval: what made the interval, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from hilum.errors import DataError

Interval = tuple[float, float]
"""The low and the high bound."""

LEVEL = 0.95

IntervalMethod = Literal[
    "percentile by patient",
    "BCa by patient",
    "clustered logit (Obuchowski)",
    "DeLong",
    "clustered score",
    "jackknife logit by patient",
    "MOVER",
    "Wilson",
    "clustered Wilson",
    "clustered Bonett-Price",
    "clustered sandwich",
]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its 95% interval, and what is to be known about the interval.

    `interval` is None where none can be trusted; `note` then says why, and `method` is None. A note beside an interval
    is a mark: what a reader must know of it. `undefined` of `replicates` drawn had no value and are left out of the
    interval; both are 0 where nothing was drawn. `n` counts the images and `groups` the patients behind the value,
    where that is known.
    """

    value: float
    interval: Interval | None
    undefined: int = 0
    method: IntervalMethod | None = None
    note: str | None = None
    replicates: int = 0
    n: int | None = None
    groups: int | None = None

    @property
    def bounds(self) -> Interval:
        """The interval, where a method always gives one; raises `DataError` where there is none."""
        if self.interval is None:
            raise DataError(f"There is no interval: {self.note}")
        return self.interval

    def through(self, rule: Callable[[float], float]) -> Estimate:
        """What a rising or a falling `rule` makes of the value, and of the interval by its bounds."""
        bounds = None if self.interval is None else sorted(map(rule, self.interval))
        return replace(self, value=rule(self.value), interval=None if bounds is None else (bounds[0], bounds[1]))


@dataclass(frozen=True, slots=True)
class Contrast:
    """A first value minus a second one, with the two-sided `p` of no difference; None where nothing can be tested."""

    estimate: Estimate
    p: float | None
