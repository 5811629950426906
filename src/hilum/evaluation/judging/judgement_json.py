"""A judgement as JSON: plain dicts in which nothing is NaN; what has no value is null and says why."""

from __future__ import annotations

import math
from dataclasses import asdict

from hilum.evaluation.judging.decisions import Decisions
from hilum.evaluation.judging.judged_calibration import JudgedCalibration
from hilum.evaluation.judging.judgement import (
    CalibratedScores,
    GroupJudgement,
    Judgement,
    LabelJudgement,
    Reliability,
    drawn_unit,
)
from hilum.evaluation.judging.subgroup_tests import SubgroupTest
from hilum.evaluation.predictions.estimate_text import Json, estimate_json, value_json
from hilum.statistics.calibration_curve import CalibrationCurve
from hilum.statistics.estimate import LEVEL, Estimate
from hilum.statistics.net_benefit import DecisionCurve
from hilum.statistics.outcomes import FloatArray, UndefinedMetric
from hilum.statistics.probability_bands import ProbabilityBand
from hilum.statistics.reliability import CurveBin

SCHEMA = "hilum.judgement/1"


def judgement_json(judgement: Judgement) -> Json:
    """The object that `hilum judge --json` prints; intervals are `[low, high]`, and lie beside their value as `_ci`."""
    data: Json = {
        "schema": SCHEMA,
        **_group(judgement.whole),
        "protocol": judgement.protocol,
        "split_sha256": judgement.split_sha256,
        "design": judgement.design,
        "smoke": judgement.smoke,
        "patients_known": judgement.patients_known,
        "seen_in_training": None if judgement.overlap is None else asdict(judgement.overlap),
        "bootstrap": {
            "by": drawn_unit(patients_known=judgement.patients_known),
            "replicates": judgement.replicates,
            "level": LEVEL,
            "seed": judgement.seed,
        },
        "subgroups": {
            column: {name: _group(group) for name, group in groups.items()}
            for column, groups in judgement.subgroups.items()
        },
        "subgroup_tests": [subgroup_test_json(test) for test in judgement.subgroup_tests],
    }
    if judgement.validation_protocol is not None:
        data["validation"] = {
            "protocol": judgement.validation_protocol,
            "split_sha256": judgement.validation_split_sha256,
        }
        data["stated_prevalence"] = judgement.prevalence
        data["calibration"] = judgement.calibration
    return data


def _group(group: GroupJudgement) -> Json:
    return {
        "n": group.n,
        "patients": group.patients,
        "labels": {label.label: _label(label) for label in group.labels},
        **estimate_json("mean_auroc", group.mean_auroc),
        "mean_labels": [name for name in group.in_mean if name not in group.left_out],
        "mean_left_out": list(group.left_out),
        "mean_left_out_why": dict(group.left_out_why),
    }


def _label(label: LabelJudgement) -> Json:
    found: Json = {
        "n": label.n,
        "positives": label.positives,
        **estimate_json("auroc", label.auroc),
        "auroc_delong_ci": value_json("auroc_delong", label.delong)["auroc_delong_ci"],
        **estimate_json("ap", label.average_precision),
        **value_json("brier", label.brier),
        "ece": label.ece,
    }
    if label.calibration is not None:
        found["calibration"] = calibration_json(label.calibration)
    if label.decision_curve is not None:
        found["decision_curve"] = decision_curve_json(label.decision_curve)
    if label.reliability is not None:
        found["reliability"] = _reliability(label.reliability)
    if label.calibrated is not None:
        found["calibrated"] = _calibrated(label.calibrated)
    if label.undefined is not None:
        found["undefined"] = label.undefined
    if label.decisions is not None:
        found["operating_point"] = _decisions(label.decisions)
    if label.decisions_undefined is not None:
        found["operating_point"] = None
        found["operating_point_undefined"] = label.decisions_undefined
    if label.validation is not None:
        found["validation"] = {"n": label.validation.n, "positives": label.validation.positives}
        found |= value_json("prevalence_shift", label.validation.shift)
    return found


