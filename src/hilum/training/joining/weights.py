"""The weights of a soft vote, fitted on validation: none below 0, all together 1, one for each member and all labels.

They make the cross-entropy of the weighted mean of the members' probabilities least. That is convex in the weights, so
that there is one best value; it is found by expectation-maximisation of mixing proportions (Dempster, Laird and Rubin
1977, section 4.3), which never leaves the simplex, and stops where no weights can be better by more than 1e-6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.calibrating.label_images import FOLDS, POINT_FROM
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.predictions.patient_bootstrap import SEED
from hilum.evaluation.predictions.validation import ValidationPredictions, checked_validation
from hilum.statistics.outcomes import FloatArray

_GAP = 1e-6
_STEPS = 20_000
_CLIP = 1e-7
"""How near to 0 a probability of what came is taken to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedWeights:
    """`weights` by member; on how many images and patients, and by which labels, they were fitted.

    `loss` is the cross-entropy, in nats and as a mean over labels, of weights fitted on four fifths of the patients and
    judged on the last, five times; `equal_loss` that of equal weights on the same images.
    """

    weights: tuple[float, ...]
    images: int
    patients: int
    labels: tuple[str, ...]
    loss: float
    equal_loss: float


def fit_weights(members: Mapping[str, ValidationPredictions], *, labels: Sequence[str]) -> FittedWeights:
    """Fit the weights of `members`, by their names, on what they said of the same validation images.

    `labels` are the ensemble's. A label counts where 20 patients have it and 20 have it not, each label alike. Raises
    `DataError` where the files are not about the same images and truths, one lacks a label, or no label counts.
    """
    found = same_images(
        {name: checked_validation(one).predictions for name, one in members.items()},
        common_labels=True,
        any_protocol=True,
    )
    lacking = [label for label in labels if label not in found.first.labels]
    if lacking:
        raise DataError(
            f"The predictions of one or more models lack {lacking[0]}. Every model needs predictions of "
            f"{', '.join(labels)}"
        )
    truth = found.first.truth[:, [found.first.labels.index(label) for label in labels]]
    patients = np.unique(np.asarray(found.first.patient, np.str_), return_inverse=True)[1].reshape(-1)
    scores = np.stack([np.stack([each for each in found.column(label)[1].values()]) for label in labels], axis=2)
    counted = [column for column in range(len(labels)) if _enough(truth[:, column], patients=patients)]
    if not counted:
        raise DataError(
            f"Too few patients to fit weights on: no label has {POINT_FROM} patients with the finding and "
            f"{POINT_FROM} without it among the {len(truth):,} images. Use equal weights"
        )
    told = _told(truth[:, counted], scores=scores[..., counted])
    crossed = _cross_fitted(told, patients=patients)
    return FittedWeights(
        weights=tuple(map(float, mixing_weights(told.likelihoods, shares=told.shares))),
        images=len(truth),
        patients=int(patients.max()) + 1,
        labels=tuple(labels[column] for column in counted),
        loss=crossed,
        equal_loss=_loss(told.likelihoods, shares=told.shares, weights=np.full(len(members), 1 / len(members))),
    )


def mixing_weights(likelihoods: FloatArray, *, shares: FloatArray) -> FloatArray:
    """The weights (M,) on the simplex of least -sum_i shares_i log(sum_m w_m likelihoods_mi).

    `likelihoods` (M, n) are above 0, `shares` (n,) sum to 1.
    """
    weights = np.full(len(likelihoods), 1 / len(likelihoods))
    for _ in range(_STEPS):
        # no weights on the simplex can gain more than log(max) of this gradient, which is at most max - 1
        gradient = (likelihoods / (weights @ likelihoods)) @ shares
        if gradient.max() - 1.0 <= _GAP:
            break
        weights = weights * gradient
        weights /= weights.sum()
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """Of each known truth the probabilities (M, n) that the members gave to what came, its share (n,), and its row."""

    likelihoods: FloatArray
    shares: FloatArray
    rows: npt.NDArray[np.intp]


def _told(truth: FloatArray, *, scores: FloatArray) -> _Told:
    rows, columns = np.nonzero(~np.isnan(truth))
    ill = truth[rows, columns] == 1.0
    found = scores[:, rows, columns]
    known = np.bincount(columns, minlength=truth.shape[1])
    shares = 1.0 / (known[columns] * truth.shape[1])
    return _Told(np.maximum(np.where(ill, found, 1.0 - found), _CLIP), shares, rows)


def _enough(truth: FloatArray, *, patients: npt.NDArray[np.intp]) -> bool:
    return all(np.unique(patients[truth == outcome]).size >= POINT_FROM for outcome in (0.0, 1.0))


def _loss(likelihoods: FloatArray, *, shares: FloatArray, weights: FloatArray) -> float:
    return float(-np.log(weights @ likelihoods) @ shares)


def _cross_fitted(told: _Told, *, patients: npt.NDArray[np.intp]) -> float:
    """The loss of weights that knew no image of the patient whom they are judged on."""
    fold = np.empty(int(patients.max()) + 1, np.intp)
    fold[np.random.default_rng(SEED).permutation(fold.size)] = np.arange(fold.size) % FOLDS
    held = fold[patients][told.rows]
    total = 0.0
    for number in range(FOLDS):
        there, here = held != number, held == number
        shares = told.shares[there] / told.shares[there].sum()
        weights = mixing_weights(told.likelihoods[:, there], shares=shares)
        total += _loss(told.likelihoods[:, here], shares=told.shares[here], weights=weights)
    return total
