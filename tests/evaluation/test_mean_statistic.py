import numpy as np
import pytest

from hilum.errors import DataError
from hilum.evaluation.mean_statistic import mean_statistic
from hilum.evaluation.patient_bootstrap import patient_rows


def test_means_of_drawn_patients_by_hand() -> None:
    patients = patient_rows(["a", "b", "b", "c"])
    statistic = mean_statistic(np.array([1.0, 2.0, 6.0]), rows=np.array([0, 1, 2]), patients=patients)  # c has none
    drawn = np.array([[1, 2, 0, 0], [1, 1, 0, 1], [1, 0, 3, 2]], np.int32)
    np.testing.assert_allclose(statistic(drawn), [[3.0, 2.5, np.nan, 4.0]])


def test_one_value_a_row() -> None:
    with pytest.raises(DataError, match="one value a row"):
        mean_statistic(np.ones(2), rows=np.arange(3), patients=patient_rows(["a", "b", "c"]))
