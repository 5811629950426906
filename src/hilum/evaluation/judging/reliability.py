"""Reliability: in each bin of probability, how often the label is there, with an interval by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.evaluation.judging.judge import ECE_BINS
from hilum.evaluation.predictions.patient_bootstrap import SEED
from hilum.statistics.bootstrap import patient_weights
from hilum.statistics.estimate import LEVEL
from hilum.statistics.outcomes import FloatArray, known_probabilities
from hilum.statistics.proportion import wilson

RELIABILITY_REPLICATES = 1000


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The rows whose probability lies in [`start`, `stop`) (the last bin holds 1 too), all shares in [0, 1].

    `probability` is the mean one, `share` that of positives among `n` rows of `patients` patients.
    """

    start: float
    stop: float
    n: int
    patients: int
    probability: float
    share: float
    low: float
    high: float


def reliability(
    truth: FloatArray,
    *,
    probabilities: FloatArray,
    patient: Sequence[str],
    bins: int = ECE_BINS,
    replicates: int = RELIABILITY_REPLICATES,
    seed: int = SEED,
) -> tuple[ReliabilityBin, ...]:
    """The bins that hold rows, those of the expected calibration error.

    `truth` (n,) is 0, 1 or NaN (left out). The interval of a share is the percentile bootstrap over patients; where a
    bin is all positive or all negative a bootstrap has no width, and it is Wilson's over patients.
    """
    outcomes = known_probabilities(truth, probabilities=probabilities)
    if outcomes.n == 0:
        return ()
    place = np.searchsorted(np.arange(1, bins) / bins, outcomes.scores, side="right")
    member = np.zeros((outcomes.n, bins))
    member[np.arange(outcomes.n), place] = 1.0
    positive = member * outcomes.truth[:, None]
    drawn = [
        (weights[:, outcomes.rows] @ positive, weights[:, outcomes.rows] @ member)
        for weights in patient_weights(list(patient), replicates=replicates, rng=np.random.default_rng(seed))
    ]
    hits, counts = (np.concatenate([pair[i] for pair in drawn]) for i in (0, 1))
    shares = np.divide(hits, counts, out=np.full_like(hits, np.nan), where=counts > 0)
    names = np.asarray(patient)[outcomes.rows]
    found = []
    for index in range(bins):
        rows = place == index
        if rows.any():
            found.append(
                _bin(
                    index / bins,
                    (index + 1) / bins,
                    truth=outcomes.truth[rows],
                    scores=outcomes.scores[rows],
                    patients=len(set(names[rows].tolist())),
                    shares=shares[:, index],
                )
            )
    return tuple(found)


def _bin(
    start: float, stop: float, *, truth: np.ndarray, scores: FloatArray, patients: int, shares: FloatArray
) -> ReliabilityBin:
    share = float(truth.mean())
    if share in (0.0, 1.0):
        low, high = wilson(patients if share else 0, n=patients).bounds
    else:
        tail = (1 - LEVEL) / 2
        low, high = (float(value) for value in np.nanquantile(shares, [tail, 1 - tail]))
    return ReliabilityBin(start, stop, int(truth.size), patients, float(scores.mean()), share, low, high)
