"""DeLong's variance of an AUROC, and his paired test between two scores on the same images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy.typing as npt

from hilum.errors import UsageError
from hilum.statistics.auroc import placements
from hilum.statistics.estimate import LEVEL, Estimate
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes


@dataclass(frozen=True, slots=True)
class DelongTest:
    """The paired comparison: `difference` is the first AUROC minus the second, `p_value` is two-sided.

    `z` and `p_value` are None where the standard error of the difference is 0 (two scores that order alike): there
    is nothing to test.
    """

    first: float
    second: float
    difference: float
    standard_error: float
    z: float | None
    p_value: float | None
    n: int
    positives: int


def delong(truth: npt.ArrayLike, *, scores: npt.ArrayLike, level: float = LEVEL) -> Estimate | UndefinedMetric:
    """The AUROC with the normal interval of DeLong, DeLong and Clarke-Pearson 1988, cut to [0, 1].

    `truth` (n,) is 0, 1 or missing (left out), `scores` (n,). Rows count as independent: where patients have several
    images, use the patient bootstrap. `UndefinedMetric` with fewer than two positives or two negatives.
    """
    if not 0.0 < level < 1.0:
        raise UsageError(f"level must lie in (0, 1), not {level}")
    outcomes = known_outcomes(truth, scores=scores)
    undefined = _too_few(outcomes.n, outcomes.positives)
    if undefined is not None:
        return undefined
    area, of_positives, of_negatives = placements(
        outcomes.scores[outcomes.truth], negative=outcomes.scores[~outcomes.truth]
    )
    error = _standard_error(of_positives, of_negatives)
    half = NormalDist().inv_cdf(0.5 + level / 2) * error
    return Estimate(area, (max(0.0, area - half), min(1.0, area + half)), method="DeLong", n=outcomes.n)


def delong_test(truth: npt.ArrayLike, *, first: npt.ArrayLike, second: npt.ArrayLike) -> DelongTest | UndefinedMetric:
    """Test whether two scores of the same rows have one AUROC (DeLong, DeLong and Clarke-Pearson 1988).

    `truth` (n,) is 0, 1 or missing (left out); `first` and `second` (n,) are the two scores. Rows count as
    independent. `UndefinedMetric` with fewer than two positives or two negatives.
    """
    one, two = known_outcomes(truth, scores=first), known_outcomes(truth, scores=second)
    undefined = _too_few(one.n, one.positives)
    if undefined is not None:
        return undefined
    positive = one.truth
    area_1, of_positives_1, of_negatives_1 = placements(one.scores[positive], negative=one.scores[~positive])
    area_2, of_positives_2, of_negatives_2 = placements(two.scores[positive], negative=two.scores[~positive])
    # the variance of a difference of means is the variance of the differences: no covariance matrix is needed
    error = _standard_error(of_positives_1 - of_positives_2, of_negatives_1 - of_negatives_2)
    difference = area_1 - area_2
    z = difference / error if error > 0 else None
    p_value = math.erfc(abs(z) / math.sqrt(2)) if z is not None else None
    return DelongTest(area_1, area_2, difference, error, z, p_value, one.n, one.positives)


def _too_few(n: int, positives: int) -> UndefinedMetric | None:
    if positives >= 2 and n - positives >= 2:
        return None
    return UndefinedMetric("a variance needs at least two positives and two negatives", n, positives)


def _standard_error(of_positives: FloatArray, of_negatives: FloatArray) -> float:
    variance = of_positives.var(ddof=1) / of_positives.size + of_negatives.var(ddof=1) / of_negatives.size
    return math.sqrt(float(variance))
