import numpy as np
import pytest

from hilum.errors import DataError, UsageError
from hilum.evaluation.predictions.patient_bootstrap import (
    bootstrap_p_value,
    estimate,
    mean_statistic,
    patient_bootstrap,
    patient_rows,
)
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
    with pytest.raises(DataError, match="one value a row"):
        mean_statistic(np.ones(2), rows=np.arange(3), patients=patient_rows(["a", "b", "c"]))


def test_bootstrap_p_value_by_hand() -> None:
    # 3 of 99 draws at or below 0: 2 (3 + 1) / (99 + 1)
    draws = np.concatenate([np.full(3, -0.1), np.full(96, 0.2), [np.nan]])
    assert bootstrap_p_value(draws) == pytest.approx(0.08)
    assert bootstrap_p_value(-draws) == pytest.approx(0.08)
    assert bootstrap_p_value(np.zeros(50)) == 1.0
    assert bootstrap_p_value(np.array([0.1, np.nan])) is None
