"""Turning upright, against Pillow's transpositions, and points of the upright picture in the stored one."""

import numpy as np
import pytest
from PIL import Image

from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked, picture_bytes
from hilum.geometry import Box
from hilum.imaging.decode import decode
from hilum.imaging.pixels.orientation import shown_spacing, stored_box, stored_point, upright
from hilum.radiograph import Radiograph, Source, StoredGrid

GREY = marked()

TRANSPOSE = Image.Transpose
STORED_AS = {
    2: TRANSPOSE.FLIP_LEFT_RIGHT,
    3: TRANSPOSE.ROTATE_180,
    4: TRANSPOSE.FLIP_TOP_BOTTOM,
    5: TRANSPOSE.TRANSPOSE,
    6: TRANSPOSE.ROTATE_90,
    7: TRANSPOSE.TRANSVERSE,
    8: TRANSPOSE.ROTATE_270,
}
"""What a writer does to an upright picture so that each orientation number is right (EXIF 2.32, 4.6.4)."""


def stored(orientation: int) -> np.ndarray:
    """The marked picture as a file of that orientation stores it."""
    image = Image.fromarray(GREY)
    return np.asarray(image if orientation == 1 else image.transpose(STORED_AS[orientation]))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright(orientation: int) -> None:
    pixels = stored(orientation).astype(np.float32)
    np.testing.assert_array_equal(upright(pixels, orientation=orientation), GREY)
    assert upright(pixels, orientation=orientation).flags.c_contiguous


def turned(kind: str, orientation: int) -> Radiograph:
    """The marked picture, stored in an orientation that the file names, decoded."""
    if kind == "dicom":
        tag = {1: "LF", 2: "RF", 3: "RH", 4: "LH", 5: "FL", 6: "FR", 7: "HR", 8: "HL"}[orientation]
        return decode(dicom_bytes(stored(orientation), PatientOrientation=list(tag)), name="x")
    exif = Image.Exif()
    exif[274] = orientation
    return decode(picture_bytes(stored(orientation), "PNG", exif=exif), name="x")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "dicom"])
def test_the_source_leads_every_pixel_back_to_where_it_is_stored(kind: str, orientation: int) -> None:
    radiograph = turned(kind, orientation)
    source = radiograph.source
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=1e-6)
    assert (source.rows, source.columns) == GREY.shape
    where = stored(orientation)
    if orientation == 1:
        assert source.stored is None
    else:
        assert source.stored == StoredGrid(*where.shape, orientation)
    for row in range(0, source.rows, 7):
        for column in range(0, source.columns, 5):
            x, y = stored_point(column + 0.5, row + 0.5, source=source)
            assert where[int(y), int(x)] == GREY[row, column]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_comes_back_to_the_stored_pixels_that_it_holds(orientation: int) -> None:
    source = turned("dicom", orientation).source
    box = stored_box(Box(2, 4, 8, 20), source=source)  # the bright bar of the marked picture
    left, top, width, height = map(round, box.as_list())
    inside = stored(orientation)[top : top + height, left : left + width]
    assert inside.size == 160
    assert (inside == 255).all()


def test_spacing_follows_the_turn_and_the_resampling() -> None:
    def source(grid: StoredGrid | None) -> Source:
        return Source("x", "0" * 64, "DICOM", 100, 50, stored=grid)

    assert shown_spacing((0.1, 0.2), source=source(None)) == (0.1, 0.2)
    assert shown_spacing((0.1, 0.2), source=source(StoredGrid(50, 100, 6))) == (0.2, 0.1)
    assert shown_spacing((0.2, 0.1), source=source(StoredGrid(50, 50, 2))) == (0.1, 0.1)
    assert shown_spacing(None, source=source(StoredGrid(50, 50, 2))) is None
