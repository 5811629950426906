"""Compare models on the same images: each one's figures, and paired differences with intervals and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from hilum.errors import DataError, UsageError
from hilum.evaluation.comparing.compare_label import ModelDraws, compare_label, model_column
from hilum.evaluation.comparing.comparison import Comparison, Difference, LabelComparison, PairLabel, PairMean
from hilum.evaluation.comparing.many_models import ModelAurocs, aurocs_of_draws, lacking_outcome
from hilum.evaluation.comparing.many_predictions import ManyPredictions, Pair
from hilum.evaluation.comparing.margin import against_margin, checked_margin
from hilum.evaluation.comparing.model_points import ModelPoints
from hilum.evaluation.comparing.paired_t import paired_t_test
from hilum.evaluation.comparing.words import comparison_cautions, comparison_notes
from hilum.evaluation.judging.label import ERRORS, DrawnStatistic
from hilum.evaluation.predictions.patient_bootstrap import (
    REPLICATES,
    SEED,
    bootstrap_p_value,
    patient_bootstrap,
    patient_jackknife,
    patient_rows,
)
from hilum.statistics.estimate import Estimate
from hilum.statistics.holm import holm
from hilum.statistics.outcomes import FloatArray


def compare(
    models: ManyPredictions,
    *,
    reference: str | None = None,
    all_pairs: bool = False,
    points: Mapping[str, ModelPoints] | None = None,
    margin: float | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> Comparison:
    """Compare models on the images that `hilum.evaluation.comparing.many_predictions` brought to one order.

    Every other model is set beside `reference`, the first one by default: a difference is the other's figure minus the
    reference's. `all_pairs` sets every model beside each one before it. With `points`, by model, sensitivity and
    specificity are compared too; points were chosen on other patients, or are stated. `margin` in (0, 1) is a loss of
    AUROC, sensitivity or specificity that is tolerated: it is stated before looking, and has no default.

    Raises `UsageError` for wishes that contradict each other, and `DataError` where no label has both outcomes.
    """
    if margin is not None:
        checked_margin(margin)
    pairs, reference = compared_pairs(models.models, reference=reference, all_pairs=all_pairs)
    _check_points(models, points or {})
    first = models.first
    cross_validated = any(one.cross_validated for one in models.predictions)
    patients = patient_rows(first.patient)
    defined = [label for label in first.labels if lacking_outcome(models, label) is None]
    if not defined:
        raise DataError("No label has both positives and negatives on these images, so there is nothing to compare")
    draws = _draws(models, labels=defined, points=points or {}, replicates=replicates, seed=seed)
    labels = tuple(
        compare_label(
            models,
            label,
            pairs=pairs,
            draws=draws.get(label, {}),
            points={name: one.points[label] for name, one in (points or {}).items()},
            delong=not cross_validated,
            margin=margin,
        )
        for label in first.labels
    )
    aurocs: ModelAurocs | None = None
    mean_pairs: tuple[PairMean, ...] = ()
    if any(label in defined for label in first.in_mean):
        areas = {(label, model): one.auroc for label, own in draws.items() for model, one in own.items()}
        aurocs = aurocs_of_draws(models, pairs=pairs, labels=first.in_mean, draws=areas)
        mean_pairs = _mean_pairs(aurocs, pairs=pairs, labels=labels, draws=draws, margin=margin)
    labels = with_holm(labels)
    made = Comparison(
        models=models.models,
        reference=reference,
        pairs=pairs,
        labels=labels,
        mean={} if aurocs is None else _means(aurocs, labels=labels),
        mean_pairs=mean_pairs,
        in_mean=first.in_mean,
        left_out=first.in_mean if aurocs is None else aurocs.left_out,
        not_compared=models.not_compared,
        margin=margin,
        points={name: one.source for name, one in (points or {}).items()},
        n=first.n,
        patients=patients.count,
        protocols={name: one.protocol for name, one in zip(models.models, models.predictions, strict=True)},
        split_sha256=first.split_sha256,
        cross_validated=cross_validated,
        clustered=patients.count < first.n,
        patients_known=all(one.patients_known for one in models.predictions),
        smoke=any(one.smoke for one in models.predictions) or any(one.smoke for one in (points or {}).values()),
        replicates=replicates,
        seed=seed,
        cautions=comparison_cautions(models),
        notes=(),
    )
    return replace(made, notes=comparison_notes(made))


def compared_pairs(
    models: Sequence[str], *, reference: str | None = None, all_pairs: bool = False
) -> tuple[tuple[Pair, ...], str | None]:
    """The pairs to compare, first minus second, and the reference, None where every pair is compared.

    Every other model stands first beside the reference; of all pairs, the later model stands first. Raises `UsageError`
    for a reference that is no model, and for one beside `all_pairs`.
    """
    if all_pairs:
        if reference is not None:
            raise UsageError("Ask for all pairs or name a reference, not both")
        return tuple((later, earlier) for earlier, later in combinations(models, 2)), None
    reference = models[0] if reference is None else reference
    if reference not in models:
        raise UsageError(f"No model is called {reference!r}. Available: {', '.join(models)}")
    return tuple((model, reference) for model in models if model != reference), reference


def _check_points(models: ManyPredictions, points: Mapping[str, ModelPoints]) -> None:
    unknown = [name for name in points if name not in models.models]
    if unknown:
        raise UsageError(f"No model is called {', '.join(unknown)}. Available: {', '.join(models.models)}")
    lacking = [name for name in models.models if name not in points]
    if points and lacking:
        raise UsageError(
            f"{', '.join(lacking)} has no operating point, so decisions cannot be compared; "
            "give each model a validation file or a threshold"
        )


def _draws(
    models: ManyPredictions,
    *,
    labels: Sequence[str],
    points: Mapping[str, ModelPoints],
    replicates: int,
    seed: int,
) -> dict[str, dict[str, ModelDraws]]:
    """Every model's draws on every label, all from the same patients."""
    patients = patient_rows(models.first.patient)
    columns = {
        (label, model): model_column(
            models.of(model), label, patients=patients, point=points[model].points[label] if points else None
        )
        for label in labels
        for model in models.models
    }
    every = [(column.ranking, column.statistics[ERRORS]) for column in columns.values() if column.ranking is not None]
    statistics = [statistic for own in every for statistic in own]
    drawn = patient_bootstrap(statistics, patients=patients, replicates=replicates, seed=seed)
    left_out = patient_jackknife(statistics, patients=patients)
    found: dict[str, dict[str, ModelDraws]] = {label: {} for label in labels}
    for ((label, model), column), own in zip(columns.items(), every, strict=True):
        here, drawn = drawn[: len(own)], drawn[len(own) :]
        without, left_out = left_out[: len(own)], left_out[len(own) :]
        judged = column.judgement(ranking=without[0], drawn={ERRORS: DrawnStatistic(here[1][0], without[1][0])})
        found[label][model] = ModelDraws(judged, here[0][0], here[0][1], here[1][0])
    return found


