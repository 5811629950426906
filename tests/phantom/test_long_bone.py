"""Long bones: thick cortex in the shaft, flared ends, at the place that was asked for."""

import numpy as np
import pytest

from hilum.phantom.grid import Grid
from hilum.phantom.long_bone import long_bone
from hilum.phantom.solids import chord_mm

GRID = Grid(400, 400, 0.2)


def test_a_bone_runs_from_start_to_end() -> None:
    bone = long_bone((-20, 10), (15, -25), base=6, shaft=3.5, head=5, cortex=1.5)
    hit = chord_mm(bone.outer, GRID.x_mm, GRID.y_mm) > 0
    along = (GRID.x_mm + 20) * 35 / np.hypot(35, 35) + (GRID.y_mm - 10) * -35 / np.hypot(35, 35)
    assert along[hit].min() == pytest.approx(0, abs=0.3)
    assert along[hit].max() == pytest.approx(np.hypot(35, 35), abs=0.3)


def test_the_core_lies_inside_and_the_wall_is_thickest_in_the_shaft() -> None:
    bone = long_bone((0, -25), (0, 25), base=7, shaft=4, head=6, cortex=1.6)
    outer, inner = (chord_mm(loft, GRID.x_mm, GRID.y_mm) for loft in (bone.outer, bone.inner))
    assert (inner <= outer + 1e-9).all()
    width = [[np.count_nonzero(image[row]) * 0.2 for image in (outer, inner)] for row in (100, 200)]
    (end_outer, end_inner), (shaft_outer, shaft_inner) = width
    assert end_outer > shaft_outer == pytest.approx(8, abs=0.4)
    assert shaft_outer - shaft_inner == pytest.approx(3.2, abs=0.5)
    assert end_outer - end_inner < shaft_outer - shaft_inner
