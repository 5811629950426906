import numpy as np
import pytest

from hilum.errors import DataError
from hilum.statistics import bootstrap as module
from hilum.statistics.bootstrap import patient_weights

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
