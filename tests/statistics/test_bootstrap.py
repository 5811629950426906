import numpy as np
import pytest
from scipy import stats

from hilum.errors import DataError, UsageError
from hilum.statistics import bootstrap as module
from hilum.statistics.bootstrap import bootstrap_interval, patient_weights
from hilum.statistics.delong import DelongEstimate, delong
from weighted_statistics import auroc_statistic, share_statistic

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


def test_mean_of_independent_rows_agrees_with_scipys_percentile_bootstrap() -> None:
    successes = np.random.default_rng(4).random(150) < 0.3
    found = bootstrap_interval(
        share_statistic(successes, trials=np.ones(150, bool)),
        patients=np.arange(150),
        rng=np.random.default_rng(5),
        replicates=20_000,
    )
    expected = stats.bootstrap(
        (successes.astype(float),), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(6)
    )
    low, high = expected.confidence_interval
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.0075)  # a share moves in steps of 1/150
    assert found.standard_error == pytest.approx(float(expected.standard_error), rel=0.03)
    assert (found.replicates, found.undefined) == (20_000, 0)


def test_auroc_of_independent_rows_agrees_with_delong() -> None:
    rng = np.random.default_rng(7)
    truth = rng.random(600) < 0.4
    scores = np.round(rng.normal(size=600) + truth, 1)
    found = bootstrap_interval(
        auroc_statistic(truth, scores=scores), patients=np.arange(600), rng=rng, replicates=10_000
    )
    expected = delong(truth, scores=scores)
    assert isinstance(expected, DelongEstimate)
    assert found.standard_error == pytest.approx(expected.standard_error, rel=0.05)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.005)


def test_copies_of_a_patients_images_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(8)
    truth = rng.random(80) < 0.5
    scores = rng.normal(size=80) + truth
    once = bootstrap_interval(
        auroc_statistic(truth, scores=scores), patients=np.arange(80), rng=np.random.default_rng(9)
    )
    nine = bootstrap_interval(
        auroc_statistic(np.repeat(truth, 9), scores=np.repeat(scores, 9)),
        patients=np.repeat(np.arange(80), 9),
        rng=np.random.default_rng(9),
    )
    assert (nine.low, nine.high) == pytest.approx((once.low, once.high), abs=1e-12)


def test_a_difference_is_paired() -> None:
    rng = np.random.default_rng(10)
    truth = rng.random(100) < 0.5
    scores = rng.normal(size=100) + truth
    one, other = auroc_statistic(truth, scores=scores), auroc_statistic(truth, scores=3 * scores + 1)
    found = bootstrap_interval(lambda weights: one(weights) - other(weights), patients=np.arange(100), rng=rng)
    assert (found.low, found.high) == (0.0, 0.0)


def test_replicates_without_a_value_are_counted() -> None:
    truth = [1, 0, 0]
    found = bootstrap_interval(
        auroc_statistic(truth, scores=[2, 1, 3]),
        patients=[0, 1, 2],
        rng=np.random.default_rng(11),
        replicates=9000,
    )
    # no positive is drawn with probability (2/3)^3, nothing but the positive with (1/3)^3
    assert found.undefined / 9000 == pytest.approx(9 / 27, abs=0.02)
    with pytest.raises(DataError, match="too few"):
        bootstrap_interval(
            auroc_statistic([1, 1], scores=[1, 2]), patients=[0, 1], rng=np.random.default_rng(0), replicates=10
        )


def test_misuse_is_refused() -> None:
    statistic = share_statistic([True], trials=[True])
    rng = np.random.default_rng(0)
    with pytest.raises(UsageError, match="level"):
        bootstrap_interval(statistic, patients=[0], rng=rng, level=1.0)
    with pytest.raises(UsageError, match="replicates"):
        bootstrap_interval(statistic, patients=[0], rng=rng, replicates=1)
    with pytest.raises(UsageError, match="one value a replicate"):
        bootstrap_interval(lambda weights: weights.astype(float), patients=[0, 1], rng=rng)
    with pytest.raises(DataError, match="one patient a row"):
        bootstrap_interval(statistic, patients=[], rng=rng)
