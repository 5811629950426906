import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from hilum.errors import DataError
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.statistics.recalibration import recalibration


def _clusters(seed: int, *, patients: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    z = 1.5 * rng.normal(size=patients)[patient] + rng.normal(size=patient.size)
    truth = rng.random(patient.size) < expit(0.7 * z - 0.8)
    return truth.astype(np.float64), expit(z), patient


def _value(found: Estimate | UndefinedMetric) -> float:
    assert isinstance(found, Estimate)
    return found.value


def test_slope_and_intercept_are_scikit_learns_and_in_the_large_a_line_search() -> None:
    truth, stated, patient = _clusters(0)
    found = recalibration(truth, probabilities=stated, patients=patient)
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(logit(stated)[:, None], truth)
    assert _value(found.slope) == pytest.approx(float(model.coef_[0, 0]), rel=1e-5)
    assert _value(found.intercept) == pytest.approx(float(model.intercept_[0]), rel=1e-5)
    z = logit(stated)
    best = minimize_scalar(lambda a: np.sum(np.logaddexp(0, z + a) - truth * (z + a)), options={"xtol": 1e-12})
    assert _value(found.in_the_large) == pytest.approx(best.x, abs=1e-6)
    assert _value(found.mean_difference) == pytest.approx(float(stated.mean() - truth.mean()))


def test_the_interval_of_the_mean_difference_is_the_jackknife_over_patients() -> None:
    truth, stated, patient = _clusters(1)
    found = recalibration(truth, probabilities=stated, patients=patient).mean_difference
    assert isinstance(found, Estimate)
    gaps = [(stated - truth)[patient != one].mean() for one in range(120)]
    error = np.sqrt(119 / 120 * np.sum((np.array(gaps) - found.value) ** 2))
    assert found.interval == pytest.approx(
        (found.value - norm.ppf(0.975) * error, found.value + norm.ppf(0.975) * error), rel=1e-9
    )
    assert (found.method, found.groups) == ("clustered sandwich", 120)


def test_with_one_image_a_patient_the_intervals_come_near_those_of_fishers_information() -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(size=4000)
    truth = (rng.random(4000) < expit(z)).astype(np.float64)
    found = recalibration(truth, probabilities=expit(z), patients=np.arange(4000))
    x = np.stack([z, np.ones(4000)])
    fitted = expit(_value(found.slope) * z + _value(found.intercept))
    fisher = np.sqrt(np.diagonal(np.linalg.inv((x * fitted * (1 - fitted)) @ x.T)))
    for one, error in zip((found.slope, found.intercept), fisher, strict=True):
        assert isinstance(one, Estimate)
        assert one.interval is not None
        assert (one.interval[1] - one.interval[0]) / 2 == pytest.approx(1.96 * error, rel=0.05)


def test_images_that_are_copies_tell_no_more_than_one() -> None:
    truth, stated, patient = _clusters(4)
    once = recalibration(truth, probabilities=stated, patients=patient)
    nine = recalibration(np.tile(truth, 9), probabilities=np.tile(stated, 9), patients=np.tile(patient, 9))
    for one, many in ((once.slope, nine.slope), (once.in_the_large, nine.in_the_large)):
        assert isinstance(one, Estimate)
        assert isinstance(many, Estimate)
        assert many.interval == pytest.approx(one.interval, rel=1e-6)


def test_a_model_that_ranks_the_wrong_way_round_has_a_slope_below_zero() -> None:
    truth, stated, patient = _clusters(5)
    assert _value(recalibration(truth, probabilities=1 - stated, patients=patient).slope) < 0


def test_missing_truth_is_left_out() -> None:
    truth, stated, patient = _clusters(6)
    more = recalibration(
        np.append(truth, [np.nan, np.nan]),
        probabilities=np.append(stated, [0.1, 0.9]),
        patients=np.append(patient, [7, 999]),
    )
    assert more == recalibration(truth, probabilities=stated, patients=patient)


def test_few_patients_have_values_without_intervals() -> None:
    truth = np.array([1, 0, 1, 0, 1, 0, 1, 0, 0, 0], np.float64)
    stated = np.linspace(0.2, 0.8, 10)
    found = recalibration(truth, probabilities=stated, patients=np.arange(10))  # four with a positive
    for one in (found.slope, found.intercept, found.in_the_large, found.mean_difference):
        assert isinstance(one, Estimate)
        assert one.interval is None
        assert one.note is not None
        assert "4 patients with a positive" in one.note


def test_what_has_no_value_says_why() -> None:
    parted = recalibration([0, 0, 1, 1], probabilities=[0.1, 0.2, 0.8, 0.9], patients=[1, 2, 3, 4])
    assert isinstance(parted.slope, UndefinedMetric)
    assert "parts the outcomes" in parted.slope.reason
    assert _value(parted.in_the_large) == pytest.approx(0.0, abs=1e-9)
    level = recalibration([0, 1, 1, 1], probabilities=[0.5] * 4, patients=[1, 2, 3, 4])
    assert isinstance(level.slope, UndefinedMetric)
    assert _value(level.in_the_large) == pytest.approx(logit(0.75))
    one_sided = recalibration([1, 1], probabilities=[0.9, 0.8], patients=[1, 2])
    assert isinstance(one_sided.in_the_large, UndefinedMetric)
    assert _value(one_sided.mean_difference) == pytest.approx(-0.15)
    assert isinstance(recalibration([None], probabilities=[0.5], patients=[1]).mean_difference, UndefinedMetric)
    with pytest.raises(DataError, match="one patient a row"):
        recalibration([0, 1], probabilities=[0.1, 0.2], patients=[1])


@pytest.mark.parametrize(("patients", "images", "auroc"), [(75, 1, 0.9), (200, 1, 0.98), (204, 2, 0.9), (60, 9, 0.8)])
def test_the_intervals_cover(patients: int, images: int, auroc: float) -> None:
    """A binormal score states calibrated probabilities exactly, so that slope 1 and the others 0 are the truth."""
    rng = np.random.default_rng(patients + images)
    distance, prevalence, rounds = np.sqrt(2) * norm.ppf(auroc), 0.3, 400
    patient = np.repeat(np.arange(patients), images)
    held = np.zeros((rounds, 4), bool)
    for place in range(rounds):
        truth = (rng.random(patients) < prevalence)[patient].astype(np.float64)
        shared, own = rng.normal(size=patients)[patient], rng.normal(size=patient.size)
        noise = np.sqrt(0.3) * shared + np.sqrt(0.7) * own
        z = distance * ((2 * truth - 1) * distance / 2 + noise) + logit(prevalence)
        found = recalibration(truth, probabilities=expit(z), patients=patient)
        estimates = (found.slope, found.intercept, found.in_the_large, found.mean_difference)
        for column, (one, right) in enumerate(zip(estimates, (1.0, 0.0, 0.0, 0.0), strict=True)):
            if isinstance(one, Estimate) and one.interval is not None:
                held[place, column] = one.interval[0] <= right <= one.interval[1]
    # 400 rounds of a 95% interval hold it in 0.92 to 0.98 of them, but for one run in a hundred
    assert ((held.mean(axis=0) > 0.92) & (held.mean(axis=0) < 0.985)).all(), held.mean(axis=0)
