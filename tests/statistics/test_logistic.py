import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from hilum.errors import DataError
from hilum.statistics.logistic import covariance_by_patient, most_likely, sigmoid


def _data(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(50), rng.integers(1, 5, 50))
    z = rng.normal(size=patient.size) + rng.normal(size=50)[patient]
    return np.stack([z, np.ones(z.size)]), (rng.random(z.size) < expit(1.4 * z - 0.6)).astype(np.float64), patient


def test_most_likely_is_scipys_minimum_with_and_without_an_offset() -> None:
    x, truth, _ = _data()

    def loss(theta: np.ndarray, rows: np.ndarray, offset: np.ndarray) -> float:
        z = theta @ rows + offset
        return float((np.logaddexp(0, z) - truth * z).sum())

    none = np.zeros(truth.size)
    both = minimize(loss, np.zeros(2), args=(x, none), tol=1e-12).x
    np.testing.assert_allclose(most_likely(x, targets=truth, start=np.zeros(2)), both, atol=1e-5)
    shift = minimize(loss, np.zeros(1), args=(x[1:], x[0]), tol=1e-12).x
    np.testing.assert_allclose(most_likely(x[1:], targets=truth, start=np.zeros(1), offset=x[0]), shift, atol=1e-5)


def test_outcomes_that_a_threshold_parts_have_no_most_likely_slope() -> None:
    x = np.stack([np.array([-2.0, -1.0, 1.0, 2.0]), np.ones(4)])
    with pytest.raises(DataError, match="did not settle"):
        most_likely(x, targets=np.array([0.0, 0.0, 1.0, 1.0]), start=np.zeros(2))


def test_the_covariance_is_the_jackknife_over_patients_of_one_newton_step() -> None:
    x, truth, patient = _data()
    theta = most_likely(x, targets=truth, start=np.zeros(2))
    fit = expit(theta @ x)
    got = covariance_by_patient(x, residuals=truth - fit, curvature=fit * (1 - fit), patient=patient)
    moved = []
    for one in range(50):
        kept = patient != one
        rows, probability = x[:, kept], fit[kept]
        hessian = (rows * (probability * (1 - probability))) @ rows.T
        moved.append(np.linalg.solve(hessian, rows @ (truth[kept] - probability)))
    moved_by = np.array(moved)
    np.testing.assert_allclose(got, moved_by.T @ moved_by * 49 / 50, rtol=1e-10)


def test_the_covariance_is_near_that_of_refitting_without_each_patient() -> None:
    x, truth, patient = _data()
    theta = most_likely(x, targets=truth, start=np.zeros(2))
    fit = expit(theta @ x)
    got = covariance_by_patient(x, residuals=truth - fit, curvature=fit * (1 - fit), patient=patient)
    refitted = np.array(
        [most_likely(x[:, patient != one], targets=truth[patient != one], start=theta) - theta for one in range(50)]
    )
    np.testing.assert_allclose(got, refitted.T @ refitted * 49 / 50, rtol=0.15)


def test_one_patient_who_decides_alone_gives_no_spread() -> None:
    with pytest.raises(DataError, match="one patient alone"):
        covariance_by_patient(
            np.ones((1, 3)), residuals=np.zeros(3), curvature=np.ones(3), patient=np.zeros(3, np.intp)
        )


def test_sigmoid_does_not_overflow() -> None:
    np.testing.assert_allclose(sigmoid([-1000.0, 0.0, 30.0, 1000.0]), expit([-1000.0, 0.0, 30.0, 1000.0]), rtol=1e-14)