def _decisions(decisions: Decisions) -> Json:
    found: Json = {"threshold": decisions.threshold, "rule": decisions.rule}
    for name, value in decisions.measures.items():
        found |= estimate_json(name, value)
    if decisions.prevalence is not None:
        found["stated_prevalence"] = decisions.prevalence
    return found


def _calibrated(scores: CalibratedScores) -> Json:
    if scores.undefined is not None:
        return {"method": scores.method, "undefined": scores.undefined}
    found: Json = {"method": scores.method, **estimate_json("brier", scores.brier), "ece": scores.ece}
    if scores.slope is not None:
        found |= {"slope": scores.slope, "intercept": scores.intercept}
    if scores.reliability is not None:
        found["reliability"] = _reliability(scores.reliability)
    if scores.calibration is not None:
        found["calibration"] = calibration_json(scores.calibration)
    return found


def _reliability(curves: Reliability) -> Json:
    return {
        "equal_width": [_bin(one) for one in curves.equal_width],
        "equal_count": [_bin(one) for one in curves.equal_count],
    }


def _bin(one: CurveBin) -> Json:
    return {
        "low": one.low,
        "high": one.high,
        "n": one.observed.n,
        "positives": one.positives,
        "probability": one.probability,
        **value_json("observed", one.observed),
    }


def calibration_json(calibration: JudgedCalibration) -> Json:
    """What has no value is null, and says why in `undefined`; log odds for slope, intercept and in-the-large."""
    found: Json = {}
    for name, value in calibration.numbers.items():
        found |= _number(name, value)
    found["bands"] = [_band(band) for band in calibration.bands]
    found["in_words"] = calibration.in_words
    if calibration.curve is not None:
        found["curve"] = _curve(calibration.curve)
    return found


def _number(name: str, value: Estimate | UndefinedMetric) -> Json:
    found = value_json(name, value)
    if isinstance(value, UndefinedMetric):
        found[f"{name}_undefined"] = value.reason
    elif value.note is not None:
        found[f"{name}_note"] = value.note
    return found


def _band(band: ProbabilityBand) -> Json:
    return {
        "low": band.low,
        "high": band.high,
        "n": band.observed.n,
        "positives": band.positives,
        "stated": band.stated,
        **value_json("observed", band.observed),
        "off": band.off,
    }


def _curve(curve: CalibrationCurve | UndefinedMetric) -> Json:
    if isinstance(curve, UndefinedMetric):
        return {"undefined": curve.reason}
    return {
        "method": curve.method,
        "stated": curve.probability.tolist(),
        "observed": curve.observed.tolist(),
        "low": curve.low.tolist(),
        "high": curve.high.tolist(),
    }


def decision_curve_json(curve: DecisionCurve) -> Json:
    """Lists of one length; calling no one positive gives 0 throughout. A bound is null where there is no interval."""
    return {
        "thresholds": [round(one, 2) for one in curve.thresholds.tolist()],
        "model": curve.model.tolist(),
        "model_low": _plain(curve.model_low),
        "model_high": _plain(curve.model_high),
        "treat_all": curve.everyone.tolist(),
        "treat_all_low": _plain(curve.everyone_low),
        "treat_all_high": _plain(curve.everyone_high),
    }


def _plain(values: FloatArray) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def subgroup_test_json(test: SubgroupTest) -> Json:
    """What has no value is null; `untested` says why there is no gap, or is null."""
    return {
        "by": test.column,
        "group": test.group,
        "label": test.label,
        "measure": test.measure,
        "patients": test.patients,
        "rest_patients": test.rest_patients,
        **value_json("here", test.here),
        **value_json("rest", test.rest),
        **value_json("gap", test.gap),
        "p": test.p,
        "p_holm": test.p_holm,
        "untested": test.untested,
    }
