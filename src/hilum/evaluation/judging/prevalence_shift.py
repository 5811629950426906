"""How much more or less common a label is among the judged images than where its operating point was chosen.

A threshold, predictive values and calibration belong to a prevalence. The shift is reported; nothing is fitted again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hilum.evaluation.judging.judgement import ValidationPrevalence
from hilum.evaluation.predictions.patient_bootstrap import (
    PatientRows,
    estimate,
    mean_statistic,
    patient_bootstrap,
    patient_rows,
)
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, defined, known_outcomes


def prevalence_shifts(
    judged: Predictions, *, validation: ValidationPredictions, replicates: int, seed: int
) -> dict[str, ValidationPrevalence]:
    """The counts of each label of `judged` on validation, and the difference of prevalence, judged minus validation.

    The interval is a percentile bootstrap that draws the patients of either side on their own, since they are other
    patients. Shift and interval are None where a side has no image with a known truth.
    """
    there = validation.predictions
    found = {}
    here_drawn = _drawn_shares(judged, labels=judged.labels, replicates=replicates, seed=seed)
    there_drawn = _drawn_shares(there, labels=judged.labels, replicates=replicates, seed=seed + 1)
    for label in judged.labels:
        outcomes = validation.outcomes(label)
        column = judged.labels.index(label)
        ours = known_outcomes(judged.truth[:, column], scores=judged.scores[:, column])
        if not outcomes.n or not ours.n:
            found[label] = ValidationPrevalence(outcomes.n, outcomes.positives, None)
            continue
        shift = estimate(
            ours.positives / ours.n - outcomes.positives / outcomes.n, draws=here_drawn[label] - there_drawn[label]
        )
        found[label] = ValidationPrevalence(outcomes.n, outcomes.positives, shift)
    return found


def _drawn_shares(p: Predictions, *, labels: tuple[str, ...], replicates: int, seed: int) -> dict[str, FloatArray]:
    patients: PatientRows = patient_rows(p.patient)
    statistics = []
    for label in labels:
        truth = p.truth[:, p.labels.index(label)]
        rows = np.flatnonzero(~np.isnan(truth))
        statistics.append(mean_statistic(truth[rows], rows=rows, patients=patients))
    draws = patient_bootstrap(statistics, patients=patients, replicates=replicates, seed=seed)
    return {label: drawn[0] for label, drawn in zip(labels, draws, strict=True)}


def share_by_patient(truth: FloatArray, patients: Sequence[str]) -> Estimate | None:
    """The share of positives among the known of `truth` (n,), 0, 1 or NaN, with its interval by patient."""
    known = ~np.isnan(truth)
    return defined(share_of_rows(truth[known], groups=np.asarray(patients)[known]))
