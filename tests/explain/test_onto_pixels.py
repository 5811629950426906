import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from hilum.errors import UsageError
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry


@pytest.mark.parametrize(("rows", "columns"), [(224, 224), (100, 333), (7, 7), (5, 3), (1, 1)])
def test_agrees_with_torch_over_the_whole_image(rows: int, columns: int) -> None:
    grid = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    placed = onto_pixels(grid, geometry=Geometry(columns / 9, rows / 7, 0.0, 0.0), rows=rows, columns=columns)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(grid)[None, None], size=(rows, columns), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(placed, expected[0, 0].numpy(), atol=1e-5)
    assert placed.dtype == np.float32


@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.floats(0.3, 40),
    st.floats(0.3, 40),
    st.floats(-30, 30),
    st.floats(-30, 30),
)
def test_agrees_with_scipy_through_any_geometry(h: int, w: int, sx: float, sy: float, ox: float, oy: float) -> None:
    grid = np.random.default_rng(1).normal(size=(h, w))
    geometry, rows, columns = Geometry(sx, sy, ox, oy), 31, 43
    placed = onto_pixels(grid, geometry=geometry, rows=rows, columns=columns)
    back = geometry.inverse()
    y, x = np.meshgrid(np.arange(rows) + 0.5, np.arange(columns) + 0.5, indexing="ij")
    x, y = back.scale_x * x + back.offset_x, back.scale_y * y + back.offset_y
    expected = map_coordinates(grid, [y - 0.5, x - 0.5], order=1, mode="nearest")
    expected[(x < 0) | (x > w) | (y < 0) | (y > h)] = 0.0
    at_edge = np.isclose(x, 0) | np.isclose(x, w) | np.isclose(y, 0) | np.isclose(y, h)
    np.testing.assert_allclose(placed[~at_edge], expected[~at_edge], atol=1e-4)


def test_outside_the_crop_is_zero_and_inside_is_not() -> None:
    # a crop of 4 x 4 native pixels at (3, 2) under a grid of one cell
    placed = onto_pixels(np.full((1, 1), 2.0), geometry=Geometry(4.0, 4.0, 3.0, 2.0), rows=8, columns=10)
    expected = np.zeros((8, 10))
    expected[2:6, 3:7] = 2.0
    np.testing.assert_array_equal(placed, expected)


def test_a_mirrored_axis_is_mirrored_back() -> None:
    grid = np.arange(6.0).reshape(2, 3)
    plain = onto_pixels(grid, geometry=Geometry(5, 5, 0, 0), rows=10, columns=15)
    mirrored = onto_pixels(grid, geometry=Geometry(-5, 5, 15, 0), rows=10, columns=15)
    np.testing.assert_allclose(mirrored, plain[:, ::-1], atol=1e-6)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match="grid"):
        onto_pixels(np.zeros((1, 2, 3)), geometry=Geometry.identity(), rows=4, columns=4)
    with pytest.raises(UsageError, match="pixel"):
        onto_pixels(np.zeros((2, 3)), geometry=Geometry.identity(), rows=0, columns=4)
