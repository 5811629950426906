"""What a run's logs say of its training: the curves of each stage, epoch by epoch."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import DataError

Series = tuple[tuple[float, float], ...]
"""(epoch, value) pairs in order."""

LOG_NAME = "metrics.csv"
_PER_STEP = "_step"
_PER_EPOCH = "_epoch"


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """One stage: `series` maps a logged name to its (epoch, value) pairs in order; epochs count from 0."""

    stage: str
    series: dict[str, Series]

    def about(self, *words: str) -> dict[str, Series]:
        """The series whose name, its part of the data left out, begins with one of `words`.

        `loss` finds `train/loss` and `validation/loss`; `auroc` finds `validation/auroc/Effusion`.
        """
        return {
            name: series
            for name, series in self.series.items()
            if any(part.startswith(words) for part in name.casefold().split("/")[-2:])
        }


def read_training_logs(folder: Path) -> tuple[TrainingLog, ...]:
    """The logs of every stage under a run folder, in order of the stages' names; empty where there are none.

    A stage's log is `STAGE/log/metrics.csv`, one row an epoch, or as Lightning writes it: of a series logged per step
    and per epoch the epochs count. NaN is no value. Raises `DataError` where a log is not such a table.
    """
    paths = sorted({*folder.glob(f"log/{LOG_NAME}"), *folder.glob(f"*/log/{LOG_NAME}")})
    return tuple(TrainingLog(_stage(path, folder=folder), _series(path)) for path in paths)


def _stage(path: Path, *, folder: Path) -> str:
    stage = path.parent.parent
    return "" if stage == folder else stage.name


def _series(path: Path) -> dict[str, Series]:
    found: dict[str, dict[float, float]] = defaultdict(dict)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                epoch = float(row["epoch"])
                for name, value in row.items():
                    if value and name not in ("epoch", "step") and not math.isnan(number := float(value)):
                        found[name][epoch] = number  # the last one of the epoch
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        raise DataError(f"{path} is not a table of training metrics with a column epoch: {error}") from error
    kept = {
        name.removesuffix(_PER_EPOCH): values
        for name, values in found.items()
        if not (name.endswith(_PER_STEP) and name.removesuffix(_PER_STEP) + _PER_EPOCH in found)
    }
    return {name: tuple(sorted(values.items())) for name, values in sorted(kept.items())}
