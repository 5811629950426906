import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hilum.explain.fused_map import PlacedMap
from hilum.geometry import Box, Geometry
from hilum.systems.sdfn.heatmaps import BOX_COLOUR, CROP_COLOUR, SIDE_PX, TwoMaps, draw_pair

ROWS, COLUMNS = 280, 210
WHOLE, CROP = Geometry(30.0, 40.0, 0.0, 0.0), Geometry(15.0, 20.0, 60.0, 80.0)
CROP_BOX = Box(60.0, 80.0, 105.0, 140.0)


def grid(at: tuple[int, int] | None, *, value: float = 4.0) -> np.ndarray:
    cells = np.zeros((7, 7), np.float32)
    if at is not None:
        cells[at] = value
    return cells


def maps(*, alone=None, whole=None, crop=None) -> TwoMaps:
    return TwoMaps(
        image="x.png",
        label="Mass",
        whole_alone=PlacedMap(grid(alone), WHOLE),
        whole=PlacedMap(grid(whole), WHOLE),
        crop=PlacedMap(grid(crop), CROP),
        crop_box=None,
        whole_probability=0.2,
        sdfn_probability=0.7,
    )


def coloured(png: bytes) -> np.ndarray:
    """Where the picture is not grey, at native size."""
    with Image.open(io.BytesIO(png)) as image:
        assert max(image.size) <= SIDE_PX
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape == (ROWS, COLUMNS, 3)
    return np.ptp(pixels, axis=2) > 8


@pytest.fixture
def pixels() -> np.ndarray:
    return np.full((ROWS, COLUMNS), 0.3, np.float32)


def centre(where: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(where)
    return float(rows.mean() + 0.5), float(columns.mean() + 0.5)


def test_each_map_is_drawn_where_its_cell_lies(pixels) -> None:
    drawn = draw_pair(maps(alone=(1, 2), whole=(5, 5)), pixels=pixels)
    assert centre(coloured(drawn.whole)) == pytest.approx((1.5 * 40, 2.5 * 30), abs=1.5)
    assert centre(coloured(drawn.sdfn)) == pytest.approx((5.5 * 40, 5.5 * 30), abs=1.5)


def test_the_crops_map_is_drawn_inside_the_crop(pixels) -> None:
    drawn = draw_pair(maps(crop=(3, 3)), pixels=pixels)
    assert not coloured(drawn.whole).any()
    assert centre(coloured(drawn.sdfn)) == pytest.approx((80 + 3.5 * 20, 60 + 3.5 * 15), abs=1.5)


def test_equal_shares_of_the_logit_on_equal_areas_have_equal_colours(pixels) -> None:
    # a cell of the crop is a quarter of a whole cell: a quarter of the logit there is the same density
    flat = np.full((7, 7), 0.05, np.float32)
    only_whole = replace(maps(), whole=PlacedMap(flat, WHOLE))
    only_crop = replace(maps(), crop=PlacedMap(flat / 4, CROP))
    pictures = [
        np.asarray(Image.open(io.BytesIO(draw_pair(one, pixels=pixels).sdfn))) for one in (only_whole, only_crop)
    ]
    inside = (slice(100, 200), slice(75, 150))
    assert np.array_equal(pictures[0][inside], pictures[1][inside])
    assert coloured(draw_pair(only_crop, pixels=pixels).sdfn)[inside].all()


def test_boxes_and_the_edge_of_the_crop(pixels) -> None:
    box = Box(20.0, 30.0, 50.0, 60.0)
    drawn = draw_pair(replace(maps(), crop_box=CROP_BOX), pixels=pixels, boxes=[box])
    assert drawn.boxes == 1
    whole, sdfn = (np.asarray(Image.open(io.BytesIO(png))) for png in (drawn.whole, drawn.sdfn))
    for picture in (whole, sdfn):
        assert tuple(picture[60, 20]) == tuple(picture[60, 69]) == BOX_COLOUR
        assert tuple(picture[30, 45]) == tuple(picture[89, 45]) == BOX_COLOUR
    edge = sdfn[80, 60:165]
    assert (edge == CROP_COLOUR).all(axis=1).any()
    assert not (edge == CROP_COLOUR).all(), "dashed, not a line that could be a box"
    assert not (whole == CROP_COLOUR).all(axis=2).any()


def test_a_map_below_zero_is_not_drawn(pixels) -> None:
    drawn = draw_pair(replace(maps(), whole_alone=PlacedMap(grid((2, 2), value=-4.0), WHOLE)), pixels=pixels)
    assert not coloured(drawn.whole).any()
