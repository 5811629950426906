"""What lies in the folder of a study: one folder a fold, and in it what each arm said of images that it never saw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from hilum.errors import DataError

FACTS = "fold.json"
"""What a training that gives predictions leaves beside them: how many calibrations it fitted, among other counts."""

TIME = "time.json"
"""How long a training took, in the same folder; those of older versions have none."""

P = TypeVar("P")


class PredictionsFormat(Protocol[P]):
    """How predictions of one kind are kept, one file an arm and fold."""

    @property
    def suffix(self) -> str:
        """What the files end in, with the dot."""

    def save(self, predictions: P, *, path: Path) -> None:
        """Write the file, whole or not at all."""

    def load(self, path: Path) -> P:
        """Read it back; raises `DataError` for anything else."""

    def pooled(self, parts: Sequence[P]) -> P:
        """All folds as one, in order; raises `DataError` where they do not belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldFiles(Generic[P]):
    """Where the arms' predictions of each fold lie in `folder`."""

    folder: Path
    arms: tuple[str, ...]
    kept: PredictionsFormat[P]

    def path(self, fold: str, arm: str) -> Path:
        """The file of one arm and fold."""
        return fold_folder(fold, folder=self.folder) / f"{arm}{self.kept.suffix}"

    def done(self, fold: str, *, arms: Sequence[str] | None = None) -> bool:
        """Whether every one of `arms`, by default all, has predicted the fold."""
        return all(self.path(fold, arm).is_file() for arm in arms or self.arms)

    def read(self, folds: Sequence[str]) -> dict[str, P]:
        """By arm, the predictions of all folds that are done, as one.

        Raises `DataError` where none is, or a file is malformed.
        """
        done = [fold for fold in folds if self.done(fold)]
        if not done:
            raise DataError(f"{self.folder} holds no predictions of any fold. Run the study without --tables-only")
        return {arm: self.kept.pooled([self.kept.load(self.path(fold, arm)) for fold in done]) for arm in self.arms}


def fold_folder(fold: str, *, folder: Path) -> Path:
    """Where the fold called `fold` is kept."""
    return folder / fold.replace(", ", "-").replace(" ", "-")


def read_started_from(folder: Path) -> str:
    """What the training that left its facts in `folder` started from. Raises `DataError` where they are malformed."""
    path = folder / FACTS
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["started_from"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} does not hold the facts of a training ({error}). Remove {folder} and run the study again"
        ) from error


def count_calibrations(folder: Path) -> tuple[int, int]:
    """Of a fold's folder, how many calibrations its trainings fitted, and how many of them could not be.

    Raises `DataError` where a file of facts is malformed.
    """
    fitted = failed = 0
    for path in (*folder.glob(FACTS), *folder.glob(f"*/{FACTS}")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            fitted, failed = fitted + int(found["calibrations"]), failed + int(found["not_calibrated"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} does not hold the facts of a fold ({error}). Remove {folder} and run the study again"
            ) from error
    return fitted, failed
