"""What a look found, as a line of the ledger says it: of a judgement, and of one model of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hilum.evaluation.calibration_on_card import calibration_of_look
from hilum.evaluation.comparison import Comparison, LabelComparison
from hilum.evaluation.judgement import Judgement, LabelJudgement
from hilum.evaluation.ledger import LedgerValue
from hilum.evaluation.overlap import Overlap, overlap_of
from hilum.evaluation.prediction_set import Predictions
from hilum.evaluation.sharpness import BASELINE
from hilum.statistics.estimate import Estimate

PREDICTIONS = "predictions_sha256"
"""The field by which the same predictions are known again."""

Fields = dict[str, LedgerValue]


def result_fields(judgement: Judgement, *, predictions: Predictions) -> Fields:
    """What the judgement of `predictions` found."""
    whole = judgement.whole
    fields = _rows(
        predictions,
        split_sha256=judgement.split_sha256,
        n=whole.n,
        patients=whole.patients,
        overlap=judgement.overlap,
    )
    if len(whole.labels) == 1:
        return fields | _of_label(whole.labels[0])
    used = [name for name in whole.in_mean if name not in whole.left_out]
    return fields | _mean(used, mean=whole.mean_auroc, aurocs={one.label: one.auroc for one in whole.labels})


def compared_fields(comparison: Comparison, *, model: str, predictions: Predictions) -> Fields:
    """What the comparison found of `model`, whose `predictions` are those of its file."""
    fields = _rows(
        predictions,
        split_sha256=comparison.split_sha256,
        n=comparison.n,
        patients=comparison.patients,
        overlap=overlap_of(predictions.seen),
    )
    if len(comparison.labels) == 1:
        return fields | _of_compared(comparison.labels[0], model=model)
    aurocs = {one.label: one.models[model].auroc if model in one.models else None for one in comparison.labels}
    return fields | _mean(comparison.averaged, mean=comparison.mean.get(model), aurocs=aurocs)


def baseline_fields(found: Estimate | None) -> Fields:
    """The rule without a network; nothing where there is none."""
    return {} if found is None else {"baseline": BASELINE, **_value("baseline_auroc", found)}


def _rows(predictions: Predictions, *, split_sha256: str, n: int, patients: int, overlap: Overlap | None) -> Fields:
    return {
        PREDICTIONS: predictions.content_sha256,
        "predictions_split_sha256": split_sha256,
        "n": n,
        "patients": patients,
        "trained_on": None if overlap is None else overlap.train,
        "validated_on": None if overlap is None else overlap.validation,
    }


def _mean(used: Sequence[str], *, mean: Estimate | None, aurocs: Mapping[str, Estimate | None]) -> Fields:
    return (
        {"label": f"mean of {len(used)} of {len(aurocs)} labels", "positives": None}
        | _value("auroc", mean)
        | {f"auroc of {label}": None if auroc is None else auroc.value for label, auroc in aurocs.items()}
    )


def _of_label(one: LabelJudgement) -> Fields:
    fields: Fields = {"label": one.label, "positives": one.positives}
    fields |= _value("auroc", one.auroc)
    fields["average_precision"] = None if one.average_precision is None else one.average_precision.value
    if one.decisions is not None:
        fields["operating_point"] = one.decisions.threshold
        for name in ("sensitivity", "specificity", "balanced_accuracy"):
            fields |= _value(name, one.decisions.measures[name])
    if one.calibration is not None:
        fields |= calibration_of_look(one.calibration, brier=one.brier, ece=one.ece)
    return fields


def _of_compared(one: LabelComparison, *, model: str) -> Fields:
    fields: Fields = {"label": one.label, "positives": one.positives}
    found = one.models.get(model)
    if found is None:
        return fields | _value("auroc", None)
    fields |= _value("auroc", found.auroc)
    fields["average_precision"] = None if found.average_precision is None else found.average_precision.value
    if found.threshold is not None:
        fields["operating_point"] = found.threshold
        for name, share in (("sensitivity", found.sensitivity), ("specificity", found.specificity)):
            fields |= _value(name, share)
    return fields


def _value(name: str, estimate: Estimate | None) -> Fields:
    if estimate is None:
        return {name: None, f"{name}_ci": None}
    return {
        name: estimate.value,
        f"{name}_ci": None if estimate.interval is None else list(estimate.interval),
        f"{name}_ci_method": estimate.method,
        **({} if estimate.note is None else {f"{name}_note": estimate.note}),
    }
