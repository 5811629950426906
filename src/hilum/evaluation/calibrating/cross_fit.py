"""What a fit is worth to patients that it did not see: fitted on four fifths of them, judged on the last, five times.

A network that never saw these images ranks them as well as it will rank others, so its AUROC needs no folds. What a
threshold and a calibration reach on the images that they were chosen on flatters them; here no patient judges a fit
that knew it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.bundle.label import LabelResult
from hilum.errors import DataError
from hilum.evaluation.bundles.result_on_card import decided_on_card
from hilum.evaluation.calibrating.fit_calibration import fit_calibration
from hilum.evaluation.calibrating.label_images import FOLDS, LabelImages, folds_by_patient
from hilum.evaluation.calibrating.rule import PointRule
from hilum.evaluation.judging.sharpness import BASELINE
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
    """The card's row of one label on the images called `name`; the AUROC is that of the network's own scores.

    Raises as `decided_on_card` does.
    """
    return decided_on_card(
        images.truth.astype(np.float64),
        scores=images.logits,
        probabilities=fitted.probabilities,
        called=fitted.called,
        simple=-images.sharpness,
        baseline=BASELINE,
        patients=images.patients.tolist(),
        images=f"{name}, {CROSS_FITTED}",
    )
