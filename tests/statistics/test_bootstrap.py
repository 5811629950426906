import numpy as np
import pytest
from scipy import stats

from hilum.errors import DataError
from hilum.statistics import bootstrap as module
from hilum.statistics.bootstrap import bca_interval, patient_weights

PATIENTS = ["a", "b", "a", "c", "c", "c"]


def _all_weights(patients: list[str], *, replicates: int, seed: int) -> np.ndarray:
    return np.concatenate(list(patient_weights(patients, replicates=replicates, rng=np.random.default_rng(seed))))


def test_rows_of_a_patient_are_drawn_together_and_as_many_patients_as_there_are() -> None:
    weights = _all_weights(PATIENTS, replicates=300, seed=0)
    assert weights.shape == (300, 6)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 3:] == weights[:, 3:4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    # 3 draws of 3 patients: a patient is drawn twice with the binomial probability 3 (1/3)^2 (2/3)
    share = (_all_weights(PATIENTS, replicates=20_000, seed=1)[:, 1] == 2).mean()
    assert share == pytest.approx(2 / 9, abs=0.015)


def test_one_image_a_patient_in_any_order() -> None:
    names = ["z", "y", "x"]
    by_name = _all_weights(names, replicates=50, seed=2)
    in_order = _all_weights(["x", "y", "z"], replicates=50, seed=2)
    np.testing.assert_array_equal(by_name, in_order[:, ::-1])


def test_batches_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _all_weights(PATIENTS, replicates=101, seed=3)
    monkeypatch.setattr(module, "_CELLS", 7 * 6)
    batches = list(patient_weights(PATIENTS, replicates=101, rng=np.random.default_rng(3)))
    assert len(batches) == 15
    np.testing.assert_array_equal(np.concatenate(batches), whole)


def test_misuse_is_refused() -> None:
    with pytest.raises(DataError, match="one patient a row"):
        next(patient_weights([], replicates=2, rng=np.random.default_rng(0)))


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_is_scipys(level: float) -> None:
    """The draws are scipy's own, so that nothing is left to chance."""
    sample = np.random.default_rng(3).exponential(size=40)
    found = stats.bootstrap((sample,), np.var, method="BCa", n_resamples=4000, confidence_level=level, rng=1)
    jackknife = np.array([np.var(np.delete(sample, i)) for i in range(40)])
    ours = bca_interval(float(np.var(sample)), draws=found.bootstrap_distribution, jackknife=jackknife, level=level)
    expected = found.confidence_interval
    assert ours == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_what_has_no_value_is_left_out() -> None:
    draws, jackknife = np.random.default_rng(0).normal(size=999), np.random.default_rng(1).normal(size=30)
    whole = bca_interval(0.1, draws=draws, jackknife=jackknife)
    holed = bca_interval(0.1, draws=np.append(draws, np.nan), jackknife=np.append(jackknife, np.nan))
    assert whole == holed


def test_draws_on_one_side_say_nothing_of_the_other() -> None:
    jackknife = np.arange(5.0)
    assert bca_interval(1.0, draws=np.linspace(0, 0.9, 50), jackknife=jackknife) is None
    assert bca_interval(1.0, draws=np.array([1.0]), jackknife=jackknife) is None
    assert bca_interval(1.0, draws=np.arange(9.0), jackknife=np.array([1.0])) is None
