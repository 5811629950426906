import numpy as np
import pytest

from hilum.evaluation.bootstrap_p import bootstrap_p_value


def test_bootstrap_p_value_by_hand() -> None:
    # 3 of 99 draws at or below 0: 2 (3 + 1) / (99 + 1)
    draws = np.concatenate([np.full(3, -0.1), np.full(96, 0.2), [np.nan]])
    assert bootstrap_p_value(draws) == pytest.approx(0.08)
    assert bootstrap_p_value(-draws) == pytest.approx(0.08)
    assert bootstrap_p_value(np.zeros(50)) == 1.0
    assert bootstrap_p_value(np.array([0.1, np.nan])) is None
