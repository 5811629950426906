"""Pixels that are not square: shown with the right aspect, by the pixel areas written out, and led home."""

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked
from hilum.imaging.decode import decode
from hilum.imaging.pixels.aspect import is_square, square_shape, with_square_pixels
from hilum.imaging.pixels.limits import Limits
from hilum.imaging.pixels.orientation import stored_point
from hilum.radiograph import Radiograph, StoredGrid

GREY = marked()


def read(**tags: object) -> Radiograph:
    return decode(dicom_bytes(GREY, **tags), name="x")


def halves(values: np.ndarray) -> np.ndarray:
    """Twice as many rows, bilinear and edge to edge: each new row lies a quarter of an old one off its centre."""
    centres = np.clip((np.arange(2 * len(values)) + 0.5) / 2 - 0.5, 0, len(values) - 1)
    below = np.floor(centres).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    weight = (centres - below)[:, None]
    return values[below] * (1 - weight) + values[above] * weight


@pytest.mark.parametrize("tags", [{"PixelAspectRatio": [2, 1]}, {"PixelSpacing": [0.4, 0.2]},
                                  {"ImagerPixelSpacing": [0.4, 0.2]}])  # fmt: skip
def test_pixels_twice_as_high_as_wide_give_twice_the_rows(tags: dict[str, list[float]]) -> None:
    radiograph = read(**tags)
    np.testing.assert_allclose(radiograph.pixels, halves(GREY / 255), atol=1e-5)
    assert radiograph.source.stored == StoredGrid(48, 72, 1)
    assert (radiograph.source.rows, radiograph.source.columns) == (96, 72)
    assert radiograph.source.spacing_mm == (None if "PixelAspectRatio" in tags else (0.2, 0.2))
    assert radiograph.warnings == (
        "the pixels are 2 times as high as wide: the picture was resampled to square pixels",
    )
    assert "aspect" in [step.step for step in radiograph.trail]
    assert stored_point(10, 50, source=radiograph.source) == (10, 25)


def test_pixels_wider_than_high_give_more_columns() -> None:
    radiograph = read(PixelAspectRatio=[1, 3])
    assert radiograph.pixels.shape == (48, 216)
    assert stored_point(216, 48, source=radiograph.source) == (72, 48)


def test_a_turned_film_is_turned_before_it_is_resampled() -> None:
    stored = np.ascontiguousarray(GREY.T)
    radiograph = decode(
        dicom_bytes(stored, PatientOrientation=["F", "L"], PixelSpacing=[0.2, 0.4]), name="x"
    )  # its columns run to the left: rows of the upright picture lie 0.4 mm apart
    np.testing.assert_allclose(radiograph.pixels, halves(GREY / 255), atol=1e-5)
    assert radiograph.source.spacing_mm == (0.2, 0.2)
    assert stored_point(10, 50, source=radiograph.source) == (25, 10)


@pytest.mark.parametrize("tags", [{"PixelAspectRatio": [1, 1]}, {"PixelSpacing": [0.1, 0.1005]}, {}])
def test_square_pixels_stay_bit_for_bit(tags: dict[str, list[float]]) -> None:
    radiograph = read(**tags)
    np.testing.assert_array_equal(radiograph.pixels, read().pixels)
    assert radiograph.source.stored is None
    assert radiograph.warnings == ()


@pytest.mark.parametrize("bad", [[0, 0], [-2, 1], [2], [2, 1, 1], "two\\1"])
def test_an_unusable_ratio_is_a_warning(bad: object) -> None:
    data = dicom_bytes(GREY, syntax=ExplicitVRLittleEndian, PixelAspectRatio=[3, 1] if isinstance(bad, str) else bad)
    radiograph = decode(data.replace(b"3\\1 ", b"3\\B "), name="x")
    np.testing.assert_array_equal(radiograph.pixels, read().pixels)
    assert radiograph.warnings == ("Pixel Aspect Ratio is not two positive numbers and is not used",)


def test_a_ratio_that_cannot_be_true_is_a_warning() -> None:
    radiograph = read(PixelAspectRatio=[10, 1])
    assert radiograph.pixels.shape == GREY.shape
    assert radiograph.warnings == (
        "the pixels are 10 times as high as wide, which cannot be right: the picture is shown as it is stored",
    )


def test_the_limit_on_pixels_holds_after_resampling() -> None:
    data = dicom_bytes(GREY, PixelAspectRatio=[2, 1])
    radiograph = decode(data, name="x", limits=Limits(max_pixels=48 * 72))
    assert radiograph.pixels.shape == GREY.shape
    assert "square ones would be too many" in radiograph.warnings[0]


def test_shapes_and_tolerance() -> None:
    assert square_shape(100, 50, ratio=1.5) == (150, 50)
    assert square_shape(100, 50, ratio=0.5) == (100, 100)
    assert square_shape(1, 1, ratio=0.9) == (1, 1)
    assert [is_square(ratio) for ratio in (1.0, 1.009, 0.992, 1.02, 0.98)] == [True, True, True, False, False]
    assert with_square_pixels(np.ones((2, 2), np.float32), ratio=2).shape == (4, 2)
