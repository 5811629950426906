"""What a difference shows against a margin that was stated beforehand: no worse, alike, or worse by more than it."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.errors import UsageError
from hilum.statistics.estimate import Interval


@dataclass(frozen=True, slots=True)
class MarginVerdict:
    """A difference, first model minus second, against `margin`, a loss in (0, 1) that is still tolerated.

    `not_worse` (non-inferiority): the whole 95% interval lies above -margin, a one-sided test at 2.5%. `alike`
    (equivalence): it lies within -margin and margin, two such tests. `worse`: it lies below -margin. All are None
    where there is no interval: nothing was shown, and nothing was refuted. `hidden_loss` is the largest loss that the
    interval leaves open, 0 where it leaves none.
    """

    margin: float
    not_worse: bool | None
    alike: bool | None
    worse: bool | None
    hidden_loss: float | None


def checked_margin(margin: float) -> float:
    """`margin` itself; raises `UsageError` outside (0, 1)."""
    if not 0.0 < margin < 1.0:
        raise UsageError(f"A margin is a loss between 0 and 1, such as 0.02; given: {margin:g}")
    return margin


def against_margin(interval: Interval | None, *, margin: float) -> MarginVerdict:
    """Hold the 95% `interval` of a difference against `margin`."""
    checked_margin(margin)
    if interval is None:
        return MarginVerdict(margin, None, None, None, None)
    low, high = interval
    return MarginVerdict(
        margin=margin,
        not_worse=low > -margin,
        alike=low > -margin and high < margin,
        worse=high < -margin,
        hidden_loss=max(0.0, -low),
    )


def margin_words(verdict: MarginVerdict, *, first: str, second: str) -> str:
    """The verdict as a sentence that says no more than the interval does."""
    claim = f"{first} is not worse than {second} by more than {verdict.margin:g}"
    if verdict.not_worse is None:
        return f"{claim}: not shown, there is no interval to judge it by"
    if verdict.worse:
        return f"{claim}: refuted, a loss of more than {verdict.margin:g} is shown"
    if not verdict.not_worse:
        return f"{claim}: not shown, these data could hide a loss of {_shown(verdict.hidden_loss)}"
    alike = f"within {verdict.margin:g} of each other: {'shown' if verdict.alike else 'not shown'}"
    return f"{claim}: shown; {alike}"


def _shown(loss: float | None) -> str:
    return f"{loss or 0.0:.3f}"
