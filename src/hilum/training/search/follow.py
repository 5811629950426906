"""What a trial's own log says of it while it trains: one value an epoch, and the one that it ends with.

The hands write nothing else, so that whatever trains a recipe can be followed, on this machine or on another that
shares the folder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import DataError, UsageError
from hilum.evaluation.report.training_log import LOG_NAME, Series, read_training_logs
from hilum.training.recipe.plan import Selection
from hilum.training.recipe.recipe import Recipe

_IN_WORDS = {"mean_auroc": "mean AUROC", "loss": "loss"}
MONITORS = tuple(_IN_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a search makes best: `monitor` on the validation part of the recipe's last `stage`.

    `selection` is the recipe's own choice of the epoch whose weights are kept; the value of a whole trial is that of
    this epoch.
    """

    stage: str
    selection: Selection
    monitor: str

    @property
    def metric(self) -> str:
        """The name under which it is logged."""
        return f"{self.selection.part}/{self.monitor}"

    @property
    def in_words(self) -> str:
        """`mean AUROC of validation`."""
        return f"{_IN_WORDS[self.monitor]} of {self.selection.part}"

    @property
    def highest(self) -> bool:
        """Whether more is better."""
        return self.monitor != "loss"


def goal_of(recipe: Recipe, *, monitor: str) -> Goal:
    """The goal for a recipe. Raises `UsageError` for another monitor, and where it validates within epochs."""
    last = recipe.last
    if monitor not in MONITORS:
        raise UsageError(f"--monitor must be {' or '.join(MONITORS)}, not {monitor!r}")
    if last.validate_every is not None:
        raise UsageError(
            f"{recipe.name} validates within epochs, and a search needs a recipe that validates after each. Leave "
            "validate_every out in the recipe's Python"
        )
    return Goal(stage=last.name, selection=last.selection, monitor=monitor)


def values_by_epoch(folder: Path, *, goal: Goal) -> dict[int, float]:
    """The value of each epoch that the run in `folder` has ended, from 0; empty before the first one."""
    return _by_epoch(_series(folder, goal=goal), name=goal.metric)


def last_value(folder: Path, *, goal: Goal) -> float:
    """The value of the epoch whose weights the ended run in `folder` kept.

    Raises `DataError` where the log has none, as where no label of validation has both outcomes.
    """
    series = _series(folder, goal=goal)
    values, chosen = (_by_epoch(series, name=name) for name in (goal.metric, goal.selection.metric))
    if goal.selection.keep == "last":
        epoch = max((round(at) for one in series.values() for at, _ in one), default=0)
    else:
        sign = 1.0 if goal.selection.mode == "min" else -1.0
        epoch = min(chosen, key=lambda each: (sign * chosen[each], each), default=0)
    if epoch not in values:
        raise DataError(
            f"{folder.name}/{goal.stage}/log/{LOG_NAME} has no {goal.metric} of the epoch that is kept. Search for "
            "another with --monitor"
        )
    return values[epoch]


def _series(folder: Path, *, goal: Goal) -> Mapping[str, Series]:
    return {log.stage: log.series for log in read_training_logs(folder)}.get(goal.stage, {})


def _by_epoch(series: Mapping[str, Series], *, name: str) -> dict[int, float]:
    return {round(epoch): value for epoch, value in series.get(name, ()) if math.isfinite(value)}
