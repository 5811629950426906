"""Pixels in memory are read as a file of the same pixels is; a range is stated, never guessed."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from fabricate_pictures import marked, picture_bytes
from hilum.errors import DecodeError, HilumError, LimitError, RefusedImageError, UsageError
from hilum.imaging.decode import decode
from hilum.imaging.in_memory import decode_array, decode_pillow
from hilum.imaging.pixels.limits import Limits


def test_an_array_of_bytes_reads_as_its_png_bit_for_bit() -> None:
    grey = marked()
    found, filed = decode_array(grey, name="a"), decode(picture_bytes(grey, "PNG"), name="a")
    np.testing.assert_array_equal(found.pixels, filed.pixels)
    assert (found.source.format, found.source.rows, found.source.columns) == ("ARRAY", *grey.shape)
    assert found.source.sha256 == hashlib.sha256(grey.tobytes()).hexdigest()
    assert [step.step for step in found.trail] == ["decode", "range"]


def test_twelve_bits_by_their_stated_range() -> None:
    grey = marked(top=4095)
    found = decode_array(grey, name="a", value_range=(0, 4095))
    np.testing.assert_allclose(found.pixels, grey / 4095, atol=1e-7)
    floats = decode_array(grey.astype(np.float64), name="a", value_range=(0, 4095))
    np.testing.assert_array_equal(found.pixels, floats.pixels)
    assert any("0 is black, 4095 is white" in step.detail for step in found.trail)


def test_a_negative_is_a_range_the_other_way_round() -> None:
    grey = marked()
    found = decode_array(255 - grey, name="a", value_range=(255, 0))
    np.testing.assert_allclose(found.pixels, grey / 255, atol=1e-7)


def test_colours_become_grey_as_those_of_a_file() -> None:
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (16, 24, 3), dtype=np.uint8)
    filed = decode(picture_bytes(rgb, "PNG"), name="a")
    np.testing.assert_array_equal(decode_array(rgb, name="a").pixels, filed.pixels)


@pytest.mark.parametrize(
    ("array", "value_range", "error", "message"),
    [
        (marked(top=4095), None, UsageError, r"array of uint16 does not say .*value_range=\(0, 4095\)"),
        (marked() / 255, None, UsageError, "array of float64"),
        (marked(), (0, 100), DecodeError, r"values from 0 to 255, outside value_range=\(0, 100\)"),
        (marked(), (0, 0), UsageError, "two different numbers"),
        (marked(), (0,), UsageError, "two numbers"),
        (marked(), "dark", UsageError, "two numbers"),
        (np.full((4, 4), np.nan), (0, 1), DecodeError, "NaN"),
        (np.zeros((4, 4, 2), np.uint8), None, RefusedImageError, "colours must be uint8"),
        (np.zeros((4, 4, 3), np.uint8), (0, 255), UsageError, "for grey arrays"),
        (np.zeros((4, 4, 3)), None, RefusedImageError, "colours must be uint8"),
        (np.zeros(4, np.uint8), None, RefusedImageError, r"shape is \(4,\)"),
        (np.zeros((0, 4), np.uint8), None, RefusedImageError, r"shape is \(0, 4\)"),
        (np.zeros((4, 4), bool), (0, 1), RefusedImageError, "must hold numbers, not bool"),
        (np.full((4, 4), "x"), (0, 1), RefusedImageError, "must hold numbers"),
    ],
)  # fmt: skip
def test_what_is_refused_in_one_line(
    array: np.ndarray, value_range: object, error: type[HilumError], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        decode_array(array, name="mine", value_range=value_range)
    assert str(raised.value).startswith("mine: ")
    assert "\n" not in str(raised.value)


def test_limits_and_frames_hold() -> None:
    with pytest.raises(LimitError):
        decode_array(marked(), name="a", limits=Limits(max_pixels=100))
    with pytest.raises(RefusedImageError, match="frame 2"):
        decode_array(marked(), name="a", frame=2)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
def test_a_pillow_image_reads_as_its_png(mode: str) -> None:
    image = Image.fromarray(marked()).convert(mode)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    np.testing.assert_array_equal(decode_pillow(image, name="a").pixels, decode(stream.getvalue(), name="a").pixels)
    assert decode_pillow(image, name="a").source.format == "PILLOW"


def test_a_pillow_image_is_turned_upright_by_its_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = picture_bytes(marked(), "PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        found = decode_pillow(image, name="a")
    np.testing.assert_array_equal(found.pixels, decode(data, name="a").pixels)
    assert found.pixels.shape == marked().shape[::-1]


def test_a_pillow_image_of_sixteen_bits_needs_its_range() -> None:
    image = Image.fromarray(marked(top=4095))
    with pytest.raises(UsageError, match="value_range"):
        decode_pillow(image, name="a")
    np.testing.assert_allclose(
        decode_pillow(image, name="a", value_range=(0, 4095)).pixels, marked(top=4095) / 4095, atol=1e-7
    )


def test_a_pillow_mode_that_is_not_read_says_so() -> None:
    with pytest.raises(RefusedImageError, match=r"a: .*pixel mode CMYK"):
        decode_pillow(Image.fromarray(marked()).convert("CMYK"), name="a")
