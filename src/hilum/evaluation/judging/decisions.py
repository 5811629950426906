"""Operating points from validation predictions, what they reach on the judged ones, and what that is worth.

Nothing here fits on what it judges: a threshold comes from `ValidationPredictions`, which cannot be made of a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.evaluation.predictions.patient_bootstrap import PatientRows
from hilum.evaluation.predictions.validation import ValidationPredictions, checked_validation
from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Estimate
from hilum.statistics.few_patients import too_few_patients
from hilum.statistics.mover import mean_interval, ratio_interval
from hilum.statistics.net_benefit import (
    net_benefit,
    net_benefit_of_calls,
    net_benefit_of_everyone,
    weighted_difference,
)
from hilum.statistics.operating_point import OperatingPoint, point_at_sensitivity, youden_point
from hilum.statistics.outcomes import FloatArray, Outcomes, UndefinedMetric, defined, known_outcomes

WORTH: tuple[str, ...] = ("lr_positive", "lr_negative", "net_benefit", "net_benefit_treat_all")
WORTH_AT_PREVALENCE: tuple[str, ...] = ("net_benefit_at_prevalence", "net_benefit_treat_all_at_prevalence")


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCounts:
    """Images of each patient by kind, each (P,)."""

    true_positives: FloatArray
    false_positives: FloatArray
    true_negatives: FloatArray
    false_negatives: FloatArray


def decision_worth(counts: DecisionCounts, *, threshold: float, prevalence: float | None) -> dict[str, Estimate | None]:
    """`WORTH`, and `WORTH_AT_PREVALENCE` where a `prevalence` in (0, 1) is stated; None where there is no value.

    The positive likelihood ratio has none where nothing well was called positive, net benefit none where `threshold`
    is no probability below 1. Intervals are made from the clustered intervals of the shares (MOVER).
    """
    tp, fp, tn, fn = counts.true_positives, counts.false_positives, counts.true_negatives, counts.false_negatives
    found = {
        "lr_positive": _ratio(share(tp, of=tp + fn), share(fp, of=tn + fp)),
        "lr_negative": _ratio(share(fn, of=tp + fn), share(tn, of=tn + fp)),
    }
    names = WORTH[2:] if prevalence is None else (*WORTH[2:], *WORTH_AT_PREVALENCE)
    if not 0.0 <= threshold < 1.0:
        return found | dict.fromkeys(names)
    images = tp + fp + tn + fn
    found |= {
        "net_benefit": net_benefit_of_calls(tp, false_positives=fp, images=images, threshold=threshold),
        "net_benefit_treat_all": net_benefit_of_everyone(tp + fn, images=images, threshold=threshold),
    }
    if prevalence is not None:
        found |= _at_prevalence(counts, threshold=threshold, prevalence=prevalence)
    return found


def _at_prevalence(counts: DecisionCounts, *, threshold: float, prevalence: float) -> dict[str, Estimate | None]:
    hit = share(counts.true_positives, of=counts.true_positives + counts.false_negatives)
    alarm = share(counts.false_positives, of=counts.false_positives + counts.true_negatives)
    model = None
    if hit is not None and alarm is not None:  # of ill and of well patients: they count as independent
        gained, lost = hit.through(lambda part: part * prevalence), alarm.through(lambda part: part * (1 - prevalence))
        model = weighted_difference(gained, lost, odds=threshold / (1 - threshold), correlation=0.0)
    everyone = net_benefit(prevalence, false_share=1 - prevalence, threshold=threshold)
    return {
        "net_benefit_at_prevalence": model,
        "net_benefit_treat_all_at_prevalence": Estimate(everyone, None, note="it follows from what is stated"),
    }


def share(part: FloatArray, *, of: FloatArray) -> Estimate | None:
    """The share of images counted by patient, each (P,), with its interval; None where there are none."""
    return defined(clustered_share(part, trials=of))


def _ratio(first: Estimate | None, second: Estimate | None) -> Estimate | None:
    if first is None or second is None or second.value == 0:
        return None
    interval = ratio_interval(first, second)
    if interval is None:
        return Estimate(first.value / second.value, None, note=first.note or second.note)
    return Estimate(first.value / second.value, interval, method="MOVER")


MEASURES: tuple[str, ...] = ("sensitivity", "specificity", "ppv", "npv", "f1", "balanced_accuracy")
AT_PREVALENCE: tuple[str, ...] = ("ppv_at_prevalence", "npv_at_prevalence")


@dataclass(frozen=True, slots=True)
class Decisions:
    """What one operating point reaches; a measure without a value (a share of nothing) is None.

    `measures` holds `MEASURES` and `WORTH`, and those at a prevalence where one was stated. Intervals are over the
    judged patients; the threshold stays as it is. `prevalence` is the stated one, in (0, 1).
    """

    threshold: float
    rule: str
    measures: dict[str, Estimate | None]
    prevalence: float | None = None


def operating_points(
    validation: ValidationPredictions, *, labels: Sequence[str], sensitivity: float | None
) -> dict[str, OperatingPoint | UndefinedMetric]:
    """One operating point a label: Youden's, or the highest cut that reaches `sensitivity` on validation.

    Raises `UsageError` for anything but `ValidationPredictions` and `DataError` where a label is not in them.
    """
    points = {}
    for label in labels:
        there = checked_validation(validation).outcomes(label)
        patients = np.asarray(validation.predictions.patient)[there.rows]
        points[label] = chosen_point(there, patients=patients, sensitivity=sensitivity)
    return points


def chosen_point(
    there: Outcomes, *, patients: npt.ArrayLike, sensitivity: float | None = None
) -> OperatingPoint | UndefinedMetric:
    """Youden's point of validation outcomes, or the highest cut that reaches `sensitivity`.

    `patients` (n,) names the patient of each outcome. `UndefinedMetric` where an outcome is lacking, or fewer than five
    patients have it: a threshold between so few is left to chance.
    """
    undefined = there.lacks_an_outcome()
    if undefined is not None:
        return undefined
    names = np.asarray(patients)
    ill, well = (len(np.unique(names[kind])) for kind in (there.truth, ~there.truth))
    reason = too_few_patients(ill=ill, well=well, what="an operating point")
    if reason is not None:
        return UndefinedMetric(reason, there.n, there.positives)
    if sensitivity is None:
        return youden_point(there.truth, scores=there.scores)
    return point_at_sensitivity(there.truth, scores=there.scores, sensitivity=sensitivity)


def decide(
    truth: FloatArray, *, scores: FloatArray, point: OperatingPoint, patients: PatientRows, prevalence: float | None
) -> Decisions:
    """What calling `score >= threshold` gives against `truth` (n,), each measure with its interval by patient.

    `prevalence` in (0, 1) is a stated one, and adds the measures at it. Raises `UsageError` for any other.
    """
    if prevalence is not None and not 0.0 < prevalence < 1.0:
        raise UsageError(f"The prevalence must lie between 0 and 1; given: {prevalence:g}")
    outcomes = known_outcomes(truth, scores=scores)
    called, positive = outcomes.scores >= point.threshold, outcomes.truth
    patient = patients.index[outcomes.rows]
    kinds = (called & positive, called & ~positive, ~called & ~positive, ~called & positive)
    tp, fp, tn, fn = (np.bincount(patient[kind], minlength=patients.count).astype(np.float64) for kind in kinds)
    sensitivity, specificity = share(tp, of=tp + fn), share(tn, of=tn + fp)
    overlap = share(tp, of=tp + fp + fn)  # of right positive calls among all that are positive or called so
    found = {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": share(tp, of=tp + fp),
        "npv": share(tn, of=tn + fn),
        "f1": None if overlap is None else overlap.through(lambda part: 2 * part / (1 + part)),
        "balanced_accuracy": _balanced(sensitivity, specificity),
    }
    if prevalence is not None:
        found["ppv_at_prevalence"] = predictive_value(sensitivity, other=specificity, prevalence=prevalence)
        found["npv_at_prevalence"] = predictive_value(specificity, other=sensitivity, prevalence=1 - prevalence)
    found |= decision_worth(DecisionCounts(tp, fp, tn, fn), threshold=point.threshold, prevalence=prevalence)
    return Decisions(point.threshold, point.rule, found, prevalence)


def predictive_value(kept: Estimate | None, *, other: Estimate | None, prevalence: float) -> Estimate | None:
    """The share of a call's bearers that are of the kind called, where that kind has `prevalence` in (0, 1), by Bayes.

    `kept` is the share of that kind that is called so (sensitivity for PPV), `other` the share of the other kind that
    is not (specificity for PPV). The interval is that of the ratio of the two kinds among the called. None where
    nothing would be called so.
    """
    if kept is None or other is None:
        return None
    wrong, odds = other.through(lambda kept: 1 - kept), prevalence / (1 - prevalence)
    if kept.value > 0:
        wrong_to_kept = ratio_interval(wrong, kept)
        value = 1 / (1 + wrong.value / kept.value / odds)
        bounds = None if wrong_to_kept is None else tuple(1 / (1 + each / odds) for each in reversed(wrong_to_kept))
    elif wrong.value > 0:
        kept_to_wrong = ratio_interval(kept, wrong)
        value = 0.0
        bounds = None if kept_to_wrong is None else (0.0, 1 - 1 / (1 + kept_to_wrong[1] * odds))
    else:
        return None
    if bounds is None:
        return Estimate(value, None, note=kept.note or other.note)
    return Estimate(value, (bounds[0], bounds[1]), method="MOVER")


def _balanced(sensitivity: Estimate | None, specificity: Estimate | None) -> Estimate | None:
    if sensitivity is None or specificity is None:
        return None
    value, interval = (sensitivity.value + specificity.value) / 2, mean_interval(sensitivity, specificity)
    if interval is None:
        return Estimate(value, None, note=sensitivity.note or specificity.note)
    return Estimate(value, interval, method="MOVER")
