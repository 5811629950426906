"""Size and grey of report pictures."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from hilum.geometry import Box
from hilum.report.windowing import encode_png, fit, grey_planes, has_8_bits, thumbnail_png, to_grey8


def test_a_small_radiograph_keeps_its_pixels(gradient):
    picture = fit(gradient)
    assert picture.pixels is gradient
    assert picture.geometry.point(3.5, 4.0) == (3.5, 4.0)


def test_a_large_one_is_shrunk_and_boxes_follow():
    pixels = np.zeros((3000, 1500), np.float32)
    pixels[600:900, 300:600] = 1
    picture = fit(pixels)
    assert picture.pixels.shape == (2048, 1024)
    box = picture.geometry.box(Box(300, 600, 300, 300))
    inside = picture.pixels > 0.5
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert (columns[0], rows[0]) == pytest.approx((box.x, box.y), abs=1)
    assert (columns[-1] + 1, rows[-1] + 1) == pytest.approx((box.x + box.width, box.y + box.height), abs=1)


def test_a_thin_strip_keeps_at_least_one_pixel():
    assert fit(np.ones((1, 9000), np.float32)).pixels.shape == (1, 2048)


def test_eight_bits_are_enough_for_eight_bit_sources_only():
    eight = np.arange(256, dtype=np.float32)[None] / np.float32(255)
    twelve = np.arange(256, dtype=np.float32)[None] / np.float32(4095)
    assert has_8_bits(eight)
    assert not has_8_bits(twelve)
    assert grey_planes(eight).planes == 1


def test_twelve_bits_survive_the_png():
    levels = np.arange(4096, dtype=np.uint16).reshape(32, 128)
    planes = grey_planes(levels.astype(np.float32) / np.float32(4095))
    assert (planes.planes, planes.rows, planes.columns) == (2, 32, 128)
    stored = np.asarray(Image.open(BytesIO(planes.png))).astype(np.uint16)
    np.testing.assert_array_equal(stored[:32] << 4 | stored[32:] >> 4, levels)


def test_the_upper_plane_is_the_plain_picture(gradient):
    stored = np.asarray(Image.open(BytesIO(grey_planes(gradient).png)))
    difference = stored[: gradient.shape[0]].astype(int) - to_grey8(gradient)
    assert np.abs(difference).max() <= 1


def test_png_bytes_are_the_same_each_time(gradient):
    assert encode_png(to_grey8(gradient)) == encode_png(to_grey8(gradient.copy()))


def test_a_thumbnail_is_small_grey_and_upright(gradient):
    thumbnail = np.asarray(Image.open(BytesIO(thumbnail_png(gradient))))
    assert thumbnail.dtype == np.uint8
    assert thumbnail.shape == (96, 77)
    assert thumbnail[1, 1] > 250
    assert thumbnail[-2, 1] < 140
    assert thumbnail[1, -2] < 70
