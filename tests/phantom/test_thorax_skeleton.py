"""Ribs run from the spine behind to the front, downwards, around the lungs."""

import numpy as np
import pytest

from hilum.phantom.habitus import habitus
from hilum.phantom.thorax_organs import lung
from hilum.phantom.thorax_skeleton import rib_points

BUILD = habitus(child=False, sex="M", seed=0)


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_rib_starts_behind_at_the_spine_and_ends_lower_in_front(number: int, sign: int) -> None:
    x, y, z = np.array(rib_points(number, sign, BUILD)).T
    assert abs(x[0]) < 20
    assert (sign * x > 0).all()
    assert z[0] > 0 > z[-1]
    assert y[-1] > y[0] + 20


def test_the_ribs_clear_the_lungs_at_their_widest() -> None:
    lungs = np.array(lung("left", BUILD).stations)
    for number in range(3, 11):
        x, y, _ = np.array(rib_points(number, 1, BUILD)).T
        widest = np.argmax(x)
        assert -1 < x[widest] - np.interp(y[widest], lungs[:, 0], lungs[:, 2]) < 8


def test_each_rib_lies_below_the_one_before() -> None:
    starts = [rib_points(number, 1, BUILD)[0][1] for number in range(1, 13)]
    assert (np.diff(starts) > 15).all()
