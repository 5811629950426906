"""One label of a comparison: every model's figures, and every pair's differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.comparing.auroc_difference import auroc_difference
from hilum.evaluation.comparing.comparison import Difference, LabelComparison, ModelLabel, PairLabel, ShareDifference
from hilum.evaluation.comparing.many_models import lacking_outcome
from hilum.evaluation.comparing.many_predictions import ManyPredictions, Pair
from hilum.evaluation.comparing.margin import against_margin
from hilum.evaluation.judging.judgement import LabelJudgement
from hilum.evaluation.judging.label import LabelColumn, Plan, label_column
from hilum.evaluation.predictions.patient_bootstrap import PatientRows, bootstrap_p_value, estimate
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.estimate import Contrast, Estimate
from hilum.statistics.few_patients import LEAST_PATIENTS, too_few_patients
from hilum.statistics.obuchowski import ClusteredAurocs, clustered_aurocs
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import BoolArray, FloatArray, UndefinedMetric, known_outcomes
from hilum.statistics.paired_shares import PairedShares, paired_shares


@dataclass(frozen=True, slots=True, eq=False)
class ModelDraws:
    """One model on one label: its judgement, and its AUROC, average precision and Brier score (B,) over the draws."""

    judgement: LabelJudgement
    auroc: FloatArray
    average_precision: FloatArray
    brier: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Label:
    """What all pairs of one label share."""

    name: str
    truth: FloatArray
    scores: Mapping[str, FloatArray]
    patient: tuple[str, ...]
    draws: Mapping[str, ModelDraws]
    points: Mapping[str, OperatingPoint | UndefinedMetric]
    areas: ClusteredAurocs | UndefinedMetric
    columns: Mapping[str, int]
    too_few: str | None
    delong: bool
    margin: float | None


def model_column(
    one: Predictions, label: str, *, patients: PatientRows, point: OperatingPoint | UndefinedMetric | None
) -> LabelColumn:
    """One model's label as `hilum judge` judges it, at its operating point where it has one."""
    points = {} if point is None else {label: point}
    plan = Plan(points=points, prevalences={}, calibrators={}, method=None, curves=False)
    return label_column(one, label, patients=patients, plan=plan)


def compare_label(
    models: ManyPredictions,
    label: str,
    *,
    pairs: Sequence[Pair],
    draws: Mapping[str, ModelDraws],
    points: Mapping[str, OperatingPoint | UndefinedMetric],
    delong: bool,
    margin: float | None,
) -> LabelComparison:
    """Compare `pairs` of models on `label`; `draws` holds every model's, and is empty where an outcome is lacking.

    `delong` is False for cross-validated predictions, whose scores come from several models. p-values are not adjusted
    yet.
    """
    truth, scores = models.column(label)
    outcomes = known_outcomes(truth, scores=scores[models.models[0]])
    patient = np.asarray(models.first.patient)[outcomes.rows]
    ill, well = (len(set(patient[kind].tolist())) for kind in (outcomes.truth, ~outcomes.truth))
    undefined = lacking_outcome(models, label)
    too_few = None if undefined is not None else too_few_patients(ill=ill, well=well, what="a comparison")
    own = None
    if undefined is None:
        every = np.stack([scores[model] for model in models.models], axis=1)
        own = _Label(
            name=label,
            truth=truth,
            scores=scores,
            patient=models.first.patient,
            draws=draws,
            points=points,
            areas=clustered_aurocs(truth, scores=every, patients=models.first.patient),
            columns={model: place for place, model in enumerate(models.models)},
            too_few=too_few,
            delong=delong,
            margin=margin,
        )
    return LabelComparison(
        label=label,
        n=outcomes.n,
        positives=outcomes.positives,
        positive_patients=ill,
        negative_patients=well,
        undefined=undefined,
        too_few=too_few,
        models={} if own is None else {model: _model(own, model) for model in models.models},
        pairs=() if own is None else tuple(_pair(own, pair) for pair in pairs),
    )


