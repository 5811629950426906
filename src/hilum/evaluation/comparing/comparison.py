"""What a comparison of models holds: each model's figures, and every pair's differences with intervals and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.comparing.margin import MarginVerdict
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.paired_shares import PairedShares


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLabel:
    """One model on one label; `threshold` and the shares at it are None without an operating point.

    `no_point` says why a label of a model that has points has none.
    """

    auroc: Estimate | None
    average_precision: Estimate | None
    brier: Estimate | None
    threshold: float | None = None
    sensitivity: Estimate | None = None
    specificity: Estimate | None = None
    no_point: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference, first model minus second, with two-sided p-values, and what it shows against a stated margin.

    `p_holm` is adjusted over every label and pair of this measure. `verdict` is None where no margin was stated, or
    this measure has none.
    """

    estimate: Estimate
    p: float | None
    p_holm: float | None = None
    verdict: MarginVerdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDifference(Difference):
    """A difference of sensitivity or specificity, with the table of who was right it comes from."""

    table: PairedShares


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLabel:
    """Two models on one label.

    `auroc.p` is the bootstrap's by patient; `delong_p` is DeLong's where every patient has one image, and its
    clustered form (Obuchowski's) where patients have several; None for cross-validated predictions.
    """

    pair: Pair
    auroc: Difference
    delong_p: float | None
    delong_p_holm: float | None
    average_precision: Difference
    brier: Difference
    sensitivity: ShareDifference | None = None
    specificity: ShareDifference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelComparison:
    """One label: `n` images with a known truth, `positives` of them; patients with a positive and with a negative.

    Where `undefined` says that an outcome is lacking, `models` and `pairs` are empty. `too_few` says that there are
    fewer ill or well patients than an interval needs: then no difference here has an interval, a test or a verdict.
    """

    label: str
    n: int
    positives: int
    positive_patients: int
    negative_patients: int
    undefined: str | None = None
    too_few: str | None = None
    models: Mapping[str, ModelLabel]
    pairs: tuple[PairLabel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMean:
    """Two models over the labels of the mean; `paired_t` is None where there is one label, and no test over labels."""

    pair: Pair
    auroc: Difference
    paired_t: PairedT | UndefinedMetric | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything `hilum compare` shows; the means are over `in_mean` less `left_out`.

    `reference` is the model that all others are set beside; None where every pair is. `points` says by model where its
    thresholds come from, and is empty where nothing was decided. `clustered` says that some patient has several
    images; where not `patients_known`, each image counts as a patient of its own. `not_compared` are labels that not
    every file has; `cautions` say which models' figures flatter them and whether patients are unknown, and `notes` how
    far the figures can be trusted.
    """

    models: tuple[str, ...]
    reference: str | None
    pairs: tuple[Pair, ...]
    labels: tuple[LabelComparison, ...]
    mean: Mapping[str, Estimate]
    mean_pairs: tuple[PairMean, ...]
    in_mean: tuple[str, ...]
    left_out: tuple[str, ...]
    not_compared: tuple[str, ...]
    margin: float | None
    points: Mapping[str, str]
    n: int
    patients: int
    protocols: Mapping[str, str]
    split_sha256: str
    cross_validated: bool
    clustered: bool
    patients_known: bool
    smoke: bool
    replicates: int
    seed: int
    cautions: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def averaged(self) -> tuple[str, ...]:
        """The labels that the means are over."""
        return tuple(label for label in self.in_mean if label not in self.left_out)
