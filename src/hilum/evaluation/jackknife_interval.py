"""The interval of an average precision by patient: the jackknife's spread on the scale of log odds."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from hilum.statistics.estimate import LEVEL, Estimate
from hilum.statistics.few_patients import few_patients, too_few_patients
from hilum.statistics.outcomes import FloatArray
from hilum.statistics.proportion import wilson_bounds
from hilum.statistics.student import t_quantile


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