def _model(label: _Label, model: str) -> ModelLabel:
    judged, point = label.draws[model].judgement, label.points.get(model)
    measures = {} if judged.decisions is None else judged.decisions.measures
    return ModelLabel(
        auroc=judged.auroc,
        average_precision=judged.average_precision,
        brier=judged.brier,
        threshold=point.threshold if isinstance(point, OperatingPoint) else None,
        sensitivity=measures.get("sensitivity"),
        specificity=measures.get("specificity"),
        no_point=judged.decisions_undefined,
    )


def _pair(label: _Label, pair: Pair) -> PairLabel:
    one, two = label.draws[pair[0]], label.draws[pair[1]]
    areas = None
    if isinstance(label.areas, ClusteredAurocs):
        areas = auroc_difference(label.areas, first=label.columns[pair[0]], second=label.columns[pair[1]])
    sensitivity, specificity = _shares(label, pair)
    return PairLabel(
        pair=pair,
        auroc=_auroc(label, one, two, areas=areas),
        delong_p=areas.p if areas is not None and label.delong and label.too_few is None else None,
        delong_p_holm=None,
        average_precision=_drawn(
            label,
            value=_value(one.judgement.average_precision) - _value(two.judgement.average_precision),
            draws=one.average_precision - two.average_precision,
        ),
        brier=_drawn(
            label,
            value=_value(one.judgement.brier) - _value(two.judgement.brier),
            draws=one.brier - two.brier,
        ),
        sensitivity=sensitivity,
        specificity=specificity,
    )


def _auroc(label: _Label, one: ModelDraws, two: ModelDraws, *, areas: Contrast | None) -> Difference:
    """The difference of AUROC; the interval is that of `areas`, the p-value that of the draws."""
    value = _value(one.judgement.auroc) - _value(two.judgement.auroc)
    interval = None if areas is None or label.too_few is not None else areas.estimate.interval
    alike = areas is not None and areas.estimate.interval is None
    note = label.too_few or ("both models order the images alike" if alike else None)
    return Difference(
        estimate=Estimate(value, interval, note=note),
        p=bootstrap_p_value(one.auroc - two.auroc) if interval is not None else None,
        verdict=None if label.margin is None else against_margin(interval, margin=label.margin),
    )


def _drawn(label: _Label, *, value: float, draws: FloatArray) -> Difference:
    """A difference with the percentile interval of its draws; none where all draws agree, for that is no certainty."""
    found = estimate(value, draws=draws)
    if label.too_few is not None or found.interval is None or found.interval[0] == found.interval[1]:
        return Difference(estimate=Estimate(value, None, note=label.too_few or "every draw gave the same"), p=None)
    return Difference(estimate=found, p=bootstrap_p_value(draws))


def _shares(label: _Label, pair: Pair) -> tuple[ShareDifference | None, ShareDifference | None]:
    points = [label.points.get(model) for model in pair]
    thresholds = [point.threshold for point in points if isinstance(point, OperatingPoint)]
    if len(thresholds) < len(pair):
        return None, None
    called = [label.scores[model] >= threshold for model, threshold in zip(pair, thresholds, strict=True)]
    ill, well = label.truth == 1.0, label.truth == 0.0
    return (
        _share(label, called[0][ill], called[1][ill], rows=ill),
        _share(label, ~called[0][well], ~called[1][well], rows=well),
    )


def _share(label: _Label, first: BoolArray, second: BoolArray, *, rows: BoolArray) -> ShareDifference | None:
    patients = np.asarray(label.patient)[rows]
    table = paired_shares(first, second=second, patients=patients)
    if not isinstance(table, PairedShares):
        return None
    enough = table.patients >= LEAST_PATIENTS
    interval = table.difference.interval if enough else None
    note = None if enough else f"{table.patients} patients are too few to compare by; {LEAST_PATIENTS} are needed"
    return ShareDifference(
        estimate=Estimate(table.difference.value, interval, note=note),
        p=table.p_value if enough else None,
        verdict=None if label.margin is None else against_margin(interval, margin=label.margin),
        table=table,
    )


def _value(estimate: Estimate | None) -> float:
    """A figure that every label with both outcomes has."""
    if estimate is None:
        raise DataError("The label lacks positives or negatives, so it has no figures")
    return estimate.value
