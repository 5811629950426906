import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from hilum.errors import DataError
from hilum.statistics.calibration_curve import CalibrationCurve, calibration_curve, spline_basis
from hilum.statistics.outcomes import UndefinedMetric


def _drawn(truth: np.ndarray, stated: np.ndarray, patient: np.ndarray) -> CalibrationCurve:
    found = calibration_curve(truth, probabilities=stated, patients=patient)
    assert isinstance(found, CalibrationCurve)
    return found


def _data(n: int = 300, *, shift: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    z = 2 * rng.normal(size=n)
    return (rng.random(n) < expit(z + shift)).astype(np.float64), expit(z), np.arange(n) // 2


def test_the_spline_is_natural_it_bends_between_the_outer_knots_only() -> None:
    knots = np.array([-1.0, 0.0, 0.5, 2.0])
    for part in (np.linspace(-9, -1, 50), np.linspace(2, 9, 50)):
        np.testing.assert_allclose(np.diff(spline_basis(part, knots=knots), n=2, axis=1), 0.0, atol=1e-10)
    assert spline_basis(part, knots=knots).shape == (3, 50)
    inside = spline_basis(np.linspace(-1, 2, 3001), knots=knots)[1:]
    second = np.diff(inside, n=2, axis=1) / 0.001**2
    assert np.abs(np.diff(second, axis=1)).max() < 0.02  # the second derivative has no jump, at a knot or elsewhere
    # Harrell's formula at 0.5 for the knot at -1: only its own cube is above 0 there
    assert spline_basis(np.array([0.5]), knots=knots)[1, 0] == pytest.approx(1.5**3 / 9)


def _bent(n: int = 900) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calibrated above one half, far too high below it: no straight line in log odds."""
    rng = np.random.default_rng(5)
    z = 2 * rng.normal(size=n)
    return (rng.random(n) < expit(np.where(z > 0, z, 3 * z))).astype(np.float64), expit(z), np.arange(n)


def test_the_curve_is_scikit_learns_regression_on_the_same_spline() -> None:
    truth, stated, patient = _bent()
    found = _drawn(truth, stated, patient)
    assert found.knots > 0
    z = logit(stated)
    quantiles = {4: [0.05, 0.35, 0.65, 0.95], 3: [0.1, 0.5, 0.9]}
    losses = {}
    for count, places in quantiles.items():
        knots = np.quantile(z, places)
        x, at = spline_basis(z, knots=knots).T, spline_basis(logit(found.probability), knots=knots).T
        model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=5000).fit((x - x.mean(0)) / x.std(0), truth)
        fitted = model.predict_proba((x - x.mean(0)) / x.std(0))[:, 1]
        losses[count] = 2 * log_loss(truth, fitted, normalize=False) + count * np.log(900)
        if count == found.knots:
            expected = model.predict_proba((at - x.mean(0)) / x.std(0))[:, 1]
            np.testing.assert_allclose(found.observed, expected, atol=1e-5)
    assert found.knots == min(losses, key=lambda count: losses[count])


def test_a_straight_line_in_log_odds_stays_one() -> None:
    assert np.mean([_drawn(*_data(200, seed=seed)).knots == 0 for seed in range(40)]) > 0.8


def test_a_calibrated_model_lies_near_the_diagonal_and_one_that_is_off_does_not() -> None:
    truth, stated, patient = _data(6000)
    found = _drawn(truth, stated, patient)
    assert np.abs(found.observed - found.probability).max() < 0.05
    truth, stated, patient = _data(6000, shift=-2.0)
    too_high = _drawn(truth, stated, patient)
    middle = (too_high.probability > 0.2) & (too_high.probability < 0.98)
    assert (too_high.high < too_high.probability)[middle].all()


def test_the_steep_part_of_a_model_that_parts_the_outcomes_well_is_not_flattened() -> None:
    rng = np.random.default_rng(3)
    truth = np.r_[np.ones(1760), np.zeros(1160)]
    right = 3.0 * ((2 * truth - 1) * 1.5 + rng.normal(size=truth.size)) + np.log(176 / 116)
    found = _drawn(truth, expit(right + 3.0), np.arange(truth.size))  # three log odds too high
    np.testing.assert_allclose(found.observed, expit(logit(found.probability) - 3.0), atol=0.08)


def test_the_band_covers_the_diagonal_of_a_calibrated_model() -> None:
    held = []
    for seed in range(300):
        found = _drawn(*_data(200, seed=seed))
        held.append((found.low <= found.probability) & (found.probability <= found.high))
    shares = np.mean(held, axis=0)[5:-5]
    assert 0.92 < shares.mean() < 0.98
    assert shares.min() > 0.86


def test_copies_of_a_patients_image_make_no_band_narrower() -> None:
    truth, stated, _ = _data()
    once = _drawn(truth, stated, np.arange(300))
    copies = _drawn(np.tile(truth, 4), np.tile(stated, 4), np.tile(np.arange(300), 4))
    np.testing.assert_allclose(copies.high - copies.low, once.high - once.low, atol=0.02)
    alone = _drawn(np.tile(truth, 4), np.tile(stated, 4), np.arange(1200))
    assert (alone.high - alone.low).mean() < 0.7 * (once.high - once.low).mean()


def test_the_band_of_the_straight_line_is_that_of_its_coefficients() -> None:
    truth, stated = np.array([0, 0, 1, 0, 1, 1, 0, 1] * 6, np.float64), np.array([0.3, 0.3, 0.3, 0.6] * 12)
    found = _drawn(truth, stated, np.arange(48))
    assert found.knots == 0  # two probabilities bear no knots
    share = [truth[stated == one].mean() for one in (0.3, 0.6)]
    assert (found.observed[0], found.observed[-1]) == pytest.approx(tuple(share), abs=1e-6)
    residual = truth - np.where(stated == 0.3, share[0], share[1])
    own = np.where(stated == 0.3, share[0] * (1 - share[0]), share[1] * (1 - share[1]))
    low_rows = stated == 0.3
    freed = residual[low_rows] / (1 - 1 / low_rows.sum())  # each row owns 1 / n of the mean of its group
    error = np.sqrt(np.sum(freed**2) * 47 / 48) / own[low_rows].sum()
    line = logit(share[0])
    assert found.low[0] == pytest.approx(expit(line - norm.ppf(0.975) * error), abs=1e-6)


def test_what_has_no_curve_says_why() -> None:
    for truth, stated, reason in (
        ([1, 1], [0.2, 0.3], "no negatives"),
        ([0, 1], [0.5, 0.5], "equal"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], "parts the outcomes"),
    ):
        found = calibration_curve(truth, probabilities=stated, patients=range(len(truth)))
        assert isinstance(found, UndefinedMetric)
        assert reason in found.reason
    with pytest.raises(DataError, match="one patient a row"):
        calibration_curve([0, 1], probabilities=[0.1, 0.2], patients=[1])
