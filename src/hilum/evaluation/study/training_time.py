"""How long the trainings of a study took, added up, and in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hilum.errors import DataError
from hilum.evaluation.study.folder import FACTS, TIME

_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTime:
    """The `seconds` of `trainings`, each of one fold; `not_timed` are further ones, which left no time.

    A training that a kill ended before it had noted its time counts in `cut_short`: it took longer than is known.
    """

    seconds: float
    trainings: int
    not_timed: int = 0
    cut_short: int = 0


def training_time(folders: Iterable[Path]) -> TrainingTime | None:
    """The times that lie in the folds' `folders` and one folder below; None where none does.

    Raises `DataError` where a file of a time is malformed.
    """
    folds = tuple(folders)
    found = [read_time(path) for fold in folds for path in _files(fold, name=TIME)]
    without = [path for fold in folds for path in _files(fold, name=FACTS) if not path.with_name(TIME).is_file()]
    if not found:
        return None
    return TrainingTime(
        seconds=sum(seconds for seconds, _ in found),
        trainings=len(found),
        not_timed=len(without),
        cut_short=sum(cut for _, cut in found),
    )


def read_time(path: Path) -> tuple[float, bool]:
    """The seconds of a training, and whether it was cut short. Raises `DataError` where the file does not hold them."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return float(found["seconds"]), bool(found["cut_short"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} does not hold the time of a training ({error}). Remove the file and write the tables again"
        ) from error


def time_json(time: TrainingTime | None) -> dict[str, Any]:
    """The field `trained` of `study.json`; empty where no time is known."""
    return {} if time is None else {"trained": asdict(time)}


def time_in_words(found: dict[str, Any]) -> str | None:
    """How long the trainings took and on what, without a full stop; None where the `study.json` does not say it."""
    if (trained := found.get("trained")) is None:
        return None
    whole = not trained["not_timed"] and not trained["cut_short"]
    words = f"trained in {'' if whole else 'at least '}{_spoken(trained['seconds'])}{_machine(found)}"
    if trained["not_timed"]:
        every = trained["trainings"] + trained["not_timed"]
        words += f", the time of {trained['trainings']} of {every} trainings"
    return words


def _files(fold: Path, *, name: str) -> tuple[Path, ...]:
    return (*fold.glob(name), *fold.glob(f"*/{name}"))


def _spoken(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} hours"


def _machine(found: dict[str, Any]) -> str:
    """What the run began on, where it is told."""
    environment = found.get("environment", {})
    if not environment.get("cores"):
        return ""
    with_them = environment.get("accelerators", "none")
    return f" on {environment['cores']} CPU cores{'' if with_them == 'none' else f' and {with_them}'}"
