"""The figures of the gate's study: each with its n and 95% interval, in tables that JSON and the page show alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Estimate
from hilum.statistics.mover import mean_interval
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.study.predictions import Text

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number: `value` in [0, 1] with its interval over `n` rows of `groups` independent groups.

    `value` and the interval are None where nothing was judged; `note` says what a reader must know.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    groups: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures of one question; `protocol` says in words what was judged by which networks."""

    key: str
    title: str
    protocol: str
    figures: tuple[Figure, ...]

    def figure(self, label: str) -> Figure:
        """The figure with this label; raises `KeyError` where there is none."""
        return {figure.label: figure for figure in self.figures}[label]


def share(label: str, right: Bools, *, groups: Text, note: str = "") -> Figure:
    """The share of true rows, with Wilson's interval at the effective number of rows where groups have several."""
    found = _share(right, groups)
    if isinstance(found, UndefinedMetric):
        return Figure(label=label, value=None, low=None, high=None, n=0, groups=0, note=note or "nothing was judged")
    low, high = found.interval or (None, None)
    noted = note or found.note or ""
    return Figure(label=label, value=found.value, low=low, high=high, n=len(right), groups=_count(groups), note=noted)


def balanced(label: str, right: Bools, *, truth: Bools, groups: Text, note: str = "") -> Figure:
    """The mean of the shares of right rows where `truth` is true and where it is false, from the two intervals."""
    n = len(right)
    one, other = _share(right[truth], groups[truth]), _share(right[~truth], groups[~truth])
    if isinstance(one, UndefinedMetric) or isinstance(other, UndefinedMetric):
        reason = note or "one kind only: no balanced accuracy"
        return Figure(label=label, value=None, low=None, high=None, n=n, groups=_count(groups), note=reason)
    low, high = mean_interval(one, other) or (None, None)
    value, noted = (one.value + other.value) / 2, note or one.note or other.note or ""
    return Figure(label=label, value=value, low=low, high=high, n=n, groups=_count(groups), note=noted)


def mean_of(label: str, figures: tuple[Figure, ...], *, note: str = "") -> Figure:
    """The plain mean of several shares; its interval adds their variances as if they were independent."""
    values = [figure.value for figure in figures if figure.value is not None]
    if not values:
        return Figure(label=label, value=None, low=None, high=None, n=0, groups=0, note=note)
    mean = float(np.mean(values))
    up = float(np.sqrt(sum(((f.high or 0.0) - (f.value or 0.0)) ** 2 for f in figures))) / len(values)
    down = float(np.sqrt(sum(((f.value or 0.0) - (f.low or 0.0)) ** 2 for f in figures))) / len(values)
    return Figure(
        label=label,
        value=mean,
        low=max(0.0, mean - down),
        high=min(1.0, mean + up),
        n=sum(figure.n for figure in figures),
        groups=sum(figure.groups for figure in figures),
        note=note,
    )


def _share(right: Bools, groups: Text) -> Estimate | UndefinedMetric:
    _, group = np.unique(groups, return_inverse=True)
    return clustered_share(np.bincount(group, weights=right), trials=np.bincount(group))


def _count(groups: Text) -> int:
    return len(set(groups.tolist()))
