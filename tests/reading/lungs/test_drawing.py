"""Shares, crops and masks of a drawing that is made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.errors import UsageError
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry
from hilum.reading.lungs.drawing import LungDrawing, sides
from hilum.reading_result import Heatmap, LungMap, LungSides, ModelRef

ROWS, COLUMNS = 400, 200
WIDE = Box(20.5, 60.25, 150, 280)


def drawing(*, trusted: bool = True, box: Box = WIDE) -> LungDrawing:
    """Two lungs on a grid of 8 x 8 cells: columns 1 and 2 are right, 5 and 6 left, rows 2 to 5."""
    right, left = np.zeros((2, 8, 8), np.float32)
    right[2:6, 1:3], left[2:6, 5:7] = 1.0, 1.0
    grid = np.kron(np.stack([right, left]), np.ones((1, 32, 32), np.float32))  # 256 cells a side: sharp edges
    lungs = LungMap(0.5, Geometry(COLUMNS / 256, ROWS / 256, 0.0, 0.0), whole=LungSides(*grid))
    model = ModelRef("lungs", "1", "0" * 64)
    return LungDrawing(lungs, box, 0.9, trusted, (), "both lungs were drawn", ROWS, COLUMNS, model)


def heatmap(grid: np.ndarray, *, geometry: Geometry) -> Heatmap:
    return Heatmap("m", "Pneumonia", grid.astype(np.float32), geometry)


def test_each_lungs_share_of_the_picture() -> None:
    verdict = drawing().verdict()
    assert (verdict.right_share, verdict.left_share) == (8 / 64, 8 / 64)
    assert verdict.trusted
    assert verdict.reason == "both lungs were drawn"


@pytest.mark.parametrize("flag", ["sides not named", "lateral view", "turned"])
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


def test_masks_are_of_native_size() -> None:
    lungs = drawing().masks("whole")
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[100:300, 25:75] = True
    assert np.count_nonzero(lungs.right ^ expected) <= 2 * (200 + 50)  # a pixel along the outline
    assert not (lungs.right & lungs.left).any()
    np.testing.assert_array_equal(lungs.union, lungs.right | lungs.left)


def test_a_definition_that_is_not_drawn_is_refused() -> None:
    with pytest.raises(UsageError, match="lungs draws no field lungs"):
        drawing().masks("field")
    assert drawing().heart() is None
    assert drawing().verdict().heart_share is None


def test_the_shares_and_what_lies_inside_are_of_the_whole_lungs() -> None:
    """A field of half the lung: columns 1 and 5 of 8; and a heart over columns 3 and 4, rows 4 to 6."""
    whole = drawing()
    planes = np.zeros((3, 256, 256), np.float32)
    planes[0, 64:192, 32:64], planes[1, 64:192, 160:192], planes[2, 128:224, 96:160] = 1.0, 1.0, 1.0
    both = replace(whole, lungs=replace(whole.lungs, field=LungSides(*planes[:2]), heart=planes[2]))
    verdict = both.verdict()
    assert (verdict.definition, verdict.right_share, verdict.heart_share) == ("whole", 8 / 64, 6 / 64)
    assert both.masks("field").right.mean() == pytest.approx(4 / 64, abs=0.003)
    assert both.heart().mean() == pytest.approx(6 / 64, abs=0.003)
    even = heatmap(np.ones((7, 7)), geometry=Geometry(COLUMNS / 7, ROWS / 7, 0.0, 0.0))
    assert both.inside_share(even) == whole.inside_share(even) == pytest.approx(16 / 64)
    fields = replace(both, lungs=replace(both.lungs, whole=None))
    assert (fields.verdict().definition, fields.verdict().area_share) == ("field", 8 / 64)
    assert fields.inside_share(even) == pytest.approx(8 / 64)


def test_a_grid_that_divides_the_picture_needs_no_interpolation() -> None:
    """`onto_pixels` at the identity gives the plane itself, so leaving it out changes nothing."""
    lungs = drawing().lungs.whole
    short = sides(np.stack([lungs.right, lungs.left]), geometry=Geometry.identity(), shape=(256, 256), threshold=0.5)
    placed = [
        onto_pixels(plane, geometry=Geometry.identity(), rows=256, columns=256) for plane in (lungs.right, lungs.left)
    ]
    for mask, plane in zip(short, placed, strict=True):
        np.testing.assert_array_equal(mask, plane >= 0.5)


def test_a_grid_beside_the_picture_is_interpolated() -> None:
    """The same planes over the lower half of the picture: nothing of them lies above."""
    whole = drawing()
    below = replace(whole, lungs=replace(whole.lungs, geometry=Geometry(COLUMNS / 256, ROWS / 512, 0.0, ROWS / 2)))
    lungs = below.masks("whole")
    assert not lungs.union[: ROWS // 2].any()
    assert lungs.right[ROWS // 2 :].mean() == pytest.approx(whole.verdict().right_share, abs=0.01)


@pytest.mark.parametrize("beyond", [0.0, 40.0, -25.0])
def test_only_the_pixels_near_a_drawing_are_interpolated_and_no_other_could_be_of_it(beyond: float) -> None:
    """Blobs of noise, on a grid that covers the picture, a part of it, or more than it."""
    rng = np.random.default_rng(3)
    planes = np.zeros((3, 64, 48), np.float32)
    planes[:, 10:50, 6:44] = rng.random((3, 40, 38), np.float32) * 0.7
    geometry = Geometry((COLUMNS - 2 * beyond) / 48, (ROWS - beyond) / 64, beyond, beyond)
    everywhere = [onto_pixels(plane, geometry=geometry, rows=ROWS, columns=COLUMNS) for plane in planes]
    lungs = LungMap(0.5, geometry, whole=LungSides(planes[0], planes[1]), heart=planes[2])
    drawn = replace(drawing(), lungs=lungs)
    union = np.maximum(everywhere[0], everywhere[1]) >= 0.5
    np.testing.assert_array_equal(drawn.masks("whole").union, union)
    np.testing.assert_array_equal(drawn.masks("whole").right, union & (everywhere[0] >= everywhere[1]))
    np.testing.assert_array_equal(drawn.heart(), everywhere[2] >= 0.5)


def test_shares_are_counted_on_a_grid_of_their_own_where_the_networks_covers_a_part() -> None:
    whole = drawing()
    cut = replace(whole, lungs=replace(whole.lungs, geometry=Geometry(COLUMNS / 512, ROWS / 256, COLUMNS / 4, 0.0)))
    assert cut.verdict().right_share == pytest.approx(whole.verdict().right_share / 2, abs=0.005)
