"""Path lengths through convex solids against chords known from geometry."""

import numpy as np
import pytest

from hilum.phantom.grid import Grid
from hilum.phantom.solids import Block, Ellipsoid, Overlap, add_path, chord_mm

GRID = Grid(80, 100, 0.5)


def test_the_path_through_a_sphere_is_its_chord() -> None:
    x, y = GRID.x_mm, GRID.y_mm
    distance = np.hypot(x - 3, y + 2)
    expected = np.where(distance < 12, 2 * np.sqrt(np.maximum(144 - distance**2, 0)), 0)
    np.testing.assert_allclose(chord_mm(Ellipsoid((3, -2, 40), (12, 12, 12)), x, y), expected, atol=1e-12)


def test_the_paths_through_an_ellipsoid_sum_to_its_volume() -> None:
    image = GRID.zeros()
    add_path(image, Ellipsoid((1, 2, 3), (10, 15, 7), angle_deg=33), grid=GRID)
    assert image.sum() * GRID.spacing_mm**2 == pytest.approx(4 / 3 * np.pi * 10 * 15 * 7, rel=2e-3)


@pytest.mark.parametrize("angle_deg", [0, 30, 90, -60])
def test_a_turned_ellipsoid_has_tight_bounds(angle_deg: float) -> None:
    solid = Ellipsoid((4, 2, 0), (16, 5, 8), angle_deg=angle_deg)
    fine = Grid(800, 1000, 0.05)
    hit = chord_mm(solid, fine.x_mm, fine.y_mm) > 0
    x, y = fine.x_mm[0][hit.any(axis=0)], fine.y_mm[:, 0][hit.any(axis=1)]
    np.testing.assert_allclose([x.min(), x.max(), y.min(), y.max()], solid.bounds_mm, atol=0.11)


def test_an_angle_turns_from_x_towards_y() -> None:
    solid = Ellipsoid((0, 0, 0), (10, 1, 1), angle_deg=45)
    assert chord_mm(solid, np.array([[5.0]]), np.array([[5.0]])) > 0
    assert chord_mm(solid, np.array([[5.0]]), np.array([[-5.0]])) == 0


def test_a_block_is_as_deep_everywhere_within_its_outline() -> None:
    image = chord_mm(Block((0, 0, 9), (20, 10, 6)), GRID.x_mm, GRID.y_mm)
    assert set(np.unique(image)) == {0.0, 6.0}
    assert (image > 0).sum() * GRID.spacing_mm**2 == pytest.approx(200)


def test_adding_a_path_touches_only_the_shadow_and_takes_the_weight() -> None:
    image = np.ones((80, 100))
    add_path(image, Block((0, 0, 0), (4, 4, 5)), grid=GRID, weight=-0.1)
    assert image.min() == pytest.approx(0.5)
    assert (image == 1).sum() == 80 * 100 - 64


def test_two_overlapping_blocks_share_the_depth_between_their_faces() -> None:
    shared = Overlap(Block((0, 0, 0), (10, 10, 10)), Block((3, 0, 4), (10, 10, 10)))
    image = chord_mm(shared, GRID.x_mm, GRID.y_mm)
    assert image.max() == pytest.approx(6)
    assert shared.bounds_mm == (-2, 5, -5, 5)


def test_solids_apart_share_nothing() -> None:
    image = chord_mm(Overlap(Ellipsoid((0, 0, 0), (5, 5, 5)), Ellipsoid((0, 0, 20), (5, 5, 5))), GRID.x_mm, GRID.y_mm)
    assert image.max() == 0
