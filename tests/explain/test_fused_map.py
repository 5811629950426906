import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.explain.fused_map import PlacedMap, cells_of, fused_density, fused_grid
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import CropLungs, PreprocessSpec, Resize, preprocess

ROWS, COLUMNS = 96, 64
SIZE = 32


def spec(*first):
    steps = (*first, Resize(height=SIZE, width=SIZE, rule="stretch"))
    return PreprocessSpec(steps=steps, mean=(0.0,), std=(1.0,))


def placed(grid, *, box=None):
    """The map of a network on the picture, or on its part `box`, as preprocessing cuts and resizes it."""
    first = () if box is None else (CropLungs(),)
    model_input = preprocess(np.zeros((ROWS, COLUMNS), np.float32), spec=spec(*first), lung_box=box)
    return cells_of(grid, geometry=model_input.geometry, input_size=(SIZE, SIZE))


@pytest.fixture
def maps():
    draw = np.random.default_rng(0)
    # 4 x 4 cells of 24 x 16 native pixels, and of 16 x 8 in the crop
    return placed(draw.normal(size=(4, 4))), placed(draw.normal(size=(4, 4)), box=Box(16.0, 8.0, 32.0, 64.0))


def test_cells_of_each_map_lie_where_its_network_looked(maps):
    whole, crop = maps
    assert whole.geometry == Geometry(16.0, 24.0, 0.0, 0.0)
    assert crop.geometry == Geometry(8.0, 16.0, 16.0, 8.0)
    assert (whole.pixels_per_cell, crop.pixels_per_cell) == (16 * 24, 8 * 16)


def test_the_density_sums_to_what_both_maps_contribute_to_the_logit(maps):
    whole, crop = maps
    density = fused_density(whole, crop, rows=ROWS, columns=COLUMNS)
    assert density.shape == (ROWS, COLUMNS)
    assert density.sum() == pytest.approx(whole.grid.sum() + crop.grid.sum(), abs=1e-4)


def test_at_the_centre_of_a_cell_the_density_is_its_value_by_hand():
    whole, crop = placed(np.zeros((4, 4))), placed(np.zeros((4, 4)), box=Box(16.0, 8.0, 32.0, 64.0))
    crop.grid[1, 2] = 5.0  # rows 24 to 40, columns 32 to 40
    density = fused_density(whole, crop, rows=ROWS, columns=COLUMNS)
    around = density[31:33, 35:37]  # the centre lies between pixels
    assert around == pytest.approx(np.full((2, 2), 5.0 / 128 * (1 - 0.5 / 16) * (1 - 0.5 / 8)), rel=1e-6)
    outside = np.ones(density.shape, bool)
    outside[8:72, 16:48] = False
    assert not density[outside].any()
    whole.grid[0, 0] = 5.0
    assert fused_density(whole, crop, rows=ROWS, columns=COLUMNS)[0, 0] == pytest.approx(5.0 / 384)


def test_the_crop_weighs_by_its_contribution_not_by_its_cells():
    """One logit spread over the whole picture against one in the crop's box, a third of it: thrice as dense."""
    box = Box(0.0, 0.0, 64.0, 32.0)
    even = [placed(np.full((4, 4), 1 / 16)), placed(np.full((4, 4), 1 / 16), box=box)]
    density = fused_density(*even, rows=ROWS, columns=COLUMNS)
    assert density[:32] == pytest.approx(np.full((32, 64), (1 + 3) / (ROWS * COLUMNS)), rel=1e-5)
    assert density[32:] == pytest.approx(np.full((64, 64), 1 / (ROWS * COLUMNS)), rel=1e-5)


def test_the_grid_is_the_density_in_larger_cells(maps):
    fine = fused_density(*maps, rows=ROWS, columns=COLUMNS)
    same = fused_grid(*maps, rows=ROWS, columns=COLUMNS, side=ROWS)
    assert same.geometry == Geometry.identity()
    assert same.grid == pytest.approx(fine, abs=1e-7)
    coarse = fused_grid(*maps, rows=ROWS, columns=COLUMNS, side=32)
    assert coarse.grid.shape == (32, 32)
    assert coarse.geometry == Geometry(2.0, 3.0, 0.0, 0.0)
    assert coarse.grid.sum() == pytest.approx(fine.sum(), abs=0.05)
    assert coarse.grid[5, 7] == pytest.approx(fine[15:18, 14:16].sum(), abs=1e-4)


def test_a_picture_without_a_box_adds_both_maps_cell_by_cell():
    draw = np.random.default_rng(1)
    grids = draw.normal(size=(2, 4, 4))
    maps = [placed(grid) for grid in grids]
    together = fused_density(*maps, rows=ROWS, columns=COLUMNS)
    alone = fused_density(placed(grids.sum(axis=0)), placed(np.zeros((4, 4))), rows=ROWS, columns=COLUMNS)
    assert together == pytest.approx(alone, abs=1e-7)


def test_what_is_no_map_is_refused():
    with pytest.raises(UsageError, match="finite values"):
        cells_of(np.full((2, 2), np.nan), geometry=Geometry.identity(), input_size=(SIZE, SIZE))
    flat = PlacedMap(np.zeros((2, 2)), Geometry.identity())
    with pytest.raises(UsageError, match="at least one cell"):
        fused_grid(flat, flat, rows=4, columns=4, side=0)
