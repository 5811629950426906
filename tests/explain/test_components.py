from typing import Literal

import numpy as np
import pytest
from scipy import ndimage

from hilum.errors import UsageError
from hilum.explain.components import labelled_components, largest_component


def _by_scipy(mask: np.ndarray, *, connectivity: int) -> np.ndarray:
    label, count = ndimage.label(mask, np.ones((3, 3)) if connectivity == 8 else None)
    if count == 0:
        return np.zeros_like(mask)
    return np.asarray(label == np.bincount(label.ravel())[1:].argmax() + 1)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("density", [0.05, 0.3, 0.45, 0.6, 0.9])
def test_agrees_with_scipy_on_noise(density: float, connectivity: Literal[4, 8]) -> None:
    rng = np.random.default_rng(int(density * 100) + connectivity)
    for _ in range(60):
        mask = rng.random(rng.integers(1, 40, 2)) < density
        np.testing.assert_array_equal(
            largest_component(mask, connectivity=connectivity), _by_scipy(mask, connectivity=connectivity)
        )


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("density", [0.1, 0.45, 0.7])
def test_components_are_numbered_in_raster_order_as_scipy_numbers_them(density, connectivity) -> None:
    rng = np.random.default_rng(int(density * 100) + connectivity)
    for _ in range(30):
        mask = rng.random(rng.integers(1, 40, 2)) < density
        found, count = labelled_components(mask, connectivity=connectivity)
        label, expected = ndimage.label(mask, np.ones((3, 3)) if connectivity == 8 else None)
        assert count == expected
        np.testing.assert_array_equal(found, label)


def test_agrees_with_scipy_on_a_large_noisy_mask() -> None:
    mask = np.random.default_rng(1).random((900, 700)) < 0.42
    np.testing.assert_array_equal(largest_component(mask), _by_scipy(mask, connectivity=8))


def test_long_winding_paths_hold_together() -> None:
    spiral = np.zeros((101, 101), bool)
    y = x = 0
    step_y, step_x = 0, 1
    spiral[0, 0] = True
    for length in [100, 100, 100] + [n for n in range(98, 0, -2) for _ in range(2)]:
        for _ in range(length):
            y, x = y + step_y, x + step_x
            spiral[y, x] = True
        step_y, step_x = step_x, -step_y
    assert 0.4 < spiral.mean() < 0.6
    np.testing.assert_array_equal(largest_component(spiral, connectivity=4), spiral)
    # cut anywhere, the longer part stays
    spiral[0, 50] = False
    part = largest_component(spiral, connectivity=4)
    np.testing.assert_array_equal(part, _by_scipy(spiral, connectivity=4))
    assert part.sum() == spiral.sum() - 50


def test_corners_join_with_eight_and_part_with_four() -> None:
    board = np.indices((6, 6)).sum(axis=0) % 2 == 0
    np.testing.assert_array_equal(largest_component(board, connectivity=8), board)
    first = np.zeros((6, 6), bool)
    first[0, 0] = True  # of eighteen single cells the first in raster order
    np.testing.assert_array_equal(largest_component(board, connectivity=4), first)


def test_row_ends_do_not_touch_the_next_row() -> None:
    mask = np.array([[0, 0, 1], [1, 0, 0]], bool)
    assert largest_component(mask, connectivity=8).sum() == 1


@pytest.mark.parametrize("shape", [(4, 5), (0, 5), (4, 0)])
def test_an_empty_mask_has_an_empty_component(shape: tuple[int, int]) -> None:
    assert not largest_component(np.zeros(shape, bool)).any()


def test_what_is_no_mask_is_refused() -> None:
    with pytest.raises(UsageError, match="bool"):
        largest_component(np.ones((2, 2)))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="bool"):
        largest_component(np.ones((1, 2, 2), bool))
