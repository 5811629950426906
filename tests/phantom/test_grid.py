"""The grid places pixel centres, and its windows miss no pixel that a solid touches."""

import numpy as np
import pytest

from hilum.phantom.grid import Grid


def test_pixel_centres_lie_half_a_pixel_from_the_edges() -> None:
    grid = Grid(2, 4, 0.5, centre_y_mm=10.0)
    np.testing.assert_allclose(grid.x_mm, [[-0.75, -0.25, 0.25, 0.75]])
    np.testing.assert_allclose(grid.y_mm, [[9.75], [10.25]])


@pytest.mark.parametrize("bounds", [(-3.1, 4.2, 5.0, 12.0), (-100, 100, -100, 100), (0.2, 0.3, 9.9, 10.1)])
def test_a_window_holds_every_centre_within_the_bounds(bounds: tuple[float, float, float, float]) -> None:
    grid = Grid(31, 40, 0.7, centre_y_mm=10.0)
    rows, columns = grid.window(bounds)
    x0, x1, y0, y1 = bounds
    inside = (grid.x_mm >= x0) & (grid.x_mm <= x1) & (grid.y_mm >= y0) & (grid.y_mm <= y1)
    kept = np.zeros_like(inside)
    kept[rows, columns] = True
    assert not (inside & ~kept).any()


def test_a_window_beside_the_picture_is_empty() -> None:
    rows, columns = Grid(10, 10, 1.0).window((50, 60, 0, 1))
    assert columns.start == columns.stop
    assert rows.stop > rows.start


def test_shares_of_the_picture_become_millimetres() -> None:
    grid = Grid(100, 200, 0.5, centre_y_mm=20.0)
    assert grid.point_mm(0.5, 0.5) == (0.0, 20.0)
    assert grid.point_mm(1.0, 0.0) == (50.0, -5.0)
