"""Net benefit: what decisions are worth where a threshold probability says how many false alarms one find outweighs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, defined, known_patients, known_probabilities

THRESHOLDS = np.linspace(0.01, 0.99, 99)
"""Where a decision curve is taken."""
THRESHOLDS.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit over `thresholds` (m,) of the `model` and of calling `everyone` positive; calling no one gives 0.

    Each is (m,), between its bounds `_low` and `_high`, which are NaN where there is no interval.
    """

    thresholds: FloatArray
    model: FloatArray
    model_low: FloatArray
    model_high: FloatArray
    everyone: FloatArray
    everyone_low: FloatArray
    everyone_high: FloatArray


def net_benefit(true_share: float, *, false_share: float, threshold: float) -> float:
    """True positives minus false positives times threshold / (1 - threshold), each as a share of all images.

    1 would be a true positive in every image, 0 is what calling no one positive gives. `threshold` in [0, 1) is the
    probability at which acting is worth as much as leaving: at 0.2, one find outweighs four false alarms. Source:
    Vickers and Elkin 2006.
    """
    return true_share - threshold / (1 - threshold) * false_share


def net_benefit_of_calls(
    true_positives: FloatArray, *, false_positives: FloatArray, images: FloatArray, threshold: float
) -> Estimate | None:
    """The net benefit of calls that are counted by patient, each (P,), with its 95% interval; None without images.

    The interval is that of a difference of two correlated numbers, from the clustered Wilson intervals of the two
    shares (Zou 2007): where there is no false alarm yet, it allows for some.
    """
    gained, lost = (defined(clustered_share(of, trials=images)) for of in (true_positives, false_positives))
    if gained is None or lost is None:
        return None
    correlation = _correlation(true_positives, false_positives, images)
    return weighted_difference(gained, lost, odds=threshold / (1 - threshold), correlation=correlation)


def net_benefit_of_everyone(ill: FloatArray, *, images: FloatArray, threshold: float) -> Estimate | None:
    """The net benefit of calling every image positive; `ill` and `images` are counted by patient, each (P,)."""
    share = defined(clustered_share(ill, trials=images))
    if share is None:
        return None

    def worth(prevalence: float) -> float:
        return net_benefit(prevalence, false_share=1 - prevalence, threshold=threshold)

    return share.through(worth)


def weighted_difference(gained: Estimate, lost: Estimate, *, odds: float, correlation: float) -> Estimate:
    """`gained - odds * lost`, with the interval that follows from their own and from their `correlation` (Zou 2007)."""
    value = gained.value - odds * lost.value
    if gained.interval is None or lost.interval is None:
        return Estimate(value, None, note=gained.note or lost.note)
    below = _length(gained.value - gained.interval[0], odds * (lost.interval[1] - lost.value), correlation)
    above = _length(gained.interval[1] - gained.value, odds * (lost.value - lost.interval[0]), correlation)
    return Estimate(value, (value - below, value + above), method="MOVER")


def decision_curve(
    truth: npt.ArrayLike, *, probabilities: npt.ArrayLike, patients: npt.ArrayLike
) -> DecisionCurve | UndefinedMetric:
    """The net benefit of calling positive from each of `THRESHOLDS` on, with pointwise 95% bands by patient.

    `truth` (n,) is 0, 1 or missing (left out), `probabilities` (n,) in [0, 1], `patients` (n,) names the patient of
    each row. `UndefinedMetric` where an outcome is missing. Raises `DataError` for malformed input.
    """
    outcomes = known_probabilities(truth, probabilities=probabilities)
    patient = known_patients(patients, truth=truth, outcomes=outcomes)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        return undefined
    reached = np.searchsorted(THRESHOLDS, outcomes.scores, side="right")  # how many thresholds a row reaches
    count = int(patient.max()) + 1

    def counted(rows: npt.NDArray[np.bool_]) -> FloatArray:
        return np.bincount(patient[rows], minlength=count).astype(np.float64)

    images, ill = counted(np.ones(outcomes.n, np.bool_)), counted(outcomes.truth)
    model, everyone = [], []
    for place, threshold in enumerate(THRESHOLDS.tolist()):
        called = reached > place
        tp, fp = counted(called & outcomes.truth), counted(called & ~outcomes.truth)
        model.append(net_benefit_of_calls(tp, false_positives=fp, images=images, threshold=threshold))
        everyone.append(net_benefit_of_everyone(ill, images=images, threshold=threshold))
    return DecisionCurve(THRESHOLDS, *_lines(model), *_lines(everyone))


def _lines(estimates: list[Estimate | None]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The values and both bounds, each (m,)."""
    known = [each for each in estimates if each is not None]
    bounds = [(math.nan, math.nan) if each.interval is None else each.interval for each in known]
    low, high = np.array(bounds, np.float64).T
    return np.array([each.value for each in known], np.float64), low, high


def _correlation(one: FloatArray, other: FloatArray, of: FloatArray) -> float:
    """Of two shares of the same images, over draws of patients."""
    first, second = (part - part.sum() / of.sum() * of for part in (one, other))
    spread = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / spread if spread > 0 else 0.0


def _length(one: float, other: float, correlation: float) -> float:
    return math.sqrt(max(0.0, one**2 + other**2 - 2 * correlation * one * other))
