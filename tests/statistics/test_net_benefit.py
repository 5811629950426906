import numpy as np
import pytest

from hilum.errors import DataError
from hilum.statistics.net_benefit import THRESHOLDS, DecisionCurve, decision_curve, net_benefit
from hilum.statistics.outcomes import UndefinedMetric


def _curve(truth: np.ndarray, stated: np.ndarray, patient: np.ndarray) -> DecisionCurve:
    found = decision_curve(truth, probabilities=stated, patients=patient)
    assert isinstance(found, DecisionCurve)
    return found


def _data(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    truth = (rng.random(n) < 0.3).astype(np.float64)
    return truth, np.clip(0.3 + 0.4 * (truth - 0.3) + 0.15 * rng.normal(size=n), 0, 1).round(2), np.arange(n) // 2


def test_by_hand() -> None:
    """Of 100 rows 20 are found and 8 called for nothing; at 0.2 a false alarm costs a quarter: 0.20 - 0.08 / 4."""
    assert net_benefit(0.20, false_share=0.08, threshold=0.2) == pytest.approx(0.18)
    assert net_benefit(0.6, false_share=0.4, threshold=0.5) == pytest.approx(0.2)


def test_the_curve_is_the_definition_written_out() -> None:
    truth, stated, patient = _data()
    found = _curve(truth, stated, patient)
    for place, threshold in enumerate(THRESHOLDS):
        called = stated >= threshold
        price = threshold / (1 - threshold)
        own = np.mean(called & (truth == 1)) - price * np.mean(called & (truth == 0))
        everyone = np.mean(truth == 1) - price * np.mean(truth == 0)
        assert (found.model[place], found.everyone[place]) == pytest.approx((own, everyone))


def test_the_bands_are_near_the_percentiles_of_patients_drawn_again() -> None:
    truth, stated, patient = _data()
    found = _curve(truth, stated, patient)
    rng = np.random.default_rng(9)
    drawn = []
    for _ in range(600):
        rows = np.concatenate([np.flatnonzero(patient == one) for one in rng.integers(0, 200, 200)])
        called = stated[rows] >= 0.5
        drawn.append(np.mean(called & (truth[rows] == 1)) - np.mean(called & (truth[rows] == 0)))
    place = int(np.argmin(np.abs(THRESHOLDS - 0.5)))
    assert found.model_low[place] == pytest.approx(np.quantile(drawn, 0.025), abs=0.01)
    assert found.model_high[place] == pytest.approx(np.quantile(drawn, 0.975), abs=0.01)


def test_missing_truth_is_left_out_and_a_missing_outcome_has_no_curve() -> None:
    truth, stated, patient = _data()
    more = _curve(np.append(truth, np.nan), np.append(stated, 0.99), np.append(patient, 0))
    np.testing.assert_allclose(more.model, _curve(truth, stated, patient).model)
    none = decision_curve([0, 0], probabilities=[0.1, 0.2], patients=[1, 2])
    assert isinstance(none, UndefinedMetric)
    with pytest.raises(DataError, match="one patient a row"):
        decision_curve([0, 1], probabilities=[0.1, 0.2], patients=[1])
