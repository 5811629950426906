"""The variance of AUROCs where patients have several images: DeLong's, with the patient as the unit (Obuchowski 1997).

Images of one patient resemble each other. DeLong's formula takes each as a fact of its own, so its intervals are too
narrow and its tests find differences that are none. Here the placements of a patient's images are summed first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError, UsageError
from hilum.statistics.auroc import placements
from hilum.statistics.estimate import LEVEL, Interval
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredAurocs:
    """The AUROCs (K,) of K scores on the same images, and their covariance (K, K) over draws of patients.

    `n` images have a known truth, of `patients` patients; `positive_patients` have a positive image, and
    `negative_patients` a negative one: a patient may count in both.
    """

    aurocs: FloatArray
    covariance: FloatArray
    n: int
    positives: int
    patients: int
    positive_patients: int
    negative_patients: int

    @property
    def standard_errors(self) -> FloatArray:
        """The standard error (K,) of each AUROC."""
        return np.sqrt(np.diagonal(self.covariance))

    def contrast(self, weights: npt.ArrayLike) -> tuple[float, float]:
        """A weighted sum of the AUROCs and its standard error; weights (1, -1) give the paired difference of two.

        `weights` (K,) are any finite numbers. The error is 0 where the scores order alike, to rounding.
        """
        vector = np.asarray(weights, np.float64)
        if vector.shape != self.aurocs.shape:
            raise DataError(f"There must be {self.aurocs.size} weights, not the shape {vector.shape}")
        variance = float(vector @ self.covariance @ vector)
        rounding = 1e-14 * float(np.abs(vector) @ np.abs(self.covariance) @ np.abs(vector))
        return float(vector @ self.aurocs), math.sqrt(variance) if variance > rounding else 0.0


def clustered_aurocs(
    truth: npt.ArrayLike, *, scores: npt.ArrayLike, patients: npt.ArrayLike
) -> ClusteredAurocs | UndefinedMetric:
    """The AUROC of each column of `scores` (n, K), and their covariance by patient.

    `truth` (n,) is 0, 1 or missing (left out), `patients` (n,) names the patient of each row. With one image a patient
    this is DeLong's covariance, to rounding. `UndefinedMetric` where fewer than two patients have a positive, or fewer
    than two a negative. Source: Obuchowski 1997, Biometrics 53, 567-578. Raises `DataError` for malformed input.
    """
    columns, names = np.asarray(scores, np.float64), np.asarray(patients)
    if columns.ndim != 2 or not columns.shape[1] or names.shape != columns.shape[:1]:
        raise DataError(
            f"scores must be (n, K) and patients (n,), not {columns.shape} and {names.shape}. Give one score as "
            "scores[:, None]"
        )
    outcomes = [known_outcomes(truth, scores=column) for column in columns.T]
    positive, rows = outcomes[0].truth, outcomes[0].rows
    unique, patient = np.unique(names[rows], return_inverse=True)
    ill = np.bincount(patient[positive], minlength=unique.size)
    well = np.bincount(patient[~positive], minlength=unique.size)
    ill_patients, well_patients = int(np.count_nonzero(ill)), int(np.count_nonzero(well))
    if min(ill_patients, well_patients) < 2:
        reason = "a variance by patient needs at least two patients with a positive and two with a negative"
        return UndefinedMetric(reason, int(positive.size), int(ill.sum()))
    found = [placements(one.scores[positive], negative=one.scores[~positive]) for one in outcomes]
    areas = np.array([area for area, _, _ in found])
    # a patient's deviations: the sum of the placements of its images, less what so many images have on average
    of_positives = np.stack([_sums(v, patient[positive], unique.size) for _, v, _ in found]) - np.outer(areas, ill)
    of_negatives = np.stack([_sums(v, patient[~positive], unique.size) for _, _, v in found]) - np.outer(areas, well)
    return ClusteredAurocs(
        aurocs=areas,
        covariance=_covariance(of_positives, of_negatives, ill=ill, well=well),
        n=int(positive.size),
        positives=int(ill.sum()),
        patients=int(unique.size),
        positive_patients=ill_patients,
        negative_patients=well_patients,
    )


def logit_interval(value: float, *, standard_error: float, level: float = LEVEL) -> Interval | None:
    """The normal interval of `value` in (0, 1) on the scale of its log odds, turned back: it never leaves (0, 1).

    The standard error there is `standard_error` / (value (1 - value)) (Agresti 2013, section 3.1.6; for AUROCs, Pepe
    2003, section 5.2.4). None where the value is 0 or 1, or the standard error 0: the scale has no such interval.
    """
    if not 0.0 <= value <= 1.0 or standard_error < 0.0 or not 0.0 < level < 1.0:
        raise UsageError(
            f"The value must lie in [0, 1], the error be 0 or more and the level in (0, 1), not {value}, "
            f"{standard_error}, {level}"
        )
    if value in (0.0, 1.0) or standard_error == 0.0:
        return None
    half = NormalDist().inv_cdf(0.5 + level / 2) * standard_error / (value * (1 - value))
    centre = math.log(value / (1 - value))
    return 1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))


def _sums(values: FloatArray, patient: npt.NDArray[np.intp], count: int) -> FloatArray:
    return np.asarray(np.bincount(patient, weights=values, minlength=count), np.float64)


def _covariance(
    of_positives: FloatArray, of_negatives: FloatArray, *, ill: npt.NDArray[np.intp], well: npt.NDArray[np.intp]
) -> FloatArray:
    """Obuchowski's S10 / M + S01 / N + (S11 + S11') / (M N) of deviations (K, I), with I patients."""
    positives, negatives, patients = int(ill.sum()), int(well.sum()), ill.size
    ill_patients, well_patients = np.count_nonzero(ill), np.count_nonzero(well)
    both = of_positives @ of_negatives.T
    covariance: FloatArray = (
        ill_patients / (ill_patients - 1) * (of_positives @ of_positives.T) / positives**2
        + well_patients / (well_patients - 1) * (of_negatives @ of_negatives.T) / negatives**2
        + patients / (patients - 1) * (both + both.T) / (positives * negatives)
    )
    # the three factors differ, so a patient's pairs among its own images can take the sum below 0 by a little
    np.fill_diagonal(covariance, np.maximum(np.diagonal(covariance), 0.0))
    return covariance
