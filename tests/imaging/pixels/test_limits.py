"""Limits hold before anything is decoded."""

import tracemalloc
from pathlib import Path

import imagecodecs
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless

from fabricate_dicom import dicom_bytes, elements, written
from fabricate_pictures import (
    marked,
    picture_bytes,
    png_bomb,
    tiff_bytes,
    with_bmp_size,
    with_jpeg_size,
    with_tiff_size,
    with_webp_size,
)
from hilum.errors import DecodeError, LimitError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.pixels.limits import Limits

SIDE = 30_000
OVER = (
    "bomb: the header names {} pixels, over the limit of 100,000,000; nothing was decoded. "
    "Raise the limit with --max-pixels"
)


def dicom_bomb() -> bytes:
    ds = elements(marked())
    ds.Rows = ds.Columns = SIDE
    ds.PixelData = marked().tobytes()
    ds["PixelData"].VR = "OB"
    return written(ds)


def lying_dicom(syntax: str, stream: bytes) -> bytes:
    """The DICOM header says 48 x 72, the stream within says 30,000 x 30,000."""
    return dicom_bytes(marked(), syntax=syntax, stream=stream)


def jpeg2000_bomb() -> bytes:
    stream = bytearray(imagecodecs.jpeg2k_encode(marked(), level=0, codecformat="j2k"))
    for offset in (8, 12, 24, 28):  # image and tile size
        stream[offset : offset + 4] = SIDE.to_bytes(4, "big")
    return bytes(stream)


BOMBS = {
    "png": png_bomb,
    "jpeg": lambda: with_jpeg_size(picture_bytes(marked(), "JPEG"), rows=SIDE, columns=SIDE),
    "progressive jpeg": lambda: with_jpeg_size(
        picture_bytes(marked(), "JPEG", progressive=True), rows=SIDE, columns=SIDE
    ),
    "tiff": lambda: with_tiff_size(tiff_bytes(marked()), rows=SIDE, columns=SIDE),
    "bmp": lambda: with_bmp_size(picture_bytes(marked(), "BMP"), rows=SIDE, columns=SIDE),
    "webp": lambda: with_webp_size(picture_bytes(marked(), "WEBP", lossless=True), rows=16_000, columns=16_000),
    "dicom": dicom_bomb,
    "jpeg in dicom": lambda: lying_dicom(
        JPEGBaseline8Bit, with_jpeg_size(picture_bytes(marked(), "JPEG"), rows=SIDE, columns=SIDE)
    ),
    "jpeg-ls in dicom": lambda: lying_dicom(
        JPEGLSLossless, with_jpeg_size(bytes(imagecodecs.jpegls_encode(marked())), rows=SIDE, columns=SIDE)
    ),
    "jpeg 2000 in dicom": lambda: lying_dicom(JPEG2000Lossless, jpeg2000_bomb()),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_its_pixels_are_allocated(kind: str) -> None:
    data = BOMBS[kind]()
    tracemalloc.start()
    try:
        with pytest.raises(LimitError) as caught:
            decode(data, name="bomb")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = "16,000 x 16,000" if kind == "webp" else "30,000 x 30,000"  # a WebP holds at most 16,384 x 16,384
    assert str(caught.value) == OVER.format(size)
    assert peak < 20 * len(data) + 5_000_000


def test_a_stream_larger_than_its_dicom_header_is_refused_within_the_limit_too() -> None:
    data = dicom_bytes(marked(), syntax=JPEG2000Lossless, stream=bytes(imagecodecs.jpeg2k_encode(marked(96, 144))))
    with pytest.raises(DecodeError, match="names 48 x 72 pixels with 1 samples, but the compressed stream 96 x 144"):
        decode(data, name="lie")


def test_the_number_of_pixels_can_be_set() -> None:
    data = picture_bytes(marked(10, 10), "PNG")
    assert decode(data, name="x", limits=Limits(max_pixels=100)).pixels.shape == (10, 10)
    with pytest.raises(LimitError, match="names 10 x 10 pixels, over the limit of 99"):
        decode(data, name="x", limits=Limits(max_pixels=99))


def test_the_number_of_bytes_can_be_set() -> None:
    data = picture_bytes(marked(), "PNG")
    decode(data, name="x", limits=Limits(max_bytes=len(data)))
    with pytest.raises(LimitError, match=f"holds {len(data):,} bytes, over the limit of {len(data) - 1:,}"):
        decode(data, name="x", limits=Limits(max_bytes=len(data) - 1))


def test_a_file_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as stream:
        stream.truncate(10_000_000)  # sparse
    with pytest.raises(LimitError, match=r"large.png: the file holds 10,000,000 bytes, over the limit of 1,000"):
        read_file(path, limits=Limits(max_bytes=1000))


def test_a_deflated_dicom_inflates_only_to_the_limit() -> None:
    data = dicom_bytes(0 * marked(1000, 1000), syntax=DeflatedExplicitVRLittleEndian)
    assert len(data) < 10_000
    with pytest.raises(LimitError, match="the deflated DICOM data set holds 100,001 bytes, over the limit of 100,000"):
        decode(data, name="x", limits=Limits(max_bytes=100_000))


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    data = picture_bytes(marked(), "JPEG", progressive=True)
    assert decode(data, name="x").pixels.shape == (48, 72)
    with pytest.raises(LimitError, match=r"holds \d+ scans, over the limit of 2"):
        decode(data, name="x", limits=Limits(max_jpeg_scans=2))


@pytest.mark.parametrize("field", ["max_bytes", "max_pixels", "max_jpeg_scans"])
def test_a_limit_below_one_is_no_limit(field: str) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Limits(**{field: 0})
