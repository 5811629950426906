"""Every number of a study, and how its models came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.evaluation.bundles.run_folder import RunFile
from hilum.evaluation.comparing.many_models import ModelAurocs
from hilum.evaluation.comparing.many_predictions import ManyPredictions
from hilum.evaluation.comparing.pair_tests import PairTests
from hilum.evaluation.predictions.design import SMOKE
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.evaluation.study.claims import ClaimResult
from hilum.evaluation.study.training_time import TrainingTime


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRun:
    """How the models came about: the study's `run.json`, and how many of its folds are done.

    `calibrations` counts classes of every trained arm and fold; `not_calibrated` are those left as the model gave them.
    `time` is None where no training left one.
    """

    file: RunFile
    folds_done: int
    calibrations: int = 0
    not_calibrated: int = 0
    time: TrainingTime | None = None

    @property
    def folds(self) -> int:
        """How many folds the study has."""
        return len(self.file.stage_splits)


@dataclass(frozen=True, slots=True)
class GroupAurocs:
    """One group of images: how many, its figures, and the classes with too few positives, which are not judged.

    `aurocs` is None where no class has enough.
    """

    group: str
    n: int
    aurocs: ModelAurocs | None
    too_few: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyContent:
    """The figures of all arms on the same images; `predictions` are what they were computed from.

    `groups` are by the column that parts them (`view`). `tests` are those of the study's pairs, in order.
    """

    predictions: ManyPredictions
    aurocs: ModelAurocs
    groups: Mapping[str, tuple[GroupAurocs, ...]]
    tests: tuple[PairTests, ...]
    claims: tuple[ClaimResult, ...]
    run: StudyRun
    replicates: int
    seed: int

    @property
    def protocol(self) -> str:
        """How split and labels were made, in one line; a smoke run's begins with SMOKE."""
        return self.predictions.first.protocol

    @property
    def smoke(self) -> bool:
        """Whether the numbers prove a path through the code and no result."""
        return self.predictions.first.smoke

    def means_in_words(self, titles: Mapping[str, str]) -> tuple[str, ...]:
        """One line for each arm of `titles`, its mean AUROC with the interval; a smoke run's is marked.

        Of one class the mean is its AUROC, and called so.
        """
        what = "AUROC" if self.aurocs.of_one_class else "mean AUROC"
        mark = f"{SMOKE}, no result: " if self.smoke else ""
        return tuple(f"{mark}{what}, {title}: {interval_text(self.aurocs.mean[arm])}" for arm, title in titles.items())
