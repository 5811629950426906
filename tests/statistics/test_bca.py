import numpy as np
import pytest
from scipy import stats

from hilum.statistics.bca import bca_interval


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
