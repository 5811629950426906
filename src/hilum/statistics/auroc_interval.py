"""The interval of an AUROC by patient that keeps its coverage near 1 and with few ill patients.

Close to 1 the spread that few ill patients show is itself left to chance: too small where the AUROC came out too high,
so that percentile, BCa and logit intervals all begin too high. A score interval asks instead which true values agree
with what came, each with the spread that it would have (Wilson 1927; for AUROCs, Newcombe 2006, method 5). That spread
is the one of two normal populations, scaled by the clustered variance that was observed (Obuchowski 1997).

Where the ranking is perfect no spread was seen, and that of normal populations would promise too much: a rare ill
patient who scores like a well one is not in the data. There the interval reaches as far as Wilson's of as many right
answers as there are patients of the rarer kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from hilum.statistics.auroc import auroc, placements
from hilum.statistics.estimate import LEVEL, Estimate, Interval
from hilum.statistics.few_patients import few_patients, t_quantile, too_few_patients
from hilum.statistics.obuchowski import clustered_aurocs, logit_interval
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes
from hilum.statistics.proportion import wilson_reach

SHRINKAGE_PATIENTS = 20
"""How many patients' worth the variance of normal populations counts beside an observed one that is smaller."""

_NORMAL = NormalDist()
_Z = _NORMAL.inv_cdf(0.5 + LEVEL / 2)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)
_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class PatientAuroc:
    """One AUROC and what its interval is made of.

    `n` images are of `patients` patients, of whom `ill` have a positive image and `well` a negative one.
    `deviations` (P,) says how much each patient moves the AUROC: two AUROCs go together as their deviations do.
    `variance_at` gives the variance that the AUROC would have if the true one were as given; None where there are too
    few patients for a variance. `quantile` is how many of its standard errors the interval reaches: the normal one, or
    Student's where patients have several images.
    """

    value: float
    n: int
    patients: int
    ill: int
    well: int
    deviations: FloatArray
    variance_at: Callable[[float], float] | None
    quantile: float

    @property
    def unknown(self) -> str | None:
        """Why there is no interval; None where there is one."""
        return too_few_patients(ill=self.ill, well=self.well)

    @property
    def perfect(self) -> bool:
        """Whether no image is ranked wrong, or none right."""
        return self.value in (0.0, 1.0)

    @property
    def beyond(self) -> float:
        """How far Wilson's interval of all right, by the patients of the rarer kind, reaches below 1."""
        return wilson_reach(n=min(self.ill, self.well), z=self.quantile)

    @property
    def error(self) -> float:
        """The standard error beside other AUROCs in a mean. Raises `ValueError` where there is no interval."""
        if self.variance_at is None:
            raise ValueError("there are too few patients for a standard error")
        return self.beyond / self.quantile if self.perfect else math.sqrt(self.variance_at(self.value))

    @property
    def estimate(self) -> Estimate:
        """The AUROC with its clustered score interval, or the reason why there is none."""
        if self.unknown is not None or self.variance_at is None:
            return Estimate(self.value, None, note=self.unknown, n=self.n, groups=self.patients)
        low, high = _score_interval(self.value, variance_at=self.variance_at, quantile=self.quantile)
        if self.perfect:
            low, high = min(low, max(self.value - self.beyond, 0.0)), max(high, min(self.value + self.beyond, 1.0))
        return Estimate(
            self.value,
            (low, high),
            method="clustered score",
            note=few_patients(ill=self.ill, well=self.well),
            n=self.n,
            groups=self.patients,
        )


def patient_auroc(
    truth: npt.ArrayLike, *, scores: npt.ArrayLike, patients: npt.NDArray[np.intp], count: int
) -> PatientAuroc | UndefinedMetric:
    """Take an AUROC apart by patient; `truth` (n,) is 0, 1 or missing, `patients` (n,) numbers from 0 below `count`.

    `UndefinedMetric` where there are no positives or no negatives. Raises `DataError` for malformed input.
    """
    value = auroc(truth, scores=scores)
    if isinstance(value, UndefinedMetric):
        return value
    outcomes = known_outcomes(truth, scores=scores)
    patient, positive = patients[outcomes.rows], outcomes.truth
    area, of_ill, of_well = placements(outcomes.scores[positive], negative=outcomes.scores[~positive])
    by_ill = np.bincount(patient[positive], weights=(of_ill - area) / of_ill.size, minlength=count)
    by_well = np.bincount(patient[~positive], weights=(of_well - area) / of_well.size, minlength=count)
    ill, well = (int(np.unique(patient[kind]).size) for kind in (positive, ~positive))
    observed = clustered_aurocs(positive, scores=outcomes.scores[:, None], patients=patient)
    variance_at = None
    if not isinstance(observed, UndefinedMetric):
        variance = float(observed.covariance[0, 0])
        of_images = of_ill.var(ddof=1) / of_ill.size + of_well.var(ddof=1) / of_well.size
        largest = max(of_ill.size / ill, of_well.size / well)
        effect = min(max(variance / of_images, 1.0), largest) if variance > 0 and of_images > 0 else largest
        variance_at = _variance_at(
            area, observed=variance, ill=of_ill.size / effect, well=of_well.size / effect, patients=min(ill, well)
        )
    single = int(np.unique(patient).size) == outcomes.n
    return PatientAuroc(
        value=value,
        n=outcomes.n,
        patients=int(np.unique(patient).size),
        ill=ill,
        well=well,
        deviations=np.asarray(by_ill + by_well, np.float64),
        variance_at=variance_at,
        quantile=_Z if single else _quantile(float(by_ill @ by_ill), float(by_well @ by_well), ill=ill, well=well),
    )


