import numpy as np
import pytest
from scipy import stats

from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.patient_bootstrap import (
    bootstrap_p_value,
    estimate,
    mean_statistic,
    patient_bootstrap,
    patient_rows,
)
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.statistics.delong import delong
from hilum.statistics.estimate import Estimate


def test_all_statistics_see_the_same_draws_of_whole_patients() -> None:
    patients = patient_rows(["b", "a", "b", "c"])
    assert patients.index.tolist() == [1, 0, 1, 2]
    seen = patient_bootstrap(
        [lambda drawn: drawn.astype(float), lambda drawn: 2.0 * drawn], patients=patients, replicates=1000, seed=3
    )
    assert seen[0].shape == (3, 1000)
    assert (seen[0].sum(axis=0) == 3).all()  # as many patients as there are
    np.testing.assert_array_equal(2 * seen[0], seen[1])
    np.testing.assert_allclose(seen[0].mean(axis=1), 1.0, atol=0.1)


def test_replicates_do_not_depend_on_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = patient_rows([str(i % 40) for i in range(100)])

    def draw() -> np.ndarray:
        return patient_bootstrap([lambda drawn: drawn * 1.0], patients=patients, replicates=150, seed=1)[0]

    whole = draw()
    monkeypatch.setattr("hilum.evaluation.predictions.patient_bootstrap._CELLS", 1)
    np.testing.assert_array_equal(whole, draw())


def test_estimate_counts_what_has_no_value() -> None:
    draws = np.concatenate([np.arange(101) / 100, [np.nan, np.nan]])
    assert estimate(0.5, draws=draws) == Estimate(
        0.5, (pytest.approx(0.025), pytest.approx(0.975)), 2, method="percentile by patient", replicates=103
    )
    assert estimate(0.5, draws=np.array([0.5, np.nan])) == Estimate(
        0.5, None, 1, note="fewer than two replicates have a value", replicates=2
    )


def test_nothing_to_draw() -> None:
    patients = patient_rows(["a"])
    assert patient_bootstrap([], patients=patients, replicates=10, seed=0) == []
    with pytest.raises(UsageError, match="replicates"):
        patient_bootstrap([], patients=patients, replicates=1, seed=0)


def test_means_of_drawn_patients_by_hand() -> None:
    patients = patient_rows(["a", "b", "b", "c"])
    statistic = mean_statistic(np.array([1.0, 2.0, 6.0]), rows=np.array([0, 1, 2]), patients=patients)  # c has none
    drawn = np.array([[1, 2, 0, 0], [1, 1, 0, 1], [1, 0, 3, 2]], np.int32)
    np.testing.assert_allclose(statistic(drawn), [[3.0, 2.5, np.nan, 4.0]])


def test_one_value_a_row() -> None:
    with pytest.raises(DataError, match="Each row needs one value"):
        mean_statistic(np.ones(2), rows=np.arange(3), patients=patient_rows(["a", "b", "c"]))


def test_bootstrap_p_value_by_hand() -> None:
    # 3 of 99 draws at or below 0: 2 (3 + 1) / (99 + 1)
    draws = np.concatenate([np.full(3, -0.1), np.full(96, 0.2), [np.nan]])
    assert bootstrap_p_value(draws) == pytest.approx(0.08)
    assert bootstrap_p_value(-draws) == pytest.approx(0.08)
    assert bootstrap_p_value(np.zeros(50)) == 1.0
    assert bootstrap_p_value(np.array([0.1, np.nan])) is None


def _of_auroc(truth: np.ndarray, scores: np.ndarray, patients: list[int], *, replicates: int) -> Estimate:
    rows = patient_rows([f"p{patient:03d}" for patient in patients])
    statistic = ranking_statistic(truth, scores=scores, patients=rows)
    return estimate(0.5, draws=patient_bootstrap([statistic], patients=rows, replicates=replicates, seed=9)[0][0])


def test_mean_of_independent_rows_agrees_with_scipys_percentile_bootstrap() -> None:
    successes = (np.random.default_rng(4).random(150) < 0.3).astype(float)
    patients = patient_rows([f"p{i:03d}" for i in range(150)])
    statistic = mean_statistic(successes, rows=np.arange(150), patients=patients)
    drawn = patient_bootstrap([statistic], patients=patients, replicates=20_000, seed=5)[0][0]
    expected = stats.bootstrap(
        (successes,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(6)
    )
    found = estimate(successes.mean(), draws=drawn)
    assert found.interval == pytest.approx(expected.confidence_interval, abs=0.0075)  # a share moves in steps of 1/150
    assert drawn.std(ddof=1) == pytest.approx(float(expected.standard_error), rel=0.03)
    assert (found.replicates, found.undefined) == (20_000, 0)


def test_auroc_of_independent_rows_agrees_with_delong() -> None:
    rng = np.random.default_rng(7)
    truth = rng.random(600) < 0.4
    scores = np.round(rng.normal(size=600) + truth, 1)
    found, expected = _of_auroc(truth, scores, list(range(600)), replicates=10_000), delong(truth, scores=scores)
    assert isinstance(expected, Estimate)
    assert found.interval == pytest.approx(expected.interval, abs=0.005)


def test_copies_of_a_patients_images_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(8)
    truth = rng.random(80) < 0.5
    scores = rng.normal(size=80) + truth
    once = _of_auroc(truth, scores, list(range(80)), replicates=2000)
    nine = _of_auroc(np.repeat(truth, 9), np.repeat(scores, 9), [i // 9 for i in range(720)], replicates=2000)
    assert nine.interval == pytest.approx(once.interval, abs=1e-12)


def test_replicates_without_a_value_are_counted() -> None:
    found = _of_auroc(np.array([1, 0, 0]), np.array([2, 1, 3]), [0, 1, 2], replicates=9000)
    # no positive is drawn with probability (2/3)^3, nothing but the positive with (1/3)^3
    assert found.undefined / 9000 == pytest.approx(9 / 27, abs=0.02)
