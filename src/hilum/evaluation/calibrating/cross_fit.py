"""What a fit is worth to patients that it did not see: fitted on four fifths of them, judged on the last, five times.

A network that never saw these images ranks them as well as it will rank others, so its AUROC needs no folds. What a
threshold and a calibration reach on the images that they were chosen on flatters them; here no patient judges a fit
that knew it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hilum.bundle.label import LabelResult
from hilum.bundle.result_calibration import ResultCalibration
from hilum.errors import DataError
from hilum.evaluation.bundles.result_on_card import calibration_on_card
from hilum.evaluation.calibrating.fit_calibration import fit_calibration
from hilum.evaluation.calibrating.label_images import FOLDS, LabelImages, folds_by_patient
from hilum.evaluation.calibrating.rule import PointRule
from hilum.evaluation.judging.decisions import decide
from hilum.evaluation.judging.sharpness import BASELINE
from hilum.evaluation.predictions.estimate_text import value_json
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.statistics.auroc_interval import patient_auroc
from hilum.statistics.operating_point import stated_point
from hilum.statistics.outcomes import BoolArray, FloatArray, UndefinedMetric

CROSS_FITTED = "cross-fitted by patient (fitted on 4/5, judged on 1/5, in turn)"


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """Of each image, (n,): the calibrated probability and the decision by a fit that knew no image of its patient."""

    probabilities: FloatArray
    called: BoolArray


def cross_fit(images: LabelImages, *, rule: PointRule, kept_slope: float | None) -> CrossFitted:
    """Fit calibration and operating point on the patients of four folds, apply both to the fifth, for each.

    Raises `DataError` where any of the folds cannot be fitted.
    """
    fold = folds_by_patient(images)
    stated, called = np.empty(images.n), np.zeros(images.n, np.bool_)
    for held in range(FOLDS):
        there, here = images.take(fold != held), fold == held
        calibration = fit_calibration(there, kept_slope=kept_slope)
        point = rule.point(there.truth, scores=calibration.probabilities(there.logits))
        if isinstance(point, UndefinedMetric):
            raise DataError(f"{point.reason} in four of five parts of the patients")
        stated[here] = calibration.probabilities(images.logits[here])
        called[here] = stated[here] >= point.threshold
    return CrossFitted(stated, called)


def cross_fitted_result(images: LabelImages, *, fitted: CrossFitted, name: str) -> LabelResult:
    """The card's row of one label on the images called `name`; the AUROC is that of the network's own scores."""
    truth = images.truth.astype(np.float64)
    patients = patient_rows(images.patients.tolist())
    auroc, simple = (
        patient_auroc(truth, scores=scores, patients=patients.index, count=patients.count)
        for scores in (images.logits, -images.sharpness)
    )
    if isinstance(auroc, UndefinedMetric) or isinstance(simple, UndefinedMetric):
        raise DataError(f"All {images.n} images are positive or all are negative; both are needed")
    decided = decide(
        truth,
        scores=fitted.called.astype(np.float64),
        point=stated_point(0.5, rule=CROSS_FITTED),
        patients=patients,
        prevalence=None,
    )
    shares: dict[str, Any] = {}
    for share in ("sensitivity", "specificity"):
        shares |= value_json(share, decided.measures[share])
    return LabelResult(
        set=f"{name}, {CROSS_FITTED}",
        n=images.n,
        positives=images.positives,
        **value_json("auroc", auroc.estimate),
        note=auroc.estimate.note,
        **shares,
        baseline=BASELINE,
        baseline_auroc=simple.value,
        calibration=_calibration(images, fitted=fitted),
    )


def _calibration(images: LabelImages, *, fitted: CrossFitted) -> ResultCalibration | None:
    """None where a threshold parts nearly all outcomes, so that nothing can be said of a slope."""
    try:
        return calibration_on_card(
            images.truth.astype(np.float64), probabilities=fitted.probabilities, patients=images.patients.tolist()
        )
    except DataError:
        return None
