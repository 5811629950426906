"""Lofts against the solids that they contain as special cases, and the monotone cubic against scipy's."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from hilum.phantom.grid import Grid
from hilum.phantom.loft import Loft, monotone_cubic
from hilum.phantom.solids import chord_mm

GRID = Grid(120, 120, 0.5)


def test_equal_circular_sections_make_a_cylinder() -> None:
    loft = Loft(((-20, -8, 8, 8), (20, -8, 8, 8)), centre=(2, 0, 5))
    x = GRID.x_mm - 2
    expected = np.where((np.abs(x) < 8) & (np.abs(GRID.y_mm) <= 20), 2 * np.sqrt(np.maximum(64 - x**2, 0)), 0)
    np.testing.assert_allclose(chord_mm(loft, GRID.x_mm, GRID.y_mm), expected, atol=1e-9)


def test_a_high_exponent_makes_a_box() -> None:
    image = chord_mm(Loft(((-10, -6, 9, 3), (10, -6, 9, 3)), exponent=60), GRID.x_mm, GRID.y_mm)
    assert image.max() == pytest.approx(6, rel=1e-3)
    assert (image > 5.5).sum() * 0.25 == pytest.approx(15 * 20, rel=0.06)


def test_a_turned_loft_is_the_straight_one_seen_in_turned_coordinates() -> None:
    stations = ((0.0, -2.0, 2.0, 2.0), (10.0, -5.0, 3.0, 4.0), (20.0, -1.0, 1.0, 1.0))
    straight, turned = Loft(stations), Loft(stations, angle_deg=90)  # the axis +y turns to -x
    np.testing.assert_allclose(
        chord_mm(turned, GRID.x_mm, GRID.y_mm), chord_mm(straight, GRID.x_mm, GRID.y_mm).T[:, ::-1], atol=1e-9
    )


@pytest.mark.parametrize("angle_deg", [0, 25, 90, 200])
def test_bounds_hold_the_whole_shadow(angle_deg: float) -> None:
    loft = Loft(((0, -4, 4, 3), (8, -6, 5, 3), (18, -2, 2, 1)), (1, 2, 0), angle_deg)
    hit = chord_mm(loft, GRID.x_mm, GRID.y_mm) > 0
    x0, x1, y0, y1 = loft.bounds_mm
    outside = (GRID.x_mm < x0) | (GRID.x_mm > x1) | (GRID.y_mm < y0) | (GRID.y_mm > y1)
    assert hit.any()
    assert not (hit & outside).any()


def test_a_shrunk_loft_lies_inside() -> None:
    outer = Loft(((-20, -9, 9, 7), (0, -6, 6, 5), (20, -9, 9, 7)))
    inner = outer.shrunk(2, depth_mm=1.5)
    a, b = (chord_mm(loft, GRID.x_mm, GRID.y_mm) for loft in (outer, inner))
    assert (b <= a + 1e-9).all()
    centre = GRID.x_mm.shape[1] // 2
    assert a[GRID.rows // 2, centre] - b[GRID.rows // 2, centre] == pytest.approx(3, abs=0.05)


def test_the_cubic_is_monotone_and_agrees_with_scipy_between_inner_knots() -> None:
    knots = np.array([0.0, 1.0, 2.5, 3.0, 5.0, 6.0])
    values = np.array([0.0, 2.0, 2.1, 6.0, 6.0, 5.0])
    at = np.linspace(0, 6, 301)
    ours = monotone_cubic(at, knots, values)
    inner = (at >= 1) & (at <= 5)
    np.testing.assert_allclose(ours[inner], PchipInterpolator(knots, values)(at[inner]), atol=1e-12)
    np.testing.assert_allclose(monotone_cubic(knots, knots, values), values, atol=1e-12)
    assert (np.diff(ours[at <= 3]) >= -1e-12).all()
