import numpy as np
import pytest
import torch
from scipy import ndimage

from hilum.errors import UsageError
from hilum.explain.boxes import box_from_map
from hilum.geometry import Box, Geometry

WHOLE_CELLS = Geometry(10.0, 20.0, 5.0, -3.0)


def test_whole_cells_by_hand() -> None:
    grid = np.array([[0, 0, 0, 0], [0, 4, 3, 0], [0, 2.5, 1, 0], [0, 0, 0, 4]], float)
    box = box_from_map(grid, threshold=0.5, geometry=WHOLE_CELLS, subdivisions=1)
    # columns 1-3, rows 1-3 in the grid: the cell at (3, 3) touches 1 (below the threshold) and nothing else
    assert box == Box(15.0, 17.0, 20.0, 40.0)


def test_edges_lie_where_the_interpolated_map_crosses_the_threshold() -> None:
    grid = np.array([[0.0, 0.0, 1.0, 0.0, 0.0]])
    box = box_from_map(grid, threshold=0.5, geometry=Geometry(90.0, 90.0, 0.0, 0.0), subdivisions=9)
    # a tent around the centre 225 that falls to one half at 180 and 270, in samples of 10
    assert box is not None
    assert (box.x, box.x + box.width) == pytest.approx((180.0, 270.0), abs=10.0)
    assert box.x + box.width / 2 == pytest.approx(225.0)
    assert (box.y, box.height) == (0.0, 90.0)


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_torch_and_scipy(seed: int) -> None:
    grid = np.random.default_rng(seed).normal(size=(7, 7)).astype(np.float32)
    fine = torch.nn.functional.interpolate(torch.from_numpy(grid)[None, None], scale_factor=9, mode="bilinear")
    fine = fine[0, 0].numpy()
    label, _ = ndimage.label(fine >= 0.6 * fine.max(), np.ones((3, 3)))
    rows, columns = ndimage.find_objects(label)[np.bincount(label.ravel())[1:].argmax()]
    box = box_from_map(grid, threshold=0.6, geometry=Geometry(9.0, 9.0, 0.0, 0.0))
    assert box is not None
    expected = [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]
    assert box.as_list() == pytest.approx(expected)


def test_the_full_threshold_holds_the_maximum() -> None:
    grid = np.array([[1.0, 5.0], [2.0, 3.0]])
    box = box_from_map(grid, threshold=1.0, geometry=Geometry.identity(), subdivisions=1)
    assert box == Box(1.0, 0.0, 1.0, 1.0)
    finer = box_from_map(grid, threshold=1.0, geometry=Geometry.identity())
    assert finer is not None
    assert finer.x >= 1.0
    assert finer.y + finer.height <= 1.0


@pytest.mark.parametrize("grid", [np.zeros((3, 3)), np.full((2, 2), -1.0)])
def test_a_map_that_speaks_against_the_finding_has_no_box(grid: np.ndarray) -> None:
    assert box_from_map(grid, threshold=0.5, geometry=Geometry.identity()) is None


def test_misuse_is_refused() -> None:
    for threshold in (0.0, 1.5, float("nan")):
        with pytest.raises(UsageError, match="threshold"):
            box_from_map(np.ones((2, 2)), threshold=threshold, geometry=Geometry.identity())
    for grid in (np.array([[1.0, np.nan]]), np.ones((1, 2, 2)), np.ones((0, 2))):
        with pytest.raises(UsageError, match="class map"):
            box_from_map(grid, threshold=0.5, geometry=Geometry.identity())