def mean_auroc(aurocs: Sequence[PatientAuroc]) -> Estimate:
    """The mean of AUROCs over the same P patients, with an interval that knows how they go together.

    It is symmetric in log odds, but where all rank perfectly. Each AUROC has the variance of its own interval; how two
    of them go together is read from the patients' deviations, and of a perfect one taken at the worst. Give only AUROCs
    that have an interval: where one has none, neither has the mean.
    """
    value = float(np.mean([one.value for one in aurocs]))
    lacking = next((one.unknown for one in aurocs if one.unknown is not None), None)
    if len(aurocs) == 1:
        return aurocs[0].estimate
    if lacking is not None:
        return Estimate(value, None, note=lacking)
    errors = np.array([one.error for one in aurocs])
    deviations = np.stack([one.deviations for one in aurocs])
    lengths = np.sqrt((deviations**2).sum(axis=1))
    units = np.divide(deviations, lengths[:, None], out=np.zeros_like(deviations), where=lengths[:, None] > 0)
    known = np.outer(lengths > 0, lengths > 0)
    together = np.where(known, units @ units.T, 1.0)  # of a perfect ranking nothing tells how it goes with another
    np.fill_diagonal(together, 1.0)
    error = math.sqrt(float(errors @ together @ errors)) / len(aurocs)
    half = _Z * error
    return Estimate(
        value,
        logit_interval(value, standard_error=error) or (max(value - half, 0.0), min(value + half, 1.0)),
        method="clustered logit (Obuchowski)",
        note=few_patients(ill=min(one.ill for one in aurocs), well=min(one.well for one in aurocs)),
    )


def normal_variance(area: float, *, ill: float, well: float) -> float:
    """The variance of an AUROC whose true value is `area`, of so many images of two normal populations of one spread.

    It is (A (1 - A) + (ill + well - 2) (Q - A^2)) / (ill well) (Hanley and McNeil 1982), where Q, the probability that
    one positive beats two negatives, is that of two normal variables with correlation 1/2: A - 2 T(d, 1 / sqrt 3), with
    d the normal quantile of A and T Owen's function (Owen 1956). 0 where `area` is 0 or 1.
    """
    if not 0.0 < area < 1.0:
        return 0.0
    beats_two = area - 2 * _owens_t(_NORMAL.inv_cdf(area), 1 / math.sqrt(3))
    return (area * (1 - area) + (ill + well - 2) * (beats_two - area**2)) / (ill * well)


def _owens_t(h: float, a: float) -> float:
    at = a / 2 * (_NODES + 1)
    return float(a / 2 * (_WEIGHTS @ (np.exp(-(h**2) * (1 + at**2) / 2) / (1 + at**2)))) / (2 * math.pi)


def _variance_at(area: float, *, observed: float, ill: float, well: float, patients: int) -> Callable[[float], float]:
    """The normal populations' variance, scaled to the observed one; `ill` and `well` are effective numbers of images.

    A smaller observed variance counts by the `patients` of the rarer kind against `SHRINKAGE_PATIENTS`, a larger one
    counts whole.
    """
    expected = normal_variance(area, ill=ill, well=well)
    ratio = observed / expected if expected > 0 else 0.0
    scale = max(ratio, (SHRINKAGE_PATIENTS + patients * ratio) / (SHRINKAGE_PATIENTS + patients))
    return lambda true: scale * normal_variance(true, ill=ill, well=well)


def _quantile(of_ill: float, of_well: float, *, ill: int, well: int) -> float:
    """Student's quantile for a sum of two squared errors from `ill` and `well` patients (Satterthwaite 1946)."""
    if min(ill, well) < 2:
        return math.inf
    one, two = of_ill * ill / (ill - 1), of_well * well / (well - 1)
    few = one**2 / (ill - 1) + two**2 / (well - 1)
    return t_quantile(0.5 + LEVEL / 2, degrees=(one + two) ** 2 / few if few > 0 else min(ill, well) - 1)


def _score_interval(area: float, *, variance_at: Callable[[float], float], quantile: float) -> Interval:
    """The true values that lie within `quantile` of their own standard errors from `area`."""

    def inside(true: float) -> bool:
        return abs(area - true) <= quantile * math.sqrt(variance_at(true))

    return _edge(0.0, area, inside=inside), _edge(1.0, area, inside=inside)


def _edge(outside: float, within: float, *, inside: Callable[[float], bool]) -> float:
    """Where, from `within` towards `outside`, the interval ends, by bisection."""
    for _ in range(_STEPS):
        middle = (outside + within) / 2
        outside, within = (outside, middle) if inside(middle) else (middle, within)
    return within


LACKS_OUTCOME = "it lacks an outcome"


def lacking_in_mean(areas: Mapping[str, PatientAuroc | None]) -> dict[str, str]:
    """Which labels a mean over labels leaves out, and why: they lack an outcome, or patients for an interval.

    `areas` holds None for a label without both outcomes. Where no label has patients enough, all with an AUROC stay:
    the mean is then a value without an interval.
    """
    lacking = {name: LACKS_OUTCOME for name, area in areas.items() if area is None}
    few = {name: area.unknown for name, area in areas.items() if area is not None and area.unknown is not None}
    return lacking if len(lacking) + len(few) == len(areas) else lacking | few
