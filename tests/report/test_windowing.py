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


def _levels(planes):
    """Levels from 0 to 4095 as the page's script reads them."""
    stored = np.asarray(Image.open(BytesIO(planes.data))).astype(float)
    assert stored.shape == (planes.planes * planes.plane_rows, planes.columns)
    upper = stored[: planes.rows]
    if planes.planes == 1:
        return np.rint(upper * 4095 / 255)
    lower = stored[planes.plane_rows : planes.plane_rows + planes.rows]
    return np.clip(np.rint(16 * upper + planes.step * (lower - planes.zero)), 0, 4095)


def test_twelve_bits_of_a_small_picture_survive_to_the_bit():
    levels = np.arange(4096, dtype=np.uint16).reshape(32, 128)
    planes = grey_planes(levels.astype(np.float32) / np.float32(4095))
    assert (planes.planes, planes.rows, planes.columns, planes.mime) == (2, 32, 128, "image/png")
    np.testing.assert_array_equal(_levels(planes), levels)


def test_the_upper_plane_is_the_plain_picture(gradient):
    stored = np.asarray(Image.open(BytesIO(grey_planes(gradient).data)))
    difference = stored[: gradient.shape[0]].astype(int) - to_grey8(gradient)
    assert np.abs(difference).max() <= 1


def _film(rows, columns, *, steps):
    """Smooth shapes with the grain of a film, in so many steps of grey."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    smooth = 0.5 + 0.3 * np.sin(x / 90) * np.cos(y / 130) + 0.1 * np.sin(x / 17)
    grain = np.random.default_rng(3).normal(0, 0.006, (rows, columns))
    return (np.rint(np.clip(smooth + grain, 0, 1) * steps) / steps).astype(np.float32)


@pytest.mark.parametrize(("steps", "planes", "mean"), [(255, 1, 1.1), (4095, 2, 1.1)])
def test_a_film_becomes_small_and_stays_within_a_grey_level(steps, planes, mean):
    film = _film(1021, 900, steps=steps)
    found = grey_planes(film)
    assert (found.planes, found.mime) == (planes, "image/jpeg")
    assert len(found.data) < 420_000
    off = np.abs(_levels(found) / 4095 - film) * 255
    assert off.mean() < mean
    assert off.max() < 10
    assert found.data == grey_planes(film.copy()).data


def test_narrow_windows_of_a_smooth_film_stay_smooth():
    """Eight bits would take one step of 16 levels at once; what is kept follows a slope well within it."""
    slope = np.repeat(np.linspace(0.4, 0.5, 900, dtype=np.float32)[None], 600, axis=0)
    off = _levels(grey_planes(slope)) - slope * 4095
    assert np.abs(off).max() < 12
    assert np.abs(off).mean() < 2


def test_png_bytes_are_the_same_each_time(gradient):
    assert encode_png(to_grey8(gradient)) == encode_png(to_grey8(gradient.copy()))


def test_a_thumbnail_is_small_grey_and_upright(gradient):
    thumbnail = np.asarray(Image.open(BytesIO(thumbnail_png(gradient))))
    assert thumbnail.dtype == np.uint8
    assert thumbnail.shape == (96, 77)
    assert thumbnail[1, 1] > 250
    assert thumbnail[-2, 1] < 140
    assert thumbnail[1, -2] < 70
