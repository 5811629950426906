"""The panoramic jaw: thirty-two teeth, brighter than the bone that holds them, on a symmetric picture."""

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.phantom.grid import Grid
from hilum.phantom.jaw import render_jaw
from hilum.phantom.solids import chord_mm
from hilum.phantom.teeth import dentition, occlusal_y
from perfect_detector import PERFECT


def test_there_are_sixteen_teeth_above_and_below_the_bite() -> None:
    grid = Grid(300, 600, 0.46)
    below = 0
    for tooth in dentition():
        root = np.max([chord_mm(part, grid.x_mm, grid.y_mm) for part in tooth.roots], axis=0)
        rows, columns = np.nonzero(root)
        x, y = grid.x_mm[0, columns].mean(), grid.y_mm[rows, 0].mean()
        below += bool(y > occlusal_y(x))
    assert len(dentition()) == 32
    assert below == 16


def test_the_jaw_is_symmetric_and_teeth_are_its_brightest_part() -> None:
    pixels = render_jaw(rows=320, columns=640, detector=PERFECT, label=False).pixels
    np.testing.assert_allclose(pixels, pixels[:, ::-1], atol=1e-5)
    bright = np.argwhere(pixels > 0.97)
    assert 100 < np.median(bright[:, 0]) < 220
    assert pixels[:60, 150:260].mean() < pixels[250:270, 250:390].mean()  # sinus against chin


def test_the_jaw_follows_the_seed() -> None:
    first, second, other = (render_jaw(rows=80, columns=160, seed=seed).pixels for seed in (1, 1, 2))
    assert first.tobytes() == second.tobytes() != other.tobytes()


def test_a_size_without_room_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 64 x 64"):
        render_jaw(rows=63)
