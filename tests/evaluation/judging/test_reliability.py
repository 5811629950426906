import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from hilum.evaluation.judging.reliability import reliability
from hilum.statistics.probability_error import expected_calibration_error
from hilum.statistics.proportion import wilson


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    probabilities = rng.random(400)
    truth = (rng.random(400) < probabilities**1.5).astype(float)
    truth[:7] = np.nan
    return truth, probabilities, [f"p{i // 2}" for i in range(400)]


def test_bins_are_those_of_scikit_learn(data):
    truth, probabilities, patient = data
    known = ~np.isnan(truth)
    bins = reliability(truth, probabilities=probabilities, patient=patient, replicates=100)
    share, mean = calibration_curve(truth[known], probabilities[known], n_bins=10)
    np.testing.assert_allclose([one.observed.value for one in bins], share)
    np.testing.assert_allclose([one.probability for one in bins], mean)
    assert sum(one.n for one in bins) == known.sum()


def test_the_bins_add_up_to_the_expected_calibration_error(data):
    truth, probabilities, patient = data
    bins = reliability(truth, probabilities=probabilities, patient=patient, replicates=100)
    total = sum(one.n for one in bins)
    error = sum(one.n * abs(one.probability - one.observed.value) for one in bins) / total
    assert error == pytest.approx(expected_calibration_error(truth, probabilities=probabilities))


def test_intervals_are_percentiles_over_draws_of_patients(data):
    truth, probabilities, patient = data
    bins = reliability(truth, probabilities=probabilities, patient=patient, replicates=200, seed=9)
    names = np.array(sorted(set(patient)))
    drawn = np.random.default_rng(9).integers(0, names.size, size=(200, names.size))
    inside = (probabilities >= 0.5) & (probabilities < 0.6) & ~np.isnan(truth)
    rows_of = {name: np.flatnonzero((np.array(patient) == name) & inside) for name in names}
    shares = [truth[np.concatenate([rows_of[names[i]] for i in one])].mean() for one in drawn]
    (one,) = [one for one in bins if one.start == 0.5]
    assert one.observed.interval == pytest.approx(tuple(np.quantile(shares, [0.025, 0.975])))


def test_a_bin_of_one_kind_has_wilsons_interval_over_patients():
    (one,) = reliability(np.zeros(6), probabilities=np.full(6, 0.05), patient=["a", "a", "b", "b", "c", "c"])
    assert (one.observed, one.patients) == (wilson(0, n=3), 3)


def test_nothing_known_gives_no_bins():
    assert reliability(np.full(3, np.nan), probabilities=np.zeros(3), patient=list("abc")) == ()


def test_probability_one_is_in_the_last_bin():
    (one,) = reliability(np.ones(2), probabilities=np.ones(2), patient=list("ab"))
    assert (one.start, one.stop) == (0.9, 1.0)
