import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.evaluation.patient_bootstrap import estimate, patient_bootstrap, patient_rows
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
    monkeypatch.setattr("hilum.evaluation.patient_bootstrap._CELLS", 1)
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
