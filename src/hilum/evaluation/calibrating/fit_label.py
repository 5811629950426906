"""One label fitted on somebody's own images: calibration, operating point, intervals, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hilum.bundle.label import NOT_RELIABLE, Label, LabelFit, PlattCalibration
from hilum.errors import DataError
from hilum.evaluation.calibrating.cross_fit import cross_fit, cross_fitted_result
from hilum.evaluation.calibrating.fit_calibration import calibration_intervals, fit_calibration
from hilum.evaluation.calibrating.label_images import SLOPE_FROM, LabelImages
from hilum.evaluation.calibrating.rule import PointRule
from hilum.evaluation.predictions.patient_bootstrap import SEED, estimate, patient_rows
from hilum.statistics.auroc_interval import patient_auroc
from hilum.statistics.bootstrap import patient_weights
from hilum.statistics.estimate import Interval
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import FloatArray, UndefinedMetric

DRAWS = 1_000
"""Draws of patients behind the interval of an operating point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedLabel:
    """The label as the new card has it; `unfitted` says in words why it was not fitted, None where it was.

    A label that was not fitted for want of patients stays as it was. One whose scores do not rank these images better
    than chance is decided no more: it is `withdrawn`.
    """

    label: Label
    unfitted: str | None = None
    withdrawn: bool = False


def fit_label(images: LabelImages, *, label: Label, rule: PointRule, name: str, says: str) -> FittedLabel:
    """Fit `label` on the images called `name`; `says` ends the rule on the card, such as `on 412 images of …`."""
    few = images.too_few()
    if few is not None:
        return FittedLabel(label=label, unfitted=few)
    useless = no_better_than_chance(images)
    if useless is not None:
        return withdrawn(label, why=useless)
    kept_slope = None if images.give_a_slope else label.calibration.slope
    try:
        calibration = fit_calibration(images, kept_slope=kept_slope)
        point = _point(images, calibration=calibration, rule=rule)
        crossed = cross_fit(images, rule=rule, kept_slope=kept_slope)
    except DataError as error:
        return withdrawn(label, why=str(error))
    return FittedLabel(
        label=Label(
            name=label.name,
            calibration=calibration,
            operating_point=point.threshold,
            operating_point_rule=f"{rule.in_words} {says}",
            results=(cross_fitted_result(images, fitted=crossed, name=name),),
            fit=_fit(images, calibration=calibration, point=point, rule=rule, kept_slope=kept_slope),
        )
    )


def no_better_than_chance(images: LabelImages) -> str | None:
    """Why the logits are not shown to rank these images, in words; None where they are."""
    patients = patient_rows(images.patients.tolist())
    found = patient_auroc(
        images.truth.astype(np.float64), scores=images.logits, patients=patients.index, count=patients.count
    )
    if isinstance(found, UndefinedMetric):
        return found.reason
    value, bounds = found.estimate.value, found.estimate.interval
    if value <= 0.5:
        return f"the scores rank these images the wrong way round, or not at all (AUROC {value:.3f})"
    if bounds is None or bounds[0] > 0.5:
        return None
    return (
        f"the scores are not shown to rank these images better than chance (AUROC {value:.3f}, 95% interval "
        f"{bounds[0]:.3f} to {bounds[1]:.3f})"
    )


def withdrawn(label: Label, *, why: str) -> FittedLabel:
    """The label without a decision: what was chosen elsewhere is not to be used where it has failed."""
    changes = {
        "operating_point": None,
        "operating_point_rule": f"none: {NOT_RELIABLE}",
        "not_reliable": why,
        "not_reliable_in": (),
        "results": (),
        "fit": None,
    }
    return FittedLabel(label=label.changed(changes), unfitted=why, withdrawn=True)


def _point(images: LabelImages, *, calibration: PlattCalibration, rule: PointRule) -> OperatingPoint:
    point = rule.point(images.truth, scores=calibration.probabilities(images.logits))
    if isinstance(point, UndefinedMetric):
        raise DataError(point.reason)
    if point.sensitivity == 0.0:
        raise DataError(f"no cut with a {rule.in_words} finds anything")
    return point


def _fit(
    images: LabelImages,
    *,
    calibration: PlattCalibration,
    point: OperatingPoint,
    rule: PointRule,
    kept_slope: float | None,
) -> LabelFit:
    kept = kept_slope is not None
    intervals = calibration_intervals(images, calibration=calibration, slope_was_kept=kept)
    return LabelFit(
        n=images.n,
        positives=images.positives,
        ill_patients=images.ill,
        well_patients=images.well,
        fitted=f"the intercept alone: a slope needs {SLOPE_FROM} patients with the finding and {SLOPE_FROM} without"
        if kept
        else "slope and intercept",
        slope_ci=intervals.slope,
        intercept_ci=intervals.intercept,
        operating_point_ci=point_interval(
            images, scores=calibration.probabilities(images.logits), point=point, rule=rule
        ),
    )


def point_interval(
    images: LabelImages, *, scores: FloatArray, point: OperatingPoint, rule: PointRule
) -> Interval | None:
    """Where `rule` would put `point` with other patients: the 95% percentiles over `DRAWS` of whole patients."""
    found = []
    weights = patient_weights(images.patients, replicates=DRAWS, rng=np.random.default_rng(SEED))
    for batch in weights:
        for weight in batch:
            rows = np.repeat(np.arange(images.n), weight)
            drawn = rule.point(images.truth[rows], scores=scores[rows])
            found.append(np.nan if isinstance(drawn, UndefinedMetric) else min(drawn.threshold, 1.0))
    return estimate(point.threshold, draws=np.array(found)).interval
