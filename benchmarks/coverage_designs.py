"""Made-up studies for the coverage simulation: who has how many images, and how scores fall."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

AUROCS = (0.8, 0.9, 0.98)
CORRELATION = 0.3
"""Of the scores of two images of one patient, less what their truths explain."""

_NORMAL = NormalDist()


@dataclass(frozen=True)
class Design:
    """A study: `patients` holds (positive images, negative images) of each.

    `shape` is how scores fall: `normal` has two normal populations of one spread, `wide` gives the positives twice the
    spread, and `missed` gives a share 1 - AUROC of the positives the scores of negatives.
    """

    name: str
    patients: tuple[tuple[int, int], ...]
    shape: str = "normal"
    with_precision: bool = True

    @property
    def ill(self) -> int:
        """Patients with a positive image."""
        return sum(positive > 0 for positive, _ in self.patients)

    @property
    def well(self) -> int:
        """Patients with a negative image."""
        return sum(negative > 0 for _, negative in self.patients)


@dataclass(frozen=True)
class Share:
    """A share of images that are right; `sizes` counts each patient's images, `correlation` is on the probit scale."""

    name: str
    share: float
    sizes: tuple[int, ...]
    correlation: float = 0.0


@dataclass(frozen=True)
class Sample:
    """One drawn study: arrays (n,) of truth, scores and the patient's number, from 0 below `count`."""

    truth: np.ndarray
    scores: np.ndarray
    patient: np.ndarray
    count: int


def _independent(ill: int, well: int) -> tuple[tuple[int, int], ...]:
    return ((1, 0),) * ill + ((0, 1),) * well


_FORTY = ((1, 8),) * 40 + ((0, 9),) * 20
_MORE_OF_THE_ILL = ((2, 0),) * 16 + ((4, 0),) * 12 + ((6, 0),) * 4 + ((7, 0),) * 2
_PAEDIATRIC = ((1, 0),) * 58 + _MORE_OF_THE_ILL + ((0, 1),) * 108 + ((0, 2),) * 4
"""92 ill patients with 1 to 7 images and 112 well ones, much as in a small paediatric test set."""

DESIGNS = (
    Design("40 positives, one of each of 40 patients; 60 patients x 9", _FORTY),
    Design("40 positives of 20 patients; 60 patients x 9", ((2, 7),) * 20 + ((0, 9),) * 40),
    Design("135 positives of 15 patients; 60 patients x 9", ((9, 0),) * 15 + ((0, 9),) * 45),
    Design("15 / 60 independent", _independent(15, 60)),
    Design("40 / 200 independent", _independent(40, 200)),
    Design("176 / 116 of 204 patients", _PAEDIATRIC),
    Design("40 positives of 10 patients; 60 patients x 9", ((4, 5),) * 10 + ((0, 9),) * 50),
    Design("90 positives of 10 patients; 60 patients x 9", ((9, 0),) * 10 + ((0, 9),) * 50, with_precision=False),
    Design("10 / 300 independent", _independent(10, 300), with_precision=False),
    Design("5 / 300 independent", _independent(5, 300), with_precision=False),
    *(
        Design(name, patients, shape=shape)
        for shape in ("wide", "missed")
        for name, patients in (
            ("40 positives, one of each of 40 patients; 60 patients x 9", _FORTY),
            ("15 / 60 independent", _independent(15, 60)),
            ("40 / 200 independent", _independent(40, 200)),
            ("176 / 116 of 204 patients", _PAEDIATRIC),
        )
    ),
)

_UNEVEN = (1,) * 60 + (2,) * 20 + (5,) * 12 + (12,) * 8

SHARES = (
    Share("40 independent at 0.97", 0.97, (1,) * 40),
    Share("15 independent at 0.90", 0.90, (1,) * 15),
    Share("100 independent at 0.98", 0.98, (1,) * 100),
    Share("20 patients x 9 at 0.90", 0.90, (9,) * 20, correlation=0.3),
    Share("60 patients x 9 at 0.97", 0.97, (9,) * 60, correlation=0.3),
    Share("15 patients x 5 at 0.80", 0.80, (5,) * 15, correlation=0.3),
    Share("100 patients with 1 to 12 images at 0.90", 0.90, _UNEVEN, correlation=0.3),
)