def _means(aurocs: ModelAurocs, *, labels: Sequence[LabelComparison]) -> Mapping[str, Estimate]:
    """The mean AUROC of each model; over one label it is that label's own figure."""
    averaged = [one for one in labels if one.label in aurocs.in_mean and one.label not in aurocs.left_out]
    if len(averaged) == 1:
        return {model: own.auroc for model, own in averaged[0].models.items() if own.auroc is not None}
    return aurocs.mean


def _mean_pairs(
    aurocs: ModelAurocs,
    *,
    pairs: Sequence[Pair],
    labels: Sequence[LabelComparison],
    draws: Mapping[str, Mapping[str, ModelDraws]],
    margin: float | None,
) -> tuple[PairMean, ...]:
    averaged = [one for one in labels if one.label in aurocs.in_mean and one.label not in aurocs.left_out]
    found = []
    for place, pair in enumerate(pairs):
        if len(averaged) == 1:
            found.append(PairMean(pair=pair, auroc=replace(averaged[0].pairs[place].auroc, p_holm=None), paired_t=None))
            continue
        difference = aurocs.mean_difference[pair]
        values: FloatArray = np.mean(
            [draws[one.label][pair[0]].auroc - draws[one.label][pair[1]].auroc for one in averaged], axis=0
        )
        if difference.interval is not None and difference.interval[0] == difference.interval[1]:
            difference = replace(difference, interval=None)
        tested = Difference(
            estimate=difference,
            p=bootstrap_p_value(values) if difference.interval is not None else None,
            verdict=None if margin is None else against_margin(difference.interval, margin=margin),
        )
        judged = [aurocs.label(one.label) for one in averaged]
        areas = [[one.auroc[model].value for one in judged] for model in pair]
        found.append(PairMean(pair=pair, auroc=tested, paired_t=paired_t_test(areas[0], second=areas[1])))
    adjusted = holm([one.auroc.p for one in found])
    return tuple(replace(one, auroc=replace(one.auroc, p_holm=p)) for one, p in zip(found, adjusted, strict=True))


def with_holm(labels: Sequence[LabelComparison]) -> tuple[LabelComparison, ...]:
    """The labels with adjusted p-values: of the AUROC (bootstrap, and DeLong), AP, Brier, sensitivity, specificity."""
    pairs = [pair for label in labels for pair in label.pairs]
    auroc = holm([pair.auroc.p for pair in pairs])
    delong = holm([pair.delong_p for pair in pairs])
    precision = holm([pair.average_precision.p for pair in pairs])
    brier = holm([pair.brier.p for pair in pairs])
    sensitivity = holm([None if pair.sensitivity is None else pair.sensitivity.p for pair in pairs])
    specificity = holm([None if pair.specificity is None else pair.specificity.p for pair in pairs])
    adjusted = [
        PairLabel(
            pair=pair.pair,
            auroc=replace(pair.auroc, p_holm=auroc[place]),
            delong_p=pair.delong_p,
            delong_p_holm=delong[place],
            average_precision=replace(pair.average_precision, p_holm=precision[place]),
            brier=replace(pair.brier, p_holm=brier[place]),
            sensitivity=None if pair.sensitivity is None else replace(pair.sensitivity, p_holm=sensitivity[place]),
            specificity=None if pair.specificity is None else replace(pair.specificity, p_holm=specificity[place]),
        )
        for place, pair in enumerate(pairs)
    ]
    found = []
    for label in labels:
        own, adjusted = adjusted[: len(label.pairs)], adjusted[len(label.pairs) :]
        found.append(replace(label, pairs=tuple(own)))
    return tuple(found)
