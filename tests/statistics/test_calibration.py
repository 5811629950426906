import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.calibration import _SigmoidCalibration
from sklearn.linear_model import LogisticRegression

from hilum.errors import DataError
from hilum.statistics.calibration import calibrate, fit_intercept, fit_platt, fit_temperature


def _logits(seed: int, *, scale: float, shift: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=400)
    truth = rng.random(400) < expit(1.7 * logits - 0.8)
    return truth, logits * scale + shift


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (30.0, -4.0), (1e-3, 100.0)])
def test_platt_agrees_with_an_unpenalised_logistic_regression_on_his_targets(scale: float, shift: float) -> None:
    """Smoothed targets as weights: each row counts as both outcomes, in shares."""
    truth, logits = _logits(0, scale=scale, shift=shift)
    found = fit_platt(truth, logits=logits)
    targets = np.where(truth, (truth.sum() + 1) / (truth.sum() + 2), 1 / ((~truth).sum() + 2))
    standard = ((logits - logits.mean()) / logits.std())[:, None]
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000)
    outcomes = np.repeat([1, 0], truth.size)
    model.fit(np.tile(standard, (2, 1)), outcomes, sample_weight=np.concatenate([targets, 1 - targets]))
    got = calibrate(logits, slope=found.slope, intercept=found.intercept)
    np.testing.assert_allclose(got, model.predict_proba(standard)[:, 1], atol=1e-6)
    assert found.slope == pytest.approx(float(model.coef_[0, 0]) / logits.std(), rel=1e-5)


def test_platt_agrees_with_that_of_scikit_learn() -> None:
    truth, logits = _logits(1, scale=3.0, shift=0.5)
    found = fit_platt(truth, logits=logits)
    reference = _SigmoidCalibration().fit(logits, truth)  # sigmoid(-(a f + b))
    assert (found.slope, found.intercept) == pytest.approx((-reference.a_, -reference.b_), rel=1e-4)


@pytest.mark.parametrize("slope", [0.05, 1.0, 40.0])
def test_an_intercept_alone_agrees_with_a_line_search(slope: float) -> None:
    truth, logits = _logits(4, scale=3.0, shift=1.0)
    found = fit_intercept(truth, logits=logits, slope=slope)

    def loss(intercept: float) -> float:
        z = slope * logits + intercept
        return float((np.logaddexp(0, z) - truth * z).sum())

    best = minimize_scalar(loss, bounds=(-300, 300), method="bounded", options={"xatol": 1e-9}).x
    assert found.slope == slope
    assert loss(found.intercept) <= loss(best) + 1e-8
    assert calibrate(logits, slope=slope, intercept=found.intercept).mean() == pytest.approx(truth.mean())


@pytest.mark.parametrize(("truth", "slope", "said"), [([1, 1], 1.0, "no negatives"), ([0, 1], -1.0, "above 0")])
def test_an_intercept_that_cannot_be_fitted(truth: list[int], slope: float, said: str) -> None:
    with pytest.raises(DataError, match=said):
        fit_intercept(truth, logits=[0.1, 0.2], slope=slope)


def test_temperature_agrees_with_a_line_search() -> None:
    truth, logits = _logits(2, scale=4.0, shift=0.3)
    found = fit_temperature(truth, logits=logits)
    loss = lambda slope: float((np.logaddexp(0, slope * logits) - slope * logits * truth).sum())  # noqa: E731
    assert found.slope == pytest.approx(minimize_scalar(loss, bounds=(0, 10), options={"xatol": 1e-9}).x, rel=1e-5)
    assert found.intercept == 0.0


def test_missing_truth_is_left_out() -> None:
    truth, logits = _logits(3, scale=1.0, shift=0.0)
    more = np.concatenate([truth.astype(float), [np.nan, np.nan]])
    assert fit_platt(more, logits=np.concatenate([logits, [50.0, np.nan]])) == fit_platt(truth, logits=logits)


def test_calibrate_is_exact_far_out_and_keeps_the_shape() -> None:
    logits = np.array([[-1000.0, -40.0], [0.0, 1000.0]])
    got = calibrate(logits, slope=1.0, intercept=0.0)
    np.testing.assert_allclose(got, expit(logits), rtol=1e-14)
    assert got.shape == (2, 2)
    assert calibrate(2.0, slope=0.5, intercept=-1.0) == 0.5


def test_separated_outcomes_have_a_slope_by_platt_and_no_temperature() -> None:
    truth, logits = [0, 0, 1, 1], [-2.0, -1.0, 1.0, 3.0]
    assert 0 < fit_platt(truth, logits=logits).slope < 10
    with pytest.raises(DataError, match="temperature"):
        fit_temperature(truth, logits=logits)


@pytest.mark.parametrize(
    ("truth", "logits", "message"),
    [
        ([1, 1], [0.1, 0.2], "no negatives"),
        ([None, None], [0.1, 0.2], "known truth"),
        ([0, 1, 0], [0.5, 0.5, 0.5], "All logits are the same"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(truth: list[float | None], logits: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_platt(truth, logits=logits)


def test_zero_logits_have_no_temperature() -> None:
    with pytest.raises(DataError, match="All logits are 0"):
        fit_temperature([0, 1], logits=[0.0, 0.0])


def test_platt_settles_where_rounding_hides_the_last_step() -> None:
    rng = np.random.default_rng(0)
    logits = np.concatenate([rng.normal(6, 0.1, 3000), rng.normal(-6, 0.1, 900), rng.normal(6, 0.1, 15)])
    truth = np.concatenate([np.ones(3000), np.zeros(915)])
    for shift in np.linspace(0, 1, 20):
        fitted = fit_platt(truth, logits=logits + shift)
        mean = calibrate(logits + shift, slope=fitted.slope, intercept=fitted.intercept).mean()
        assert mean == pytest.approx(truth.mean(), abs=1e-3)


def test_a_slope_that_would_turn_the_scores_round_is_refused() -> None:
    truth, logits = _logits(0, scale=-2.0, shift=0.0)
    unrelated, flat = [0, 1, 0, 1], [-1.0, -1.0, 1.0, 1.0]
    for fit in (
        lambda t, z: fit_platt(t, logits=z),
        lambda t, z: fit_temperature(t, logits=z),
    ):
        for some_truth, some_logits in ((truth, logits), (unrelated, flat)):
            with pytest.raises(DataError, match="rank the wrong way round, or not at all"):
                fit(some_truth, some_logits)
