"""The shares of the gate's study, each with its interval and its counts, by what they are of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.report.table import ReportTable
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.mover import mean_interval
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.study.predictions import Text

Bools = npt.NDArray[np.bool_]
T = TypeVar("T")

Share = Estimate | UndefinedMetric
"""A value in [0, 1] over `n` rows of `groups` independent groups, or why there is none."""

NOTHING = UndefinedMetric("nothing was judged", 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareTable:
    """Shares of one question; `protocol` says in words what was judged by which networks."""

    key: str
    title: str
    protocol: str
    shares: Mapping[str, Share]

    def as_report(self) -> ReportTable:
        """The table as the page shows it."""
        rows = tuple(
            (name, one.reason, one.n, 0) if isinstance(one, UndefinedMetric) else (name, one, one.n, one.groups)
            for name, one in self.shares.items()
        )
        columns = ("what", "value", "n", "groups")
        return ReportTable(key=self.key, title=self.title, columns=columns, rows=rows, note=self.protocol, decimals=4)

    def as_json(self) -> dict[str, Any]:
        """The table as `study.json` keeps it; a share without a value is null, and its note says why."""
        figures = [{"label": label, **_json(one)} for label, one in self.shares.items()]
        return {"key": self.key, "title": self.title, "protocol": self.protocol, "figures": figures}


def or_undefined(fit: Callable[[], T]) -> T | UndefinedMetric:
    """What `fit` gives, or why these predictions allow no fit, which its `DataError` says."""
    try:
        return fit()
    except DataError as error:
        return UndefinedMetric(str(error), 0, 0)


def told(label: str, shares: Callable[[], Mapping[str, Share]]) -> Mapping[str, Share]:
    """The shares; where they allow no fit, the one called `label` says why."""
    made = or_undefined(shares)
    return {label: made} if isinstance(made, UndefinedMetric) else made


def share(right: Bools, *, groups: Text) -> Share:
    """The share of true rows, with Wilson's interval at the effective number of rows where groups have several."""
    return share_of_rows(right, groups=groups) if right.size else NOTHING


def balanced(right: Bools, *, truth: Bools, groups: Text) -> Share:
    """The mean of the shares of right rows where `truth` is true and where it is false, from the two intervals."""
    one, other = (share_of_rows(right[kind], groups=groups[kind]) for kind in (truth, ~truth))
    if isinstance(one, UndefinedMetric) or isinstance(other, UndefinedMetric):
        return UndefinedMetric("one kind only: no balanced accuracy", 0, 0)
    return Estimate(
        (one.value + other.value) / 2,
        mean_interval(one, other),
        note=one.note or other.note,
        n=right.size,
        groups=np.unique(groups).size,
    )


def mean_of(shares: Iterable[Share]) -> Share:
    """The plain mean of the shares that have a value; its interval adds their variances as if they were independent.

    There is no interval where one of them has none.
    """
    known = [one for one in shares if isinstance(one, Estimate)]
    if not known:
        return NOTHING
    mean = float(np.mean([one.value for one in known]))
    n, groups = sum(one.n or 0 for one in known), sum(one.groups or 0 for one in known)
    lacking = next((one for one in known if one.interval is None), None)
    if lacking is not None:
        return Estimate(mean, None, note=lacking.note, n=n, groups=groups)
    down, up = (
        float(np.sqrt(sum((one.bounds[side] - one.value) ** 2 for one in known))) / len(known) for side in (0, 1)
    )
    return Estimate(mean, (max(0.0, mean - down), min(1.0, mean + up)), n=n, groups=groups)


def _json(one: Share) -> dict[str, Any]:
    if isinstance(one, UndefinedMetric):
        return {"value": None, "low": None, "high": None, "n": one.n, "groups": 0, "note": one.reason}
    low, high = one.interval or (None, None)
    return {"value": one.value, "low": low, "high": high, "n": one.n, "groups": one.groups, "note": one.note or ""}
