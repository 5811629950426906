import math

import pytest

from hilum.statistics.estimate import Estimate
from hilum.statistics.mover import mean_interval, ratio_interval


def test_the_mean_squares_and_adds() -> None:
    one, two = Estimate(0.9, (0.8, 0.95)), Estimate(0.7, (0.5, 0.85))
    expected = (0.8 - math.sqrt(0.1**2 + 0.2**2) / 2, 0.8 + math.sqrt(0.05**2 + 0.15**2) / 2)
    assert mean_interval(one, two) == pytest.approx(expected)
    assert mean_interval(one, Estimate(0.5, None)) is None


def test_a_ratio_solves_fiellers_equation_at_both_bounds() -> None:
    one, two = Estimate(0.3, (0.2, 0.45)), Estimate(0.8, (0.7, 0.88))
    low, high = ratio_interval(one, two)
    # (x - r y)^2 = (x - x_bound)^2 + r^2 (y - y_bound)^2
    assert (0.3 - low * 0.8) ** 2 == pytest.approx(0.1**2 + low**2 * 0.08**2)
    assert (0.3 - high * 0.8) ** 2 == pytest.approx(0.15**2 + high**2 * 0.1**2)
    assert low < 0.3 / 0.8 < high


def test_ratios_at_the_edge() -> None:
    none = Estimate(0.0, (0.0, 0.1))
    assert ratio_interval(none, Estimate(0.8, (0.7, 0.9)))[0] == 0.0
    assert ratio_interval(Estimate(0.5, (0.4, 0.6)), Estimate(0.05, (0.0, 0.2)))[1] == math.inf
    assert ratio_interval(Estimate(0.5, (0.4, 0.6)), none) is None
    assert ratio_interval(Estimate(0.5, None), none) is None


def test_the_low_bound_of_a_ratio_stays_above_0_where_the_second_share_may_be_twice_as_large() -> None:
    """232 of 239 over 2 of 159: the low bound goes on from where that bound is just twice the share, without a step."""
    first, wide = Estimate(0.971, (0.94, 0.986)), Estimate(0.0126, (0.003, 0.045))
    found = ratio_interval(first, wide)
    assert found is not None
    assert found[0] == pytest.approx(first.value / wide.value * math.exp(-math.log(0.045 / 0.0126)), rel=0.05)
    below, at, above = (
        ratio_interval(first, Estimate(0.0126, (0.003, 2 * 0.0126 + step))) for step in (-1e-6, 0.0, 1e-6)
    )
    assert below is not None
    assert at is not None
    assert above is not None
    assert below[0] == pytest.approx(at[0], rel=1e-3)
    assert above[0] == pytest.approx(at[0], rel=1e-3)
