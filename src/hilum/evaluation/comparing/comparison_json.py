"""A comparison as JSON: plain dicts in which nothing is NaN; what has no value is null."""

from __future__ import annotations

from hilum.evaluation.comparing.comparison import (
    Comparison,
    Difference,
    LabelComparison,
    ModelLabel,
    PairLabel,
    PairMean,
    ShareDifference,
)
from hilum.evaluation.comparing.margin import MarginVerdict
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.judging.judgement import drawn_unit
from hilum.evaluation.predictions.estimate_text import Json, estimate_json, value_json
from hilum.statistics.estimate import LEVEL

SCHEMA = "hilum.comparison/2"


def comparison_json(comparison: Comparison) -> Json:
    """The object that `hilum compare --json` prints; a difference is the first model's figure minus the second's."""
    return {
        "schema": SCHEMA,
        "models": {
            name: {
                "protocol": comparison.protocols[name],
                "operating_points": comparison.points.get(name),
                **estimate_json("mean_auroc", comparison.mean.get(name)),
            }
            for name in comparison.models
        },
        "reference": comparison.reference,
        "margin": comparison.margin,
        "n": comparison.n,
        "patients": comparison.patients,
        "patients_known": comparison.patients_known,
        "labels": {label.label: _label(label) for label in comparison.labels},
        "mean": {
            "labels": list(comparison.averaged),
            "left_out": list(comparison.left_out),
            "pairs": [_mean_pair(one) for one in comparison.mean_pairs],
        },
        "not_compared": list(comparison.not_compared),
        "split_sha256": comparison.split_sha256,
        "smoke": comparison.smoke,
        "cross_validated": comparison.cross_validated,
        "several_images_a_patient": comparison.clustered,
        "bootstrap": {
            "by": drawn_unit(patients_known=comparison.patients_known),
            "replicates": comparison.replicates,
            "level": LEVEL,
            "seed": comparison.seed,
        },
        "cautions": list(comparison.cautions),
        "notes": list(comparison.notes),
    }


def _label(label: LabelComparison) -> Json:
    found: Json = {
        "n": label.n,
        "positives": label.positives,
        "positive_patients": label.positive_patients,
        "negative_patients": label.negative_patients,
    }
    if label.undefined is not None:
        return {**found, "undefined": label.undefined}
    if label.too_few is not None:
        found["too_few"] = label.too_few
    return {
        **found,
        "models": {name: _model(one) for name, one in label.models.items()},
        "pairs": [_pair(one) for one in label.pairs],
    }


def _model(one: ModelLabel) -> Json:
    found = {
        **estimate_json("auroc", one.auroc),
        **estimate_json("average_precision", one.average_precision),
        **value_json("brier", one.brier),
    }
    if one.no_point is not None:
        return {**found, "no_operating_point": one.no_point}
    if one.threshold is None:
        return found
    return {
        **found,
        "threshold": one.threshold,
        **estimate_json("sensitivity", one.sensitivity),
        **estimate_json("specificity", one.specificity),
    }


def _pair(one: PairLabel) -> Json:
    return {
        "first": one.pair[0],
        "second": one.pair[1],
        "auroc": {
            **_difference(one.auroc),
            "delong_p": one.delong_p,
            "delong_p_holm": one.delong_p_holm,
        },
        "average_precision": _difference(one.average_precision),
        "brier": _difference(one.brier),
        "sensitivity": None if one.sensitivity is None else _shares(one.sensitivity),
        "specificity": None if one.specificity is None else _shares(one.specificity),
    }


def _mean_pair(one: PairMean) -> Json:
    t = one.paired_t
    found: Json = {"first": one.pair[0], "second": one.pair[1], "auroc": _difference(one.auroc)}
    if t is None:
        return found
    said = {"t": t.t, "p": t.p_value, "labels": t.n} if isinstance(t, PairedT) else {"undefined": t.reason}
    return {**found, "paired_t": said}


def _difference(one: Difference) -> Json:
    found = {**estimate_json("difference", one.estimate), "p": one.p, "p_holm": one.p_holm}
    if one.estimate.interval is None and one.estimate.note is not None:
        found["no_interval"] = one.estimate.note
    if one.verdict is not None:
        found["margin"] = _verdict(one.verdict)
    return found


def _shares(one: ShareDifference) -> Json:
    table = one.table
    return {
        **_difference(one),
        "n": table.n,
        "patients": table.patients,
        "both_right": table.both,
        "first_only_right": table.first_only,
        "second_only_right": table.second_only,
        "both_wrong": table.neither,
    }


def _verdict(verdict: MarginVerdict) -> Json:
    return {
        "margin": verdict.margin,
        "not_worse": verdict.not_worse,
        "within": verdict.alike,
        "worse": verdict.worse,
        "largest_loss_left_open": verdict.hidden_loss,
    }
