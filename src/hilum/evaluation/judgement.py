"""What judging gives: every number with the interval and the counts that it needs."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.evaluation.decisions import Decisions
from hilum.evaluation.patient_bootstrap import Estimate


@dataclass(frozen=True, slots=True)
class ValidationPrevalence:
    """How common a label is where its operating point was chosen; `shift` is judged minus validation prevalence."""

    n: int
    positives: int
    shift: float | None


@dataclass(frozen=True, slots=True)
class LabelJudgement:
    """One label: `n` images with a known truth, of them `positives`.

    Where `undefined` says why there is no AUROC (no positives, no negatives), the ranking measures are None; `brier`
    and `ece` are None only where no truth is known. `decisions` needs a validation file with both outcomes.
    """

    label: str
    n: int
    positives: int
    undefined: str | None
    auroc: Estimate | None
    average_precision: Estimate | None
    brier: float | None
    ece: float | None
    decisions: Decisions | None = None
    decisions_undefined: str | None = None
    validation: ValidationPrevalence | None = None


@dataclass(frozen=True, slots=True)
class GroupJudgement:
    """A set of images, or a subgroup of it: its labels, and the mean AUROC over `in_mean`.

    `left_out` are labels that belong in the mean and have no AUROC here; `mean_auroc` is None where all are.
    """

    n: int
    patients: int
    labels: tuple[LabelJudgement, ...]
    mean_auroc: Estimate | None
    in_mean: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything `hilum judge` shows; `subgroups` maps a column to its groups by name."""

    whole: GroupJudgement
    subgroups: dict[str, dict[str, GroupJudgement]]
    protocol: str
    split_sha256: str
    replicates: int
    seed: int
    prevalence: float | None
    validation_protocol: str | None
    validation_split_sha256: str | None