def fabricate(design: Design, *, auroc: float, rng: np.random.Generator, redraw: bool = False) -> Sample:
    """One study; with `redraw` as many patients are drawn from the design's with replacement."""
    patients = design.patients
    if redraw:
        patients = tuple(patients[place] for place in rng.integers(0, len(patients), len(patients)))
    images = [positive + negative for positive, negative in patients]
    patient = np.repeat(np.arange(len(patients)), images)
    truth = np.concatenate([np.arange(sum(one)) < one[0] for one in patients]).astype(np.float64)
    noise = _noise(patient, count=len(patients), correlation=CORRELATION if max(images) > 1 else 0.0, rng=rng)
    return Sample(truth, _scores(truth, noise, auroc=auroc, shape=design.shape, rng=rng), patient, len(patients))


def fabricate_share(share: Share, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Right images and all images of each patient (P,)."""
    sizes = np.array(share.sizes)
    patient = np.repeat(np.arange(sizes.size), sizes)
    right = _noise(patient, count=sizes.size, correlation=share.correlation, rng=rng) < _NORMAL.inv_cdf(share.share)
    return np.bincount(patient, weights=right, minlength=sizes.size), sizes


def true_precision(design: Design, *, auroc: float) -> float:
    """The average precision of infinitely many patients of the `normal` shape, by integration over the scores."""
    positives, negatives = (sum(one[kind] for one in design.patients) for kind in (0, 1))
    share = positives / (positives + negatives)
    apart = _NORMAL.inv_cdf(auroc) * 2**0.5
    cuts = np.linspace(-9, 9 + apart, 20_001)
    upper = np.vectorize(lambda x: math.erfc(x / 2**0.5) / 2)
    hits, alarms = share * upper(cuts - apart), (1 - share) * upper(cuts)
    density = np.exp(-((cuts - apart) ** 2) / 2) / (2 * np.pi) ** 0.5
    return float(np.trapezoid(density * hits / (hits + alarms), cuts))


def threshold_at(specificity: float) -> float:
    """The cut below which so many negatives score."""
    return _NORMAL.inv_cdf(specificity)


def true_measures(design: Design, *, auroc: float, specificity: float, prevalence: float) -> dict[str, float]:
    """What decisions at that cut reach on infinitely many patients of the `normal` shape."""
    sensitivity = 1 - _NORMAL.cdf(threshold_at(specificity) - _NORMAL.inv_cdf(auroc) * 2**0.5)
    positives, negatives = (sum(one[kind] for one in design.patients) for kind in (0, 1))

    def predictive(share: float) -> tuple[float, float]:
        hit, alarm = sensitivity * share, (1 - specificity) * (1 - share)
        cleared, miss = specificity * (1 - share), (1 - sensitivity) * share
        return hit / (hit + alarm), cleared / (cleared + miss)

    (ppv, npv), (ppv_there, npv_there) = predictive(positives / (positives + negatives)), predictive(prevalence)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": ppv,
        "npv": npv,
        "f1": 2 * ppv * sensitivity / (ppv + sensitivity),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "ppv_at_prevalence": ppv_there,
        "npv_at_prevalence": npv_there,
    }


def _noise(patient: np.ndarray, *, count: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    own, shared = rng.normal(size=patient.size), rng.normal(size=count)[patient]
    return correlation**0.5 * shared + (1 - correlation) ** 0.5 * own


def _scores(truth: np.ndarray, noise: np.ndarray, *, auroc: float, shape: str, rng: np.random.Generator) -> np.ndarray:
    if shape == "normal":
        return truth * _NORMAL.inv_cdf(auroc) * 2**0.5 + noise
    if shape == "wide":
        return np.where(truth == 1, _NORMAL.inv_cdf(auroc) * 5**0.5 + 2 * noise, noise)
    missed = 1 - auroc
    found = _NORMAL.inv_cdf((auroc - missed / 2) / (1 - missed)) * 2**0.5
    return truth * (rng.random(truth.size) >= missed) * found + noise
