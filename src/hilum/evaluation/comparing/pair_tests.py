"""The tests between two models: Student's over the classes as papers do it, beside it by patient and by fold."""

from __future__ import annotations

from dataclasses import dataclass

from hilum.evaluation.comparing.fold_delong import FoldDelong, fold_delong
from hilum.evaluation.comparing.many_models import ModelAurocs
from hilum.evaluation.comparing.many_predictions import ManyPredictions, Pair
from hilum.evaluation.comparing.paired_t import PairedT, paired_t_test
from hilum.statistics.estimate import Estimate
from hilum.statistics.holm import holm
from hilum.statistics.outcomes import UndefinedMetric


@dataclass(frozen=True, slots=True)
class LabelTest:
    """One class: p-values are two-sided, `_holm` ones are adjusted over the classes of the pair.

    `delong` is None where no fold has two positives and two negatives.
    """

    label: str
    difference: Estimate
    bootstrap_p: float | None
    bootstrap_p_holm: float | None
    delong: FoldDelong | None
    delong_p_holm: float | None


@dataclass(frozen=True, slots=True)
class PairTests:
    """One pair of models: the t-test over the classes with both outcomes, the mean difference, and every class."""

    pair: Pair
    paired_t: PairedT | UndefinedMetric
    mean_difference: Estimate
    labels: tuple[LabelTest, ...]


def pair_tests(pair: Pair, *, predictions: ManyPredictions, aurocs: ModelAurocs) -> PairTests:
    """Test the first model of `pair` against the second; `aurocs` are of the same predictions."""
    judged = [one for one in aurocs.labels if one.undefined is None]
    delongs: list[FoldDelong | None] = []
    for one in judged:
        truth, scores = predictions.column(one.label)
        found = fold_delong(truth, first=scores[pair[0]], second=scores[pair[1]], folds=predictions.first.split)
        delongs.append(found if isinstance(found, FoldDelong) else None)
    by_patient = holm([one.bootstrap_p[pair] for one in judged])
    by_fold = holm([None if found is None else found.p_value for found in delongs])
    return PairTests(
        pair=pair,
        paired_t=paired_t_test(
            [one.auroc[pair[0]].value for one in judged], second=[one.auroc[pair[1]].value for one in judged]
        ),
        mean_difference=aurocs.mean_difference[pair],
        labels=tuple(
            LabelTest(one.label, one.difference[pair], one.bootstrap_p[pair], p_holm, delong, d_holm)
            for one, p_holm, delong, d_holm in zip(judged, by_patient, delongs, by_fold, strict=True)
        ),
    )
