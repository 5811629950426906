"""The rule on grey ranges: what is stretched, to what, and that everything else stays bit for bit."""

import numpy as np
import pytest

from fabricate_dicom import dicom_bytes, lut
from fabricate_pictures import marked, picture_bytes, tiff_bytes
from hilum.imaging.decode import decode
from hilum.imaging.pixels.grey_range import LEAST_LEVELS, NARROW, fill_range, narrow_span
from hilum.radiograph import Radiograph

ROWS, COLUMNS = 240, 300
RAMP = np.linspace(0.02, 0.98, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
"""Every grey once: the percentiles are known without counting."""


def stretched(radiograph: Radiograph, *, used: np.ndarray) -> None:
    """Assert that the picture is `used`, from about its 0.5th to its 99.5th percentile over [0, 1]."""
    low, high = np.percentile(used, [0.5, 99.5])
    low = 0 if low < (high - low) / 4 else low  # black is near, and stays black
    top = 65535 if used.max() > 255 else 255
    high = top if top - high < (high - low) / 4 else high
    expected = np.clip((used - low) / (high - low), 0, 1)
    np.testing.assert_allclose(radiograph.pixels, expected, atol=0.01 + 1.01 / (high - low))
    (warning,) = radiograph.warnings
    assert "stretched over the whole range" in warning
    assert [step.step for step in radiograph.trail].count("stretch") == 1


TWELVE_OF_SIXTEEN = np.rint(RAMP * 4095).astype(np.uint16)
WASHED_OUT = np.rint(200 + RAMP * 55).astype(np.uint8)
DARK = np.rint(RAMP * 60).astype(np.uint8)

NARROW_FILES = {
    "png, 12 bits of 16": (picture_bytes(TWELVE_OF_SIXTEEN, "PNG"), TWELVE_OF_SIXTEEN),
    "tiff, 12 bits of 16": (tiff_bytes(TWELVE_OF_SIXTEEN), TWELVE_OF_SIXTEEN),
    "dicom, 12 bits of 16": (dicom_bytes(TWELVE_OF_SIXTEEN), TWELVE_OF_SIXTEEN),
    "dicom, lookup table of 16 bits that ends at 4095": (
        dicom_bytes(TWELVE_OF_SIXTEEN, bits=12, VOILUTSequence=lut(np.arange(4096))),
        TWELVE_OF_SIXTEEN,
    ),
    "dicom, modality lookup table that ends at 4095": (
        dicom_bytes(TWELVE_OF_SIXTEEN, bits=12, ModalityLUTSequence=lut(np.arange(4096))),
        TWELVE_OF_SIXTEEN,
    ),
    "dicom, washed out": (dicom_bytes(WASHED_OUT), WASHED_OUT),
    "dicom in colour, washed out": (dicom_bytes(np.dstack([WASHED_OUT] * 3)), WASHED_OUT),
    "png, washed out": (picture_bytes(WASHED_OUT, "PNG"), WASHED_OUT),
    "colour png, washed out": (picture_bytes(np.dstack([WASHED_OUT] * 3), "PNG"), WASHED_OUT),
    "jpeg, washed out": (picture_bytes(WASHED_OUT, "JPEG", quality=100), WASHED_OUT),
    "tiff, washed out": (tiff_bytes(WASHED_OUT), WASHED_OUT),
    "float tiff, dark": (tiff_bytes((DARK / 255).astype(np.float32)), DARK),
    "bmp, dark": (picture_bytes(DARK, "BMP"), DARK),
    "webp, dark": (picture_bytes(DARK, "WEBP", lossless=True), DARK),
}


@pytest.mark.parametrize("kind", NARROW_FILES)
def test_a_picture_far_from_its_declared_range_is_stretched_in_every_format(kind: str) -> None:
    data, used = NARROW_FILES[kind]
    stretched(decode(data, name="x"), used=used.astype(np.float64))


def test_the_warning_names_what_declared_the_range() -> None:
    table = decode(dicom_bytes(TWELVE_OF_SIXTEEN, bits=12, VOILUTSequence=lut(np.arange(4096))), name="x")
    assert "VOI LUT, 4096 entries of 16 bits" in table.warnings[0]
    assert "full range 0 to 65535" in decode(dicom_bytes(TWELVE_OF_SIXTEEN), name="x").warnings[0]
    assert "declared 16-bit range" in decode(picture_bytes(TWELVE_OF_SIXTEEN, "PNG"), name="x").warnings[0]


def test_the_inverse_is_stretched_alike() -> None:
    plain = decode(dicom_bytes(TWELVE_OF_SIXTEEN), name="x").pixels
    inverse = decode(dicom_bytes(65535 - TWELVE_OF_SIXTEEN, PhotometricInterpretation="MONOCHROME1"), name="x").pixels
    np.testing.assert_allclose(inverse, plain, atol=1e-4)


def test_blank_borders_and_burned_in_marks_do_not_count() -> None:
    values = WASHED_OUT.copy()
    values[:40], values[-20:, :50] = 0, 255
    radiograph = decode(picture_bytes(values, "PNG"), name="x")
    inner = np.clip((WASHED_OUT - 200.0) / 55, 0, 1)
    np.testing.assert_allclose(radiograph.pixels[40:-20], inner[40:-20], atol=0.25)
    assert radiograph.pixels[50].max() < 0.3  # the picture begins dark, though nothing of it is below grey 200
    assert (radiograph.pixels[:40] == 0).all()
    assert (radiograph.pixels[-20:, :50] == 1).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("border", [0, 3, 8])
def test_a_border_that_is_nearly_black_does_not_count(kind: str, border: int) -> None:
    values = WASHED_OUT.copy()
    values[:40], values[:, :30] = border, border
    radiograph = decode(picture_bytes(values, kind), name="x")
    assert (radiograph.pixels[:32, :] == 0).all()
    inner = radiograph.pixels[50:, 40:]
    assert inner.min() < 0.35
    assert inner.max() > 0.9
    assert "of the grey range" in radiograph.warnings[0]


def test_a_border_that_is_nearly_white_does_not_count() -> None:
    dark = grey(0.2, low=0.0)
    dark[:60] = 0.97
    ranged = fill_range(dark, declared="x")
    assert (ranged.pixels[:60] == 1).all()
    assert np.median(ranged.pixels[60:]) > 0.3


def test_what_is_half_of_the_picture_is_no_border() -> None:
    half = grey(0.2, low=0.4)
    half[: half.shape[0] * 6 // 10] = 0.02
    assert narrow_span(half) is None


def test_padding_stays_black() -> None:
    values = TWELVE_OF_SIXTEEN + 1000
    values[:100] = 65535
    radiograph = decode(dicom_bytes(values, PixelPaddingValue=65535), name="x")
    assert (radiograph.pixels[:100] == 0).all()
    assert radiograph.pixels[100:].max() == 1
    assert np.median(radiograph.pixels[100:]) == pytest.approx(0.5, abs=0.02)


def grey(span: float, *, low: float = 0.1) -> np.ndarray:
    """A ramp whose pixels lie within `span` but for the tails that the rule leaves out."""
    return (low + RAMP * span / (0.96 * 0.99)).astype(np.float32)


@pytest.mark.parametrize(("span", "narrow"), [(NARROW - 0.003, True), (NARROW + 0.003, False), (0.7, False)])
def test_a_quarter_of_the_range_is_where_the_rule_begins(span: float, narrow: bool) -> None:
    pixels = grey(span)
    assert (narrow_span(pixels) is not None) == narrow
    ranged = fill_range(pixels, declared="x")
    assert (ranged.pixels is pixels) == (not narrow)
    assert (len(ranged.trail), len(ranged.warnings)) == ((1, 1) if narrow else (0, 0))


def test_the_span_is_that_of_the_percentiles() -> None:
    pixels = grey(0.2)
    span = narrow_span(pixels)
    assert span == pytest.approx(np.percentile(pixels, [0.5, 99.5]), abs=2e-3)


@pytest.mark.parametrize("pixels", [np.zeros((9, 9)), np.ones((9, 9)), np.full((300, 300), 0.4), np.full((1, 1), 0.4)])
def test_one_grey_stays_as_it_is(pixels: np.ndarray) -> None:
    assert narrow_span(pixels.astype(np.float32)) is None


def test_a_picture_of_few_levels_stays_as_it_is() -> None:
    noise = np.random.default_rng(0).integers(0, LEAST_LEVELS - 1, (100, 100))
    assert narrow_span(((100 + noise) / 255).astype(np.float32)) is None
    more = np.random.default_rng(0).integers(0, LEAST_LEVELS, (100, 100))
    assert narrow_span(((100 + more) / 255).astype(np.float32)) is not None


def test_a_drawing_in_black_and_white_stays_as_it_is() -> None:
    drawing = np.where(marked(300, 300) > 100, 1.0, 0.0).astype(np.float32)
    drawing[:20, :20] = RAMP[:20, :20] / 10 + 0.4
    assert narrow_span(drawing) is None


def test_an_ordinary_picture_is_left_bit_for_bit() -> None:
    radiograph = decode(picture_bytes(np.rint(RAMP * 255).astype(np.uint8), "PNG"), name="x")
    np.testing.assert_array_equal(radiograph.pixels, np.rint(RAMP * 255).astype(np.float32) / np.float32(255))
    assert radiograph.warnings == ()
