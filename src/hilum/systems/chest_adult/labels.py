"""The labels of the bundle: calibrated, decided and judged by what the study's networks said of images unseen by them.

A bundle's networks are made by the same recipes as the study's and on more images, so their logits are taken to mean
what those of the folds' networks mean: each head has the mean of the folds' calibrations, and then the one that makes
the pooled out-of-fold probabilities right. That one, and the operating point after it, ship as they are fitted on all
folds.

They are not judged so: on the rows that a threshold was chosen on, it flatters, its sensitivity by some 0.06 where 45
images have the finding. Sensitivity, specificity and calibration on the card are cross-fitted: for each fold both are
fitted on the other folds' predictions and applied to its own, and all folds are judged together. The AUROC is that of
the out-of-fold predictions as they are, which no fit changes. What ships knows a fold more than what is judged.

Where a label is not decided in a view, its operating point is chosen without that view's images, and it is judged
without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hilum.bundle.label import NOT_RELIABLE, RAW, Label, LabelResult, PlattCalibration
from hilum.evaluation.bundles.result_on_card import decided_on_card
from hilum.evaluation.calibrating.cross_fit import CrossFitted
from hilum.evaluation.judging.covariate_baselines import ALL, covariate_baselines
from hilum.evaluation.judging.decisions import chosen_point
from hilum.evaluation.judging.earned_label import EarnedLabel, earned_labels, views_of
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.calibration import log_odds
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import BoolArray, FloatArray, UndefinedMetric, known_outcomes
from hilum.systems.chest_adult.limits import views_not_reliable
from hilum.systems.chest_adult.looks import Looks, mean_calibration, mean_scales
from hilum.systems.chest_adult.study import CROP, LOCAL, MEAN
from hilum.training.export.read_validation import platt_or_raw

IMAGES = "cross-validated"
RULE = "greatest Youden index of cross-validated probabilities"
BASELINE = f"{ALL}, without the picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultLabels:
    """The labels of each head, in the graph's order; `mean` reads the calibrated logits' mean."""

    mean: tuple[Label, ...]
    whole: tuple[Label, ...]
    crop: tuple[Label, ...]


def adult_labels(predictions: dict[str, Predictions], *, looks: Looks) -> AdultLabels:
    """The labels by the study's out-of-fold `predictions` of each arm and the `looks` at its networks.

    A label decides where it has earned it in the arm whose head reads, and in the mean; in a view, where it is told
    there in both. Raises `DataError` for predictions that are not cross-validated.
    """
    earned = {one.label: one for one in earned_labels(predictions[MEAN])}
    names = predictions[MEAN].labels
    scales = [PlattCalibration(slope=scale, intercept=0.0) for scale in mean_scales(looks, labels=names)]
    whole, crop = ([mean_calibration(looks[arm], label=name) for name in names] for arm in (LOCAL, CROP))
    return AdultLabels(
        mean=_labels(predictions[MEAN], before=scales, also=earned),
        whole=_labels(predictions[LOCAL], before=whole, also=earned),
        crop=_labels(predictions[CROP], before=crop, also=earned),
    )


def _labels(
    predictions: Predictions, *, before: Sequence[PlattCalibration], also: Mapping[str, EarnedLabel]
) -> tuple[Label, ...]:
    """The labels of one arm; `before` lead from its head's logits to those of the arm's probabilities, by label.

    `also` is what each label has earned in the mean.
    """
    simple, views = covariate_baselines(predictions)[ALL], views_of(predictions)
    found = []
    for column, own in enumerate(earned_labels(predictions)):
        mean = also[own.label]
        weak = {one.view: one for each in (own, mean) for one in views_not_reliable(each.by_view)}
        made = _label(
            predictions,
            column=column,
            first=before[column],
            why_not=mean.reason or own.reason,
            decides=~np.isin(views, list(weak)),
            simple=simple[:, column],
        )
        if made.operating_point is not None:
            made = made.changed({"not_reliable_in": tuple(weak.values())})
        found.append(made)
    return tuple(found)


def _label(
    predictions: Predictions,
    *,
    column: int,
    first: PlattCalibration,
    why_not: str | None,
    decides: BoolArray,
    simple: FloatArray,
) -> Label:
    """One label; `decides` (n,) says in which images it is decided, by their view."""
    shipped = _fitted(predictions, column=column, rows=np.ones(predictions.n, np.bool_), decides=decides)
    name, calibration = predictions.labels[column], _both(first, shipped.calibration)
    if why_not is None:
        judged = _cross_fitted(predictions, column=column, decides=decides)
        if not isinstance(shipped.point, UndefinedMetric) and not isinstance(judged, UndefinedMetric):
            return Label(
                name=name,
                calibration=calibration,
                operating_point=shipped.point.threshold,
                operating_point_rule=RULE,
                results=(_result(predictions, column=column, judged=judged, decides=decides, simple=simple),),
            )
        why_not = next(one.reason for one in (shipped.point, judged) if isinstance(one, UndefinedMetric))
    return Label(
        name=name,
        calibration=calibration,
        operating_point=None,
        operating_point_rule=f"none: {NOT_RELIABLE}",
        not_reliable=why_not,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """What out-of-fold probabilities are recalibrated by, and the operating point among what that gives."""

    calibration: PlattCalibration
    point: OperatingPoint | UndefinedMetric


def _fitted(predictions: Predictions, *, column: int, rows: BoolArray, decides: BoolArray) -> _Fitted:
    """Both of one label: the calibration fitted on the `rows` (n,), the point on those of them that it `decides`."""
    truth, scores = predictions.truth[:, column], predictions.scores[:, column]
    calibration = _recalibration(truth[rows], probabilities=scores[rows])
    among = rows & decides
    outcomes = known_outcomes(truth[among], scores=_recalibrated(scores[among], by=calibration))
    patients = np.array(predictions.patient)[among][outcomes.rows]
    return _Fitted(calibration=calibration, point=chosen_point(outcomes, patients=patients))


def _cross_fitted(predictions: Predictions, *, column: int, decides: BoolArray) -> CrossFitted | UndefinedMetric:
    """Each fold's rows by what is fitted on the other folds; `UndefinedMetric` where any fold's point has no value."""
    folds, scores = np.array(predictions.split), predictions.scores[:, column]
    stated, called = np.empty(predictions.n), np.zeros(predictions.n, np.bool_)
    for fold in np.unique(folds):
        here = folds == fold
        fitted = _fitted(predictions, column=column, rows=~here, decides=decides)
        if isinstance(fitted.point, UndefinedMetric):
            return replace(fitted.point, reason=f"without {fold} {fitted.point.reason}")
        stated[here] = _recalibrated(scores[here], by=fitted.calibration)
        called[here] = stated[here] >= fitted.point.threshold
    return CrossFitted(stated, called)


def _result(
    predictions: Predictions, *, column: int, judged: CrossFitted, decides: BoolArray, simple: FloatArray
) -> LabelResult:
    """What is reached in the images that the label is decided in."""
    views = views_of(predictions)
    return decided_on_card(
        predictions.truth[decides, column],
        scores=predictions.scores[decides, column],
        probabilities=judged.probabilities[decides],
        called=judged.called[decides],
        simple=simple[decides],
        baseline=BASELINE,
        patients=np.array(predictions.patient)[decides].tolist(),
        images=IMAGES if decides.all() else f"{IMAGES}, view {' and '.join(np.unique(views[decides]))}",
    )


def _recalibration(truth: FloatArray, *, probabilities: FloatArray) -> PlattCalibration:
    """What makes pooled probabilities right; nothing where nothing can be fitted."""
    return platt_or_raw(truth, logits=log_odds(probabilities))


def _recalibrated(probabilities: FloatArray, *, by: PlattCalibration) -> FloatArray:
    return by.probabilities(log_odds(probabilities))


def _both(first: PlattCalibration, second: PlattCalibration) -> PlattCalibration:
    """The calibration that is `first`, then `second`."""
    if first.method == second.method == "none":
        return RAW
    return PlattCalibration(
        slope=first.slope * second.slope, intercept=first.intercept * second.slope + second.intercept
    )
