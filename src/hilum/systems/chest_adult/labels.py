"""The labels of the bundle: calibrated, decided and judged by what the study's networks said of images unseen by them.

A bundle's networks are made by the same recipes as the study's and on more images, so their logits are taken to mean
what those of the folds' networks mean: each head has the mean of the folds' calibrations, and then the one that makes
the pooled out-of-fold probabilities right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.bundle.label import NOT_RELIABLE, RAW, Label, PlattCalibration
from hilum.errors import DataError
from hilum.evaluation.bundles.result_on_card import result_on_card
from hilum.evaluation.judging.covariate_baselines import ALL, covariate_baselines
from hilum.evaluation.judging.decisions import chosen_point
from hilum.evaluation.judging.earned_label import earned_labels
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.calibration import calibrate, fit_platt, log_odds
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes
from hilum.systems.chest_adult.looks import Looks, mean_calibration, mean_scales
from hilum.systems.chest_adult.study import CROP, LOCAL, MEAN

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

    A label decides where it has earned it in the arm whose head reads, and in the mean. Raises `DataError` for
    predictions that are not cross-validated.
    """
    refused = {one.label: one.reason for one in earned_labels(predictions[MEAN]) if one.reason is not None}
    names = predictions[MEAN].labels
    scales = [PlattCalibration(slope=scale, intercept=0.0) for scale in mean_scales(looks, labels=names)]
    whole, crop = ([mean_calibration(looks[arm], label=name) for name in names] for arm in (LOCAL, CROP))
    return AdultLabels(
        mean=_labels(predictions[MEAN], before=scales, refused=refused),
        whole=_labels(predictions[LOCAL], before=whole, refused=refused),
        crop=_labels(predictions[CROP], before=crop, refused=refused),
    )


def _labels(
    predictions: Predictions, *, before: Sequence[PlattCalibration], refused: dict[str, str]
) -> tuple[Label, ...]:
    """The labels of one arm; `before` lead from its head's logits to those of the arm's probabilities, by label."""
    simple = covariate_baselines(predictions)[ALL]
    found = []
    for column, own in enumerate(earned_labels(predictions)):
        why_not = refused.get(own.label, own.reason)
        found.append(
            _label(predictions, column=column, first=before[column], why_not=why_not, simple=simple[:, column])
        )
    return tuple(found)


def _label(
    predictions: Predictions, *, column: int, first: PlattCalibration, why_not: str | None, simple: FloatArray
) -> Label:
    name, truth = predictions.labels[column], predictions.truth[:, column]
    second = _recalibration(truth, probabilities=predictions.scores[:, column])
    calibration = _both(first, second)
    if why_not is None:
        logits = log_odds(predictions.scores[:, column])
        probabilities = calibrate(logits, slope=second.slope, intercept=second.intercept)
        outcomes = known_outcomes(truth, scores=probabilities)
        point = chosen_point(outcomes, patients=np.asarray(predictions.patient)[outcomes.rows])
        if not isinstance(point, UndefinedMetric):
            result = result_on_card(
                truth,
                probabilities=probabilities,
                simple=simple,
                baseline=BASELINE,
                patients=predictions.patient,
                operating_point=point.threshold,
                images=IMAGES,
            )
            return Label(
                name=name,
                calibration=calibration,
                operating_point=point.threshold,
                operating_point_rule=RULE,
                results=(result,),
            )
        why_not = point.reason
    return Label(
        name=name,
        calibration=calibration,
        operating_point=None,
        operating_point_rule=f"none: {NOT_RELIABLE}",
        not_reliable=why_not,
    )


def _recalibration(truth: FloatArray, *, probabilities: FloatArray) -> PlattCalibration:
    """What makes pooled probabilities right; nothing where nothing can be fitted."""
    try:
        fitted = fit_platt(truth, logits=log_odds(probabilities), smoothed_targets=True)
    except DataError:
        return RAW
    return PlattCalibration(slope=fitted.slope, intercept=fitted.intercept)


def _both(first: PlattCalibration, second: PlattCalibration) -> PlattCalibration:
    """The calibration that is `first`, then `second`."""
    if first.method == second.method == "none":
        return RAW
    return PlattCalibration(
        slope=first.slope * second.slope, intercept=first.intercept * second.slope + second.intercept
    )
