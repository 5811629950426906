"""The threshold at and above which a score is called positive, chosen on validation data only.

Every rule walks the same candidates: one cut between each two neighbouring distinct scores, one below all and one
above all. The threshold returned lies midway between the scores that it parts, so that it makes the same decisions on
these data after rounding (of half precision, of another engine); the cut below all is the lowest score itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError
from hilum.statistics.outcomes import FloatArray, Outcomes, UndefinedMetric, known_outcomes


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold (positive is `score >= threshold`), and what it reaches on the data that it was chosen on.

    `sensitivity` and `specificity` are shares in [0, 1]; `rule` names the rule for the card.
    """

    threshold: float
    sensitivity: float
    specificity: float
    n: int
    positives: int
    rule: str


def stated_point(threshold: float, *, rule: str) -> OperatingPoint:
    """A threshold as it is given: what it reached where it was chosen is not asked."""
    return OperatingPoint(threshold, sensitivity=math.nan, specificity=math.nan, n=0, positives=0, rule=rule)


def youden_point(truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> OperatingPoint | UndefinedMetric:
    """The cut with the greatest sensitivity + specificity - 1 (Youden 1950).

    Among cuts that are equally good it is the one with the highest sensitivity, since a missed finding costs more than
    a false alarm. `UndefinedMetric` where there are no positives or no negatives.
    """
    found = _outcomes_and_cuts(truth, scores=scores)
    if isinstance(found, UndefinedMetric):
        return found
    outcomes, cuts = found
    # in whole pairs, so that equal cuts compare equal: J * positives * negatives
    gain = cuts.true_positives * (outcomes.n - outcomes.positives) - cuts.false_positives * outcomes.positives
    best = int(np.flatnonzero(gain == gain.max())[-1])
    return _point(cuts, best, outcomes, rule="greatest Youden index")


def point_at_sensitivity(
    truth: npt.ArrayLike, *, scores: npt.ArrayLike, sensitivity: float
) -> OperatingPoint | UndefinedMetric:
    """The highest cut whose sensitivity is at least `sensitivity`, in (0, 1]: the greatest specificity that allows it.

    Scores tied with each other stay together, so the sensitivity reached may be higher than asked. `UndefinedMetric`
    where there are no positives or no negatives; raises `UsageError` for a target out of range.
    """
    if not 0.0 < sensitivity <= 1.0:
        raise UsageError(f"The sensitivity must be above 0 and at most 1, not {sensitivity}")
    found = _outcomes_and_cuts(truth, scores=scores)
    if isinstance(found, UndefinedMetric):
        return found
    outcomes, cuts = found
    reached = cuts.true_positives / outcomes.positives >= sensitivity
    return _point(cuts, int(np.argmax(reached)), outcomes, rule=f"sensitivity of at least {sensitivity:g}")


def point_at_specificity(
    truth: npt.ArrayLike, *, scores: npt.ArrayLike, specificity: float
) -> OperatingPoint | UndefinedMetric:
    """The lowest cut whose specificity is at least `specificity`, in (0, 1]: the greatest sensitivity that allows it.

    Scores tied with each other stay together, so the specificity reached may be higher than asked, and the sensitivity
    0 where the highest scores are those of negatives. `UndefinedMetric` where there are no positives or no negatives;
    raises `UsageError` for a target out of range.
    """
    if not 0.0 < specificity <= 1.0:
        raise UsageError(f"The specificity must be above 0 and at most 1, not {specificity}")
    found = _outcomes_and_cuts(truth, scores=scores)
    if isinstance(found, UndefinedMetric):
        return found
    outcomes, cuts = found
    negatives = outcomes.n - outcomes.positives
    reached = (negatives - cuts.false_positives) / negatives >= specificity
    return _point(cuts, int(np.flatnonzero(reached)[-1]), outcomes, rule=f"specificity of at least {specificity:g}")


@dataclass(frozen=True, slots=True, eq=False)
class _Cuts:
    """All cuts from the highest down; the first calls nothing positive, the last everything."""

    thresholds: FloatArray
    true_positives: npt.NDArray[np.int64]
    false_positives: npt.NDArray[np.int64]


def _outcomes_and_cuts(truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> tuple[Outcomes, _Cuts] | UndefinedMetric:
    outcomes = known_outcomes(truth, scores=scores)
    return outcomes.lacks_an_outcome() or (outcomes, _cuts(outcomes))


def _cuts(outcomes: Outcomes) -> _Cuts:
    order = np.argsort(-outcomes.scores, kind="stable")
    truth, scores = outcomes.truth[order], outcomes.scores[order]
    last_of_tie = np.flatnonzero(np.append(np.diff(scores) != 0, True))
    true_positives = np.cumsum(truth)[last_of_tie]
    above = scores[last_of_tie]  # the lowest score that each cut calls positive
    thresholds = above.copy()
    middle = above[1:] + (above[:-1] - above[1:]) / 2
    thresholds[:-1] = np.where(middle > above[1:], middle, above[:-1])  # neighbours in floating point have no middle
    return _Cuts(
        np.concatenate([[np.nextafter(scores[0], np.inf)], thresholds]),
        np.concatenate([[0], true_positives]),
        np.concatenate([[0], last_of_tie + 1 - true_positives]),
    )


def _point(cuts: _Cuts, index: int, outcomes: Outcomes, *, rule: str) -> OperatingPoint:
    negatives = outcomes.n - outcomes.positives
    return OperatingPoint(
        threshold=float(cuts.thresholds[index]),
        sensitivity=float(cuts.true_positives[index] / outcomes.positives),
        specificity=float((negatives - cuts.false_positives[index]) / negatives),
        n=outcomes.n,
        positives=outcomes.positives,
        rule=rule,
    )
