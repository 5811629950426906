"""Lesion specifications: their ellipsoid in millimetres, patches inside the hull, tight boxes."""

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.geometry import Box
from hilum.phantom.grid import Grid
from hilum.phantom.lesions import LesionSpec, replaced_air, support_box
from hilum.phantom.solids import Block, Ellipsoid

GRID = Grid(100, 200, 0.5)


def test_fractions_of_the_picture_become_an_ellipsoid_in_mm() -> None:
    ellipsoid = LesionSpec("Nodule", centre=(0.75, 0.4), radii=(0.1, 0.3), depth=0.05).ellipsoid(grid=GRID)
    assert ellipsoid.centre == pytest.approx((25.0, -5.0, 0.0))
    assert ellipsoid.radii == pytest.approx((10.0, 15.0, 5.0))


def test_every_patch_lies_within_the_hull() -> None:
    spec = LesionSpec("Consolidation", centre=(0.4, 0.5), radii=(0.2, 0.25), patchy=True)
    hull = spec.ellipsoid(grid=GRID)
    for _, patch in spec.patches(grid=GRID, seed=3):
        shares = [radius / whole for radius, whole in zip(patch.radii, hull.radii, strict=True)]
        offset = np.linalg.norm([(a - b) / r for a, b, r in zip(patch.centre, hull.centre, hull.radii, strict=True)])
        assert max(shares) + offset <= 1 + 1e-9


def test_only_air_that_no_obstacle_took_is_replaced() -> None:
    spec = LesionSpec("Nodule", centre=(0.5, 0.5), radii=(0.05, 0.1), density=0.5)
    lung = Block((0, 0, 0), (80, 40, 4))
    free, place = replaced_air(spec, lung=lung, obstacles=(), grid=GRID, seed=0)
    blocked, _ = replaced_air(spec, lung=lung, obstacles=(Block((0, 0, 1), (80, 40, 2)),), grid=GRID, seed=0)
    assert free.max() == pytest.approx(2.0)  # half the density over 4 mm of lung
    assert blocked.max() == pytest.approx(1.0)
    assert GRID.zeros()[place].shape == free.shape


def test_patches_never_replace_more_than_the_hull_holds() -> None:
    lung = Ellipsoid((0, 0, 0), (60, 60, 60))
    whole, patchy = (
        replaced_air(
            LesionSpec("a", (0.5, 0.5), (0.2, 0.3), patchy=patchy), lung=lung, obstacles=(), grid=GRID, seed=1
        )[0]
        for patchy in (False, True)
    )
    assert (patchy <= whole + 1e-12).all()
    assert patchy.max() > 0.8 * whole.max()
    assert (patchy < 0.9 * whole).any()


def test_the_support_box_is_tight() -> None:
    path = np.zeros((10, 12))
    path[3:7, 2:11] = 1e-9
    assert support_box(path) == Box(2, 3, 9, 4)
    assert support_box(np.zeros((4, 4))) is None


@pytest.mark.parametrize(
    ("radii", "density", "depth"), [((0, 0.1), 1, None), ((0.1, 0.1), 0, None), ((0.1, 0.1), 1, 0)]
)
def test_impossible_sizes_are_refused(radii: tuple[float, float], density: float, depth: float | None) -> None:
    with pytest.raises(UsageError, match="above 0"):
        LesionSpec("Nodule", centre=(0.5, 0.5), radii=radii, density=density, depth=depth)
