"""Outlines against scikit-image's marching squares and shapes whose outline is known."""

from collections.abc import Iterable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import find_contours

from hilum.explain.contours import outlines


def enclosed(outline: np.ndarray) -> float:
    """The signed area by the shoelace formula; negative is counter-clockwise on a screen, where y grows downwards."""
    x, y = outline.T.astype(np.float64)
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


@pytest.mark.parametrize("seed", range(5))
def test_outlines_are_those_of_scikit_image(seed: int) -> None:
    grid = gaussian_filter(np.random.default_rng(seed).random((48, 40)), 2.0)
    level = float(np.quantile(grid, 0.6))
    grid[[0, -1]] = grid[:, [0, -1]] = level - 1  # no region touches the border: the library leaves such ones open
    expected = [each[:-1, ::-1] + 0.5 for each in find_contours(grid, level)]  # it repeats the first corner
    ours = outlines(grid, level=level)
    assert [len(outline) for outline in ours] == sorted((len(each) for each in expected), reverse=True)
    for one, other in zip(_in_order(ours), _in_order(expected), strict=True):
        assert np.allclose(one, other, atol=1e-4)


def _in_order(found: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Corners of each outline sorted, then the outlines by their first corners."""
    rows = [np.array(sorted(np.round(outline.astype(np.float64), 4).tolist())) for outline in found]
    return sorted(rows, key=lambda each: (len(each), *each[0]))


def test_a_disc_has_its_area_and_its_hole_turns_the_other_way() -> None:
    y, x = np.mgrid[:80, :80] + 0.5
    distance = np.hypot(x - 40, y - 40)
    ring = np.clip(0.5 + np.minimum(30 - distance, distance - 10), 0, 1)
    outer, inner = outlines(ring)
    assert enclosed(outer) == pytest.approx(-np.pi * 30**2, rel=0.01)
    assert enclosed(inner) == pytest.approx(np.pi * 10**2, rel=0.02)


def test_a_region_at_the_border_is_closed_along_it() -> None:
    grid = np.zeros((10, 10))
    grid[4:, 6:] = 1.0
    (outline,) = outlines(grid)
    assert outline.max(axis=0).tolist() == [10.0, 10.0]
    assert abs(enclosed(outline)) == pytest.approx(4 * 6, rel=0.03)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_map_that_never_rises_above_the_level_has_none(value: float) -> None:
    assert outlines(np.full((6, 6), value)) == ()


def test_corners_that_touch_are_two_regions() -> None:
    grid = np.zeros((4, 4))
    grid[1, 1] = grid[2, 2] = 1.0
    assert len(outlines(grid)) == 2
