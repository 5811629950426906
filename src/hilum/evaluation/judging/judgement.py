"""What judging gives: every number with the interval and the counts that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hilum.evaluation.judging.decisions import Decisions
from hilum.evaluation.judging.judged_calibration import JudgedCalibration
from hilum.evaluation.judging.subgroup_tests import SubgroupTest
from hilum.evaluation.predictions.design import Design
from hilum.evaluation.predictions.overlap import Overlap
from hilum.statistics.estimate import Estimate
from hilum.statistics.net_benefit import DecisionCurve
from hilum.statistics.reliability import CurveBin


@dataclass(frozen=True, slots=True)
class ValidationPrevalence:
    """How common a label is where its operating point was chosen; `shift` is judged minus validation prevalence.

    Its interval takes the patients of the two sides as independent. `share` is the prevalence on validation, where
    the shift itself is still to be found.
    """

    n: int
    positives: int
    shift: Estimate | None
    share: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Reliability:
    """The reliability curve in bins of equal width, those of the calibration error, and of equal numbers of images."""

    equal_width: tuple[CurveBin, ...]
    equal_count: tuple[CurveBin, ...]


@dataclass(frozen=True, slots=True)
class CalibratedScores:
    """How well the judged scores are calibrated after `method` was fitted on validation.

    `undefined` says why there is none for this label; `slope` and `intercept` act on log odds, and are None for a
    method that has no such parameters. `calibration` judges the calibrated scores as that of a `LabelJudgement` does
    the scores as they are.
    """

    method: str
    undefined: str | None = None
    brier: Estimate | None = None
    ece: float | None = None
    reliability: Reliability | None = None
    slope: float | None = None
    intercept: float | None = None
    calibration: JudgedCalibration | None = None


@dataclass(frozen=True, slots=True)
class LabelJudgement:
    """One label: `n` images with a known truth, of them `positives`.

    Where `undefined` says why there is no AUROC (no positives, no negatives), the ranking measures are None; `brier`
    and `ece` are None only where no truth is known. `decisions` needs a validation file with both outcomes.
    `auroc` has its interval by patient; `delong` has DeLong's, which takes images as independent: it is None
    where a patient has several, and for cross-validated predictions. `calibration` says how far the scores, taken as
    probabilities, are from what came; its curve, `reliability`, `calibrated` and `decision_curve` are given for the
    whole set only.
    """

    label: str
    n: int
    positives: int
    undefined: str | None
    auroc: Estimate | None
    average_precision: Estimate | None
    brier: Estimate | None
    ece: float | None
    decisions: Decisions | None = None
    decisions_undefined: str | None = None
    validation: ValidationPrevalence | None = None
    delong: Estimate | None = None
    reliability: Reliability | None = None
    calibrated: CalibratedScores | None = None
    calibration: JudgedCalibration | None = None
    decision_curve: DecisionCurve | None = field(default=None, compare=False)  # arrays do not compare to one truth


@dataclass(frozen=True, slots=True)
class GroupJudgement:
    """A set of images, or a subgroup of it: its labels, and the mean AUROC over `in_mean`.

    `left_out` are labels that belong in the mean and lack an outcome or patients here; `left_out_why` has the reason of
    each. `mean_auroc` is None where all are.
    """

    n: int
    patients: int
    labels: tuple[LabelJudgement, ...]
    mean_auroc: Estimate | None
    in_mean: tuple[str, ...]
    left_out: tuple[str, ...]
    left_out_why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything `hilum judge` shows; `subgroups` maps a column to its groups by name.

    `prevalence` is the one stated for every label; one stated for a label alone stands in its decisions. `smoke` says
    that the predictions prove a path through the code and no result. `calibration` names the method, if any. `design`
    is that of the predictions. Where not `patients_known`, each image counts as a patient of its own. `overlap` counts
    the images that the model saw in its training, None where nobody did. `subgroup_tests` sets each group beside the
    rest of its column.
    """

    whole: GroupJudgement
    subgroups: dict[str, dict[str, GroupJudgement]]
    protocol: str
    split_sha256: str
    replicates: int
    seed: int
    prevalence: float | None
    validation_protocol: str | None
    validation_split_sha256: str | None
    calibration: str | None = None
    smoke: bool = False
    patients_known: bool = True
    design: Design = "held out"
    overlap: Overlap | None = None
    subgroup_tests: tuple[SubgroupTest, ...] = ()


def by_unit(text: str, *, patients_known: bool) -> str:
    """The text, which speaks of intervals by patient, as it is true of these predictions."""
    return text if patients_known else text.replace("by patient", "by image")


def drawn_unit(*, patients_known: bool) -> str:
    """What the bootstrap draws."""
    return "patient" if patients_known else "image"


def images_of(images: int, *, patients: int, known: bool) -> str:
    """How many images, of how many patients, in words."""
    return f"{images:,} images of {patients:,} patients" if known else f"{images:,} images of unknown patients"
