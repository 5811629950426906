"""Reliability: in each bin of probability, how often the label is there, with an interval by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.evaluation.judging.judge import ECE_BINS
from hilum.evaluation.predictions.patient_bootstrap import (
    SEED,
    estimate,
    mean_statistic,
    patient_bootstrap,
    patient_rows,
)
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, known_probabilities
from hilum.statistics.proportion import wilson

RELIABILITY_REPLICATES = 1000


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The rows whose probability lies in [`start`, `stop`) (the last bin holds 1 too), all shares in [0, 1].

    `probability` is the mean one, `observed` the share of positives among `n` rows of `patients` patients.
    """

    start: float
    stop: float
    n: int
    patients: int
    probability: float
    observed: Estimate


def reliability(
    truth: FloatArray,
    *,
    probabilities: FloatArray,
    patient: Sequence[str],
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
    rows = patient_rows(patient)
    place = np.searchsorted(np.arange(1, ECE_BINS) / ECE_BINS, outcomes.scores, side="right")
    there = np.unique(place).tolist()
    statistics = [
        mean_statistic(outcomes.truth[place == one].astype(np.float64), rows=outcomes.rows[place == one], patients=rows)
        for one in there
    ]
    drawn = patient_bootstrap(statistics, patients=rows, replicates=replicates, seed=seed)
    found = []
    for one, draws in zip(there, drawn, strict=True):
        inside = place == one
        share, patients = float(outcomes.truth[inside].mean()), np.unique(rows.index[outcomes.rows[inside]]).size
        observed = estimate(share, draws=draws[0])
        if share in (0.0, 1.0):
            observed = wilson(patients if share else 0, n=patients)
        mean = float(outcomes.scores[inside].mean())
        found.append(ReliabilityBin(one / ECE_BINS, (one + 1) / ECE_BINS, int(inside.sum()), patients, mean, observed))
    return tuple(found)
