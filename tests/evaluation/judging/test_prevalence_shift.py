from dataclasses import replace

import numpy as np
import pytest

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.judging.judgement import ValidationPrevalence
from hilum.evaluation.judging.prevalence_shift import prevalence_shifts
from hilum.evaluation.predictions.validation import ValidationPredictions


def test_shift_with_an_interval_by_patient_of_both_sides() -> None:
    """With one image a patient and every truth known, the bootstrap comes near the normal interval of a difference."""
    judged = fabricate_predictions(patients=400, missing=0.0)
    first = np.sort(np.unique(judged.patient, return_index=True)[1])
    judged = judged.take(first)
    other = fabricate_predictions(patients=400, split="val", first_patient=900, seed=4, prevalence=0.5, missing=0.0)
    other = other.take(np.sort(np.unique(other.patient, return_index=True)[1]))
    shifts = prevalence_shifts(judged, validation=ValidationPredictions(other), replicates=4000, seed=0)
    for column, label in enumerate(judged.labels):
        here, there = judged.truth[:, column].mean(), other.truth[:, column].mean()
        shift = shifts[label]
        assert (shift.n, shift.positives) == (other.n, other.truth[:, column].sum())
        assert shift.shift.value == pytest.approx(here - there)
        half = 1.96 * np.sqrt(here * (1 - here) / judged.n + there * (1 - there) / other.n)
        assert shift.shift.interval == pytest.approx((here - there - half, here - there + half), abs=0.006)


def test_without_a_known_truth_there_is_no_shift() -> None:
    judged = fabricate_predictions()
    truth = judged.truth.copy()
    truth[:, 0] = np.nan
    validation = fabricate_predictions(split="val", first_patient=900, missing=0.0)
    shifts = prevalence_shifts(
        replace(judged, truth=truth), validation=ValidationPredictions(validation), replicates=100, seed=0
    )
    positives = int(validation.truth[:, 0].sum())
    assert shifts["Atelectasis"] == ValidationPrevalence(validation.n, positives, None)
    assert shifts["Effusion"].shift is not None
