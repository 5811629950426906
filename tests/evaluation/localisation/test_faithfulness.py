"""Curves of a network of which it is known where it looks, worked out by hand."""

import numpy as np
import numpy.typing as npt
import pytest

from hilum.errors import UsageError
from hilum.evaluation.localisation.faithfulness import faithfulness, importance, random_map
from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Geometry

SIDE = 32
LEFT = np.zeros((SIDE, SIDE), np.float32)
LEFT[:, : SIDE // 4] = 1.0
PICTURE = LEFT[None]


def looks_left(pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The mean of the left quarter: 1 in the picture, 0.25 where it is the picture's mean."""
    return pictures[:, 0, :, : SIDE // 4].mean(axis=(1, 2), dtype=np.float64)


def test_a_map_of_what_the_network_looks_at_is_faithful() -> None:
    """By the first quarter of pixels the probability falls from 1 to 0.25, and stays: 0.625 / 4 + 0.25 * 3 / 4."""
    found = faithfulness(PICTURE, marks=LEFT, ask=looks_left, seed=0)
    assert found.deletion == pytest.approx(0.34375)
    assert found.insertion > 0.95
    assert found.road > 0.4


def test_a_map_of_everything_else_is_not() -> None:
    """The left quarter goes last: 1 * 3 / 4 + 0.625 / 4."""
    found = faithfulness(PICTURE, marks=-LEFT, ask=looks_left, seed=0)
    assert found.deletion == pytest.approx(0.90625)
    assert found.road < -0.4
    between = faithfulness(PICTURE, marks=np.zeros_like(LEFT), ask=looks_left, seed=0)
    assert 0.34375 < between.deletion < 0.90625, "marked alike: in a random order"
    assert between.road == pytest.approx(0.0, abs=0.1)


def test_a_network_that_says_always_the_same_has_no_faithful_map() -> None:
    found = faithfulness(PICTURE, marks=LEFT, ask=lambda pictures: np.full(len(pictures), 0.3), seed=0)
    assert (found.deletion, found.insertion, found.road) == (pytest.approx(0.3), pytest.approx(0.3), 0.0)


def test_what_is_no_map_or_no_probability_is_refused() -> None:
    with pytest.raises(UsageError, match=r"The map needs shape \(32, 32\)"):
        faithfulness(PICTURE, marks=LEFT[:8], ask=looks_left, seed=0)
    with pytest.raises(UsageError, match="NaN or infinity"):
        faithfulness(PICTURE, marks=LEFT, ask=lambda pictures: np.full(len(pictures), np.nan), seed=0)


def test_a_map_finds_its_way_to_the_networks_input() -> None:
    """The picture is 100 wide and 50 high; the network takes it at 32 x 32. The map's left half is lit."""
    placed = PlacedMap(np.array([[1.0, 0.0]], np.float32), Geometry(50.0, 50.0, 0.0, 0.0))
    found = importance(placed, geometry=Geometry(100 / 32, 50 / 32, 0.0, 0.0), size=(32, 32))
    assert (found[:, :8] == 1.0).all()
    assert (found[:, 24:] == 0.0).all()


def test_a_random_map_is_smooth_and_follows_from_its_seed() -> None:
    found = random_map(size=(56, 56), cells=7, seed=1)
    assert np.abs(np.diff(found, axis=0)).max() < np.ptp(found) / 2
    np.testing.assert_array_equal(found, random_map(size=(56, 56), cells=7, seed=1))
    assert not np.array_equal(found, random_map(size=(56, 56), cells=7, seed=2))
