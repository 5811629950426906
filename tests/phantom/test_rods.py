"""Cylinders and capsules in any direction, against counting points along the ray that lie inside."""

import numpy as np
import numpy.typing as npt
import pytest

from hilum.phantom.grid import Grid
from hilum.phantom.rods import Capsule, Cylinder
from hilum.phantom.solids import chord_mm

GRID = Grid(40, 40, 1.0)
STEP_MM = 0.02
DEPTHS = np.arange(-40, 40, STEP_MM)
Points = npt.NDArray[np.float64]


def _along_and_across(points: Points, start: Points, end: Points) -> tuple[Points, Points, float]:
    axis = end - start
    length = float(np.linalg.norm(axis))
    along = (points - start) @ axis / length
    across = np.linalg.norm(points - start - along[..., None] * axis / length, axis=-1)
    return along, across, length


def _counted(start: Points, end: Points, radius: float, *, round_ends: bool) -> Points:
    x, y = np.meshgrid(GRID.x_mm[0, ::4], GRID.y_mm[::4, 0])
    points = np.stack(np.broadcast_arrays(x[..., None], y[..., None], DEPTHS), axis=-1)
    along, across, length = _along_and_across(points, start, end)
    inside = (across < radius) & (along > 0) & (along < length)
    if round_ends:
        inside |= np.linalg.norm(points - start, axis=-1) < radius
        inside |= np.linalg.norm(points - end, axis=-1) < radius
    return np.asarray(inside.sum(axis=-1) * STEP_MM)


ENDS = [
    ((-9, -4, 3), (8, 6, -7)),
    ((0, 0, -15), (0, 0, 15)),
    ((-10, 2, 1), (12, 2, 1)),
    ((3, 9, 5), (2, -8, 20)),
    ((2, 1, 0), (2.5, 1.5, 12)),
]


@pytest.mark.parametrize(("start", "end"), ENDS)
def test_a_cylinder_is_as_long_as_counted(start: tuple[float, ...], end: tuple[float, ...]) -> None:
    image = chord_mm(Cylinder(start, end, 4.1), GRID.x_mm[:, ::4], GRID.y_mm[::4])
    np.testing.assert_allclose(image, _counted(np.array(start), np.array(end), 4.1, round_ends=False), atol=3 * STEP_MM)
    assert image.max() > 5


@pytest.mark.parametrize(("start", "end"), ENDS)
def test_a_capsule_is_as_long_as_counted(start: tuple[float, ...], end: tuple[float, ...]) -> None:
    image = chord_mm(Capsule(start, end, 4.1), GRID.x_mm[:, ::4], GRID.y_mm[::4])
    np.testing.assert_allclose(image, _counted(np.array(start), np.array(end), 4.1, round_ends=True), atol=3 * STEP_MM)
    assert image.max() > 5


def test_a_stretched_capsule_is_taller_than_thick() -> None:
    grid = Grid(400, 400, 0.1)
    image = chord_mm(Capsule((-10, 5, 0), (10, 5, 0), 3, stretch_y=2), grid.x_mm, grid.y_mm)
    rows = grid.y_mm[:, 0][(image > 0).any(axis=1)]
    assert rows.max() - rows.min() == pytest.approx(12, abs=0.2)
    assert rows.mean() == pytest.approx(5, abs=0.1)
    assert image.max() == pytest.approx(6, abs=0.01)


def test_a_rod_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="two different ends"):
        chord_mm(Capsule((1, 1, 1), (1, 1, 1), 2), GRID.x_mm, GRID.y_mm)
