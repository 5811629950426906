"""Average precision: the area under the precision-recall curve, as a step function."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from hilum.statistics.estimate import LEVEL, Estimate
from hilum.statistics.few_patients import few_patients, t_quantile, too_few_patients
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes
from hilum.statistics.proportion import wilson_bounds


def average_precision(truth: npt.ArrayLike, *, scores: npt.ArrayLike) -> float | UndefinedMetric:
    """`sum_i (R_i - R_(i-1)) P_i` over the distinct scores from the highest down, without interpolation.

    `truth` (n,) is 0, 1 or missing (left out), `scores` (n,) any finite scores; rows with one score enter together. A
    useless score gives the prevalence, so compare it only at one prevalence. `UndefinedMetric` where there are no
    positives or no negatives. Source: Davis and Goadrich 2006, in scikit-learn's definition.
    """
    outcomes = known_outcomes(truth, scores=scores)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        return undefined
    order = np.argsort(-outcomes.scores, kind="stable")
    truth_sorted, scores_sorted = outcomes.truth[order], outcomes.scores[order]
    last_of_tie = np.flatnonzero(np.append(np.diff(scores_sorted) != 0, True))
    true_positives = np.cumsum(truth_sorted)[last_of_tie]
    precision = true_positives / (last_of_tie + 1)
    recall_gain = np.diff(true_positives, prepend=0) / outcomes.positives
    return float((recall_gain * precision).sum())


def jackknife_error(jackknife: FloatArray) -> float:
    """The standard error that values (G,), each with one of G groups of patients left out, give (Tukey 1958)."""
    return math.sqrt((jackknife.size - 1) / jackknife.size * float(((jackknife - jackknife.mean()) ** 2).sum()))


def precision_estimate(value: float, *, jackknife: FloatArray, ill: int, well: int) -> Estimate:
    """An average precision in [0, 1] with its interval from the `jackknife` (G,) of it over patients.

    The interval is symmetric in log odds, with Student's quantile for the `ill` patients who have a positive image:
    they are what an average precision is a mean over. At 1, where the jackknife shows no spread, it is Wilson's for so
    many patients. No interval where `ill` or `well` patients are too few.
    """
    reason = too_few_patients(ill=ill, well=well)
    defined = jackknife[~np.isnan(jackknife)]
    if reason is not None or defined.size < 2:
        return Estimate(value, None, note=reason)
    note = few_patients(ill=ill, well=well)
    error = jackknife_error(defined)
    if not 0.0 < value < 1.0 or error == 0.0:
        bounds = wilson_bounds(value, n=ill, z=NormalDist().inv_cdf(0.5 + LEVEL / 2))
        return Estimate(value, bounds, method="Wilson", note=note, groups=ill)
    half = t_quantile(0.5 + LEVEL / 2, degrees=ill - 1) * error / (value * (1 - value))
    centre = math.log(value / (1 - value))
    low, high = (1 / (1 + math.exp(min(-centre - side * half, 700.0))) for side in (-1, 1))
    return Estimate(value, (low, high), method="jackknife logit by patient", note=note)
