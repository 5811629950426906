"""The figures of the gate's study: each with its n and 95% interval, in tables that JSON and the page show alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.evaluation.gate_predictions import Text
from hilum.statistics.bootstrap import Weights, bootstrap_interval
from hilum.statistics.outcomes import FloatArray
from hilum.statistics.proportion import wilson

Bools = npt.NDArray[np.bool_]

SEED = 20
REPLICATES = 2000


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
    """The share of true rows: Wilson's interval where each group has one row, else the bootstrap over groups."""
    n, independent = len(right), len(set(groups.tolist()))
    if n == 0:
        return Figure(label=label, value=None, low=None, high=None, n=0, groups=0, note=note or "nothing was judged")
    successes = int(np.count_nonzero(right))
    if independent == n or successes in (0, n):
        # all alike: a bootstrap has no width there; Wilson's over groups does
        interval = wilson(successes if independent == n else (independent if successes else 0), n=independent)
        low, high = interval.low, interval.high
    else:
        low, high = _bootstrap(right.astype(np.float64), np.ones(n, np.bool_), groups)
    return Figure(label=label, value=successes / n, low=low, high=high, n=n, groups=independent, note=note)


def balanced(label: str, right: Bools, *, truth: Bools, groups: Text, note: str = "") -> Figure:
    """The mean of the shares of right rows where `truth` is true and where it is false, bootstrapped over groups."""
    n = len(right)
    if n == 0 or truth.all() or not truth.any():
        reason = note or "one kind only: no balanced accuracy"
        return Figure(label=label, value=None, low=None, high=None, n=n, groups=len(set(groups.tolist())), note=reason)
    value = (right[truth].mean() + right[~truth].mean()) / 2
    low, high = _bootstrap(right.astype(np.float64), truth, groups, balance=True)
    groups_n = len(set(groups.tolist()))
    return Figure(label=label, value=float(value), low=low, high=high, n=n, groups=groups_n, note=note)


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


def _bootstrap(right: FloatArray, truth: Bools, groups: Text, *, balance: bool = False) -> tuple[float, float]:
    def statistic(weights: Weights) -> FloatArray:
        def mean(rows: Bools) -> FloatArray:
            drawn = weights[:, rows]
            total = drawn.sum(axis=1)
            return np.where(total > 0, drawn @ right[rows] / np.maximum(total, 1), np.nan)

        return (mean(truth) + mean(~truth)) / 2 if balance else mean(truth)

    rng = np.random.default_rng(SEED)
    interval = bootstrap_interval(statistic, patients=groups, rng=rng, replicates=REPLICATES)
    return interval.low, interval.high
