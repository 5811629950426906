import numpy as np
import pytest

from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.evaluation.predictions.patient_median import median_statistic, patient_median
from hilum.statistics.outcomes import UndefinedMetric


def test_a_draw_gives_the_median_of_its_images_as_often_as_their_patients_are_drawn():
    draw = np.random.default_rng(0)
    patients = draw.choice(["a", "b", "c", "d", "e"], size=40).tolist()
    values, rows = draw.normal(size=40).round(1), patient_rows(patients)
    drawn = draw.integers(0, 3, size=(rows.count, 30)).astype(np.int32)
    drawn[:, 0] = 0
    found = median_statistic(values, patients=rows)(drawn)[0]
    assert np.isnan(found[0]), "nobody was drawn"
    for replicate in range(1, 30):
        written_out = np.repeat(values, drawn[rows.index, replicate])
        assert found[replicate] == pytest.approx(np.median(written_out))


def test_the_interval_is_by_patient_and_missing_values_are_left_out():
    values = [0.1] * 30 + [0.9] * 30 + [np.nan] * 5
    many = patient_median(values, patients=[f"p{i}" for i in range(65)], replicates=500)
    two = patient_median(values, patients=["a"] * 30 + ["b"] * 30 + ["c"] * 5, replicates=500)
    assert many.value == two.value == pytest.approx(0.5)
    assert two.interval == (pytest.approx(0.1), pytest.approx(0.9))
    narrow = patient_median(np.linspace(0.4, 0.6, 65), patients=[f"p{i}" for i in range(65)], replicates=500)
    assert 0.4 < narrow.interval[0] < 0.5 < narrow.interval[1] < 0.6


def test_of_nothing_there_is_no_median():
    found = patient_median([np.nan, np.nan], patients=["a", "b"])
    assert isinstance(found, UndefinedMetric)
