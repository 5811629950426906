"""A share of images with its interval where patients have several images: Wilson's, with the patient as the unit."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.estimate import LEVEL, Estimate, Interval
from hilum.statistics.few_patients import t_quantile
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.proportion import wilson_bounds

ONE_PATIENT = "all images are of one patient"


def clustered_share(
    successes: npt.ArrayLike, *, trials: npt.ArrayLike, level: float = LEVEL
) -> Estimate | UndefinedMetric:
    """The share of all trials that succeed, with Wilson's score interval at the effective number of trials.

    `successes` and `trials` (P,) count the images of each patient; patients without trials say nothing. The images
    count as n / d independent ones, where d is the design effect: the variance of the share over patients, over that of
    independent images (Rao and Scott 1992), held between 1 and what it would be if all images of a patient agreed. A
    share of all or none says nothing of d, and takes that largest value. Where patients have several images, the
    quantile is Student's with one degree of freedom less than patients. It has a width at 0 and 1 too. With one image a
    patient it is Wilson's interval. Source: Korn and Graubard 1998, and Dean and Pagano 2015, for the effective number;
    Wilson 1927. `UndefinedMetric` where there is no trial; no interval where all trials are one patient's.
    """
    won, tried = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    if tried.ndim != 1 or tried.shape != won.shape or (won < 0).any() or (won > tried).any():
        raise DataError("successes and trials must have one shape (P,), and no successes beyond the trials")
    won, tried = won[tried > 0], tried[tried > 0]
    patients, n = int(tried.size), int(tried.sum())
    if not n:
        return UndefinedMetric("there are no trials", 0, 0)
    share = float(won.sum() / n)
    if patients == 1:
        return Estimate(share, None, note=ONE_PATIENT, n=n, groups=1)
    if n == patients:
        interval = wilson_bounds(share, n=n, z=NormalDist().inv_cdf(0.5 + level / 2))
        return Estimate(share, interval, method="Wilson", n=n, groups=patients)
    bounds: Interval = wilson_bounds(
        share,
        n=n / _design_effect(won, tried, share=share),
        z=t_quantile(0.5 + level / 2, degrees=patients - 1),
    )
    return Estimate(share, bounds, method="clustered Wilson", n=n, groups=patients)


def share_of_rows(right: npt.ArrayLike, *, groups: npt.ArrayLike) -> Estimate | UndefinedMetric:
    """The `clustered_share` of rows (n,) that are true, where `groups` (n,) names the patient, or group, of each."""
    index = np.unique(np.asarray(groups), return_inverse=True)[1]
    return clustered_share(np.bincount(index, weights=np.asarray(right)), trials=np.bincount(index))


def _design_effect(won: npt.NDArray[np.float64], tried: npt.NDArray[np.float64], *, share: float) -> float:
    n, patients = tried.sum(), tried.size
    largest = float((tried @ tried) / n)
    apart = share * (1 - share) / n
    if apart <= 0:
        return largest
    residuals = won - share * tried
    between = patients / (patients - 1) * float(residuals @ residuals) / n**2
    return float(min(max(between / apart, 1.0), largest))
