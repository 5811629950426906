"""Shares, crops and masks of a drawing that is made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry
from hilum.reading.lungs.drawing import LungDrawing, masks
from hilum.reading_result import Heatmap, LungMap, ModelRef

ROWS, COLUMNS = 400, 200
WIDE = Box(20.5, 60.25, 150, 280)


def drawing(*, trusted: bool = True, box: Box = WIDE) -> LungDrawing:
    """Two lungs on a grid of 8 x 8 cells: columns 1 and 2 are right, 5 and 6 left, rows 2 to 5."""
    right, left = np.zeros((2, 8, 8), np.float32)
    right[2:6, 1:3], left[2:6, 5:7] = 1.0, 1.0
    grid = np.kron(np.stack([right, left]), np.ones((1, 32, 32), np.float32))  # 256 cells a side: sharp edges
    lungs = LungMap(grid[0], grid[1], 0.5, Geometry(COLUMNS / 256, ROWS / 256, 0.0, 0.0))
    model = ModelRef("lungs", "1", "0" * 64)
    return LungDrawing(lungs, box, 0.9, trusted, (), "both lungs were drawn", ROWS, COLUMNS, model)


def heatmap(grid: np.ndarray, *, geometry: Geometry) -> Heatmap:
    return Heatmap("m", "Pneumonia", grid.astype(np.float32), geometry)


def test_each_lungs_share_of_the_picture() -> None:
    verdict = drawing().verdict()
    assert (verdict.right_share, verdict.left_share) == (8 / 64, 8 / 64)
    assert verdict.trusted
    assert verdict.reason == "both lungs were drawn"


@pytest.mark.parametrize("flag", ["sides not named", "lateral view"])
def test_without_sides_there_is_the_share_of_both_alone(flag) -> None:
    verdict = replace(drawing(), flags=(flag,)).verdict()
    assert (verdict.area_share, verdict.right_share, verdict.left_share) == (16 / 64, None, None)
    assert drawing().verdict().area_share == 16 / 64


def test_the_crop_is_whole_pixels_and_only_of_trusted_lungs() -> None:
    assert drawing().crop == Box(20, 60, 151, 281)
    assert drawing(trusted=False).crop is None
    assert drawing(box=Box(20, 60, 5, 200)).crop is None


@pytest.mark.parametrize(
    ("cell", "share"),
    [((3, 1), 1.0), ((3, 6), 1.0), ((0, 0), 0.0), ((3, 3), 0.0)],
)
def test_a_map_of_one_cell_is_inside_or_outside(cell: tuple[int, int], share: float) -> None:
    grid = np.full((8, 8), -3.0)  # negative cells do not count
    grid[cell] = 1.0
    fine = np.kron(grid, np.ones((32, 32)))
    found = drawing().inside_share(heatmap(fine, geometry=Geometry(COLUMNS / 256, ROWS / 256, 0.0, 0.0)))
    assert found == pytest.approx(share, abs=0.05)


def test_an_even_map_lies_inside_by_the_lungs_area() -> None:
    even = heatmap(np.ones((7, 7)), geometry=Geometry(COLUMNS / 7, ROWS / 7, 0.0, 0.0))
    assert drawing().inside_share(even) == pytest.approx(16 / 64)


def test_a_crops_map_counts_where_it_was_placed() -> None:
    """A map over the right lung alone, native columns 25 to 75 and rows 100 to 300."""
    crop = heatmap(np.ones((4, 4)), geometry=Geometry(50 / 4, 200 / 4, 25.0, 100.0))
    assert drawing().inside_share(crop) == pytest.approx(1.0)


def test_it_agrees_with_the_share_counted_on_native_pixels() -> None:
    rng = np.random.default_rng(3)
    grid = rng.normal(size=(5, 5))
    one = heatmap(grid, geometry=Geometry(COLUMNS / 5, ROWS / 5, 0.0, 0.0))
    x = np.clip((np.arange(COLUMNS) + 0.5) / COLUMNS * 5 - 0.5, 0, 4)
    y = np.clip((np.arange(ROWS) + 0.5) / ROWS * 5 - 0.5, 0, 4)
    rows = np.stack([np.interp(x, np.arange(5), row) for row in grid])
    native = np.stack([np.interp(y, np.arange(5), column) for column in rows.T], axis=1)
    inside = np.zeros((ROWS, COLUMNS), bool)
    inside[100:300, 25:75] = inside[100:300, 125:175] = True
    positive = np.maximum(native, 0)
    assert drawing().inside_share(one) == pytest.approx(positive[inside].sum() / positive.sum(), abs=0.01)


def test_without_trust_or_without_anything_positive_there_is_no_share() -> None:
    even = heatmap(np.ones((2, 2)), geometry=Geometry(COLUMNS / 2, ROWS / 2, 0.0, 0.0))
    assert drawing(trusted=False).inside_share(even) is None
    assert drawing().inside_share(replace(even, grid=-even.grid)) is None


def test_masks_of_any_size_divide_the_picture() -> None:
    right, left = masks(drawing().lungs, rows=ROWS, columns=COLUMNS, height=40, width=20)
    expected = np.zeros((40, 20), bool)
    expected[10:30, 3:7] = True
    assert np.count_nonzero(right ^ expected) <= 40  # a cell whose centre lies on the edge
    assert not (right & left).any()


def test_a_grid_that_divides_the_picture_needs_no_interpolation() -> None:
    """`place` at the identity gives the plane itself, so leaving it out changes nothing."""
    lungs = drawing().lungs
    short = masks(lungs, rows=ROWS, columns=COLUMNS, height=256, width=256)
    placed = [
        onto_pixels(plane, geometry=Geometry.identity(), rows=256, columns=256) for plane in (lungs.right, lungs.left)
    ]
    for mask, plane in zip(short, placed, strict=True):
        np.testing.assert_array_equal(mask, plane >= 0.5)


def test_a_grid_beside_the_picture_is_interpolated() -> None:
    """The same planes over the lower half of the picture: nothing of them lies above."""
    lungs = replace(drawing().lungs, geometry=Geometry(COLUMNS / 256, ROWS / 512, 0.0, ROWS / 2))
    right, left = masks(lungs, rows=ROWS, columns=COLUMNS, height=256, width=256)
    assert not (right | left)[:128].any()
    assert right[128:].mean() == pytest.approx(drawing().verdict().right_share, abs=0.01)
