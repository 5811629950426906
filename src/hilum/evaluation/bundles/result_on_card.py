"""How one label did on one set of images, as a card keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hilum.bundle.label import LabelResult
from hilum.bundle.result_calibration import ResultCalibration, StatedBand
from hilum.errors import DataError
from hilum.evaluation.judging.decisions import decide
from hilum.evaluation.judging.judged_calibration import judged_calibration
from hilum.evaluation.predictions.estimate_text import value_json
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.statistics.auroc_interval import patient_auroc
from hilum.statistics.operating_point import stated_point
from hilum.statistics.outcomes import BoolArray, FloatArray, UndefinedMetric, known_outcomes
from hilum.statistics.probability_error import brier, expected_calibration_error
from hilum.statistics.reliability import BINS


def result_on_card(
    truth: FloatArray,
    *,
    probabilities: FloatArray,
    simple: FloatArray,
    baseline: str,
    patients: Sequence[str],
    operating_point: float,
    images: str,
) -> LabelResult:
    """Judge calibrated `probabilities` (n,) against `truth` (n,), 0, 1 or NaN (left out), for a card.

    Positive is a probability of `operating_point` and more. `simple` (n,) are the scores of the `baseline` that is
    named beside it, higher for ill; `images` says which they are. Raises `DataError` where an outcome is missing.
    """
    return decided_on_card(
        truth,
        scores=probabilities,
        probabilities=probabilities,
        called=probabilities >= operating_point,
        simple=simple,
        baseline=baseline,
        patients=patients,
        images=images,
    )


def decided_on_card(
    truth: FloatArray,
    *,
    scores: FloatArray,
    probabilities: FloatArray,
    called: BoolArray,
    simple: FloatArray,
    baseline: str,
    patients: Sequence[str],
    images: str,
) -> LabelResult:
    """The same where ranking, calibration and decision come from three places: `scores`, `probabilities`, `called`.

    Each is (n,). So a cross-fit is judged: what ranks is the network's, what is stated and called a fit's that did not
    know the image. Raises `DataError` where an outcome is missing.
    """
    outcomes = known_outcomes(truth, scores=scores)
    rows = patient_rows(patients)
    auroc, beside = (
        patient_auroc(truth, scores=one, patients=rows.index, count=rows.count) for one in (scores, simple)
    )
    if isinstance(auroc, UndefinedMetric) or isinstance(beside, UndefinedMetric):
        lacking = outcomes.lacks_an_outcome()
        reason = "" if lacking is None else lacking.reason
        raise DataError(
            f"Cannot judge the model: {reason} among {outcomes.n} images. Give images with and without the finding"
        )
    point = stated_point(0.5, rule="as it was called")
    decided = decide(truth, scores=called.astype(np.float64), point=point, patients=rows, prevalence=None)
    shares: dict[str, Any] = {}
    for name in ("sensitivity", "specificity"):
        shares |= value_json(name, decided.measures[name])
    return LabelResult(
        set=images,
        n=outcomes.n,
        positives=outcomes.positives,
        **value_json("auroc", auroc.estimate),
        note=auroc.estimate.note,
        **shares,
        baseline=baseline,
        baseline_auroc=beside.value,
        calibration=calibration_on_card(truth, probabilities=probabilities, patients=patients),
    )


def calibration_on_card(truth: FloatArray, *, probabilities: FloatArray, patients: Sequence[str]) -> ResultCalibration:
    """Judge the calibration of `probabilities` (n,) against `truth` (n,), 0, 1 or NaN (left out), for a card.

    Raises `DataError` where no truth is known.
    """
    score = brier(truth, probabilities=probabilities)
    error = expected_calibration_error(truth, probabilities=probabilities, bins=BINS)
    if isinstance(score, UndefinedMetric) or isinstance(error, UndefinedMetric):
        raise DataError("No image has a known truth, so the calibration cannot be judged. Give images with labels")
    judged = judged_calibration(truth, probabilities=probabilities, patients=patients, with_curve=False)
    numbers: dict[str, Any] = {}
    for name, value in judged.numbers.items():
        numbers |= value_json(name, value)
    return ResultCalibration(
        brier=score,
        ece=error,
        **numbers,
        bands=tuple(
            StatedBand(
                low=band.low,
                high=band.high,
                n=band.observed.n or 0,
                positives=band.positives,
                stated=band.stated,
                observed_ci=band.observed.bounds,
            )
            for band in judged.bands
        ),
        in_words=judged.in_words,
    )
