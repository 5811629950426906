"""Hollow solids, chains and what obstacles leave, against counting points along each ray."""

from itertools import pairwise

import numpy as np
import pytest

from hilum.phantom.compound import add_signed, chain, coplanar_union, hollow, pipe, uncovered_length
from hilum.phantom.grid import Grid, Image
from hilum.phantom.rods import Capsule
from hilum.phantom.solids import Ellipsoid, chord_mm

GRID = Grid(60, 60, 1.0)
POINTS = [(20 * np.cos(t), 20 * np.sin(t), 6 * t) for t in np.linspace(0, 2.4, 9)]


def _inside_capsule(point: Image, start: Image, end: Image, radius: float) -> Image:
    axis = end - start
    share = np.clip(((point - start) @ axis) / (axis @ axis), 0, 1)
    return np.asarray(np.linalg.norm(point - start - share[..., None] * axis, axis=-1) < radius)


def test_a_shell_is_the_outer_less_the_inner_chord() -> None:
    image = GRID.zeros()
    add_signed(image, hollow(Ellipsoid((0, 0, 0), (20, 20, 20)), Ellipsoid((0, 0, 0), (15, 15, 15))), grid=GRID)
    at_centre = 2 * (np.sqrt(400 - 0.5) - np.sqrt(225 - 0.5))
    assert image[30, 30] == pytest.approx(at_centre)
    at_edge = 2 * np.sqrt(400 - (18.5**2 + 0.25))
    assert image[30, 48] == pytest.approx(at_edge)


def test_a_chain_counts_its_joints_once() -> None:
    image = GRID.zeros()
    add_signed(image, chain(POINTS, radius=3.0), grid=GRID)
    z = np.arange(-8, 25, 0.02)
    x, y = np.meshgrid(GRID.x_mm[0], GRID.y_mm[:, 0])
    ends = [np.array(point) for point in POINTS]
    counted = np.zeros_like(x)
    for row in range(0, 60, 5):
        rays = np.stack(np.broadcast_arrays(x[row][:, None], y[row][:, None], z), axis=-1)
        union = np.any([_inside_capsule(rays, a, b, 3.0) for a, b in pairwise(ends)], axis=0)
        counted[row] = union.sum(axis=-1) * 0.02
    np.testing.assert_allclose(image[::5], counted[::5], atol=0.08)
    assert image.max() > 5


def test_a_pipe_is_a_chain_without_its_core() -> None:
    whole, core, wall = GRID.zeros(), GRID.zeros(), GRID.zeros()
    add_signed(whole, chain(POINTS, radius=4.0), grid=GRID)
    add_signed(core, chain(POINTS, radius=2.5), grid=GRID)
    add_signed(wall, pipe(POINTS, radius=4.0, wall=1.5), grid=GRID)
    np.testing.assert_allclose(wall, whole - core, atol=1e-12)
    assert wall.min() > -1e-9


def test_obstacles_that_overlap_are_subtracted_once() -> None:
    def ray(*pairs: tuple[float, float]) -> list[tuple[Image, Image]]:
        return [(np.array([[a]]), np.array([[b]])) for a, b in pairs]

    whole = ray((0.0, 10.0))[0]
    assert uncovered_length(whole, []) == 10
    assert uncovered_length(whole, ray((2, 5), (4, 6))) == 6
    assert uncovered_length(whole, ray((4, 6), (2, 5), (2, 5))) == 6
    assert uncovered_length(whole, ray((-5, 1), (9, 30))) == 8
    assert uncovered_length(whole, ray((-5, 50))) == 0
    assert uncovered_length(whole, ray((12, 15), (np.inf, -np.inf))) == 10
    assert uncovered_length(ray((3.0, 1.0))[0], ray((0, 9))) == 0


def test_the_union_of_solids_around_one_plane_is_the_longest_chord() -> None:
    a, b = Ellipsoid((-4, 0, 0), (10, 10, 10)), Capsule((0, -10, 0), (0, 15, 0), 6)
    x, y = GRID.x_mm, GRID.y_mm
    first, second = a.interval_mm(x, y), b.interval_mm(x, y)
    union = chord_mm(a, x, y) + uncovered_length(second, [first])
    np.testing.assert_allclose(coplanar_union([a, b], grid=GRID), union, atol=1e-9)
