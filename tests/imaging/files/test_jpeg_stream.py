"""A stream without its end is read where every pixel is there, and never where one is missing."""

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageFile
from pydicom.uid import JPEGBaseline8Bit, JPEGLosslessSV1

from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked, picture_bytes
from hilum.errors import DecodeError
from hilum.imaging.decode import decode

GREY = marked()
NOISE = np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8)
LACKS_END = "the JPEG stream lacks its end-of-image marker; all its pixels are there"
STRAY = "stray bytes stand between the markers of the JPEG stream and are skipped"


def with_insert(jpeg: bytes, content: bytes, *, marker: int) -> bytes:
    """`content` before the first segment of this marker."""
    at = jpeg.index(bytes([0xFF, marker]))
    return jpeg[:at] + content + jpeg[at:]


@pytest.fixture
def patient_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 3}], ids=str)
@pytest.mark.parametrize("array", [NOISE, np.dstack([NOISE, NOISE // 2, 255 - NOISE])], ids=["grey", "colour"])
def test_a_stream_that_lacks_only_its_end_is_read_with_a_warning(array: np.ndarray, options: dict[str, int]) -> None:
    whole = picture_bytes(array, "JPEG", quality=90, **options)
    radiograph = decode(whole[:-2], name="x")
    np.testing.assert_array_equal(radiograph.pixels, decode(whole, name="x").pixels)
    assert radiograph.warnings == (LACKS_END,)
    assert decode(whole, name="x").warnings == ()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 3}], ids=str)
def test_no_cut_stream_is_read(options: dict[str, int]) -> None:
    whole = picture_bytes(NOISE, "JPEG", quality=90, **options)
    scan = whole.index(b"\xff\xda")
    behind_marker = [
        len(whole) - at for at in range(scan, len(whole) - 2) if whole[at] == 0xFF and whole[at + 1] & 0xD8 == 0xD0
    ]
    cuts = [
        *behind_marker,
        *(one - 1 for one in behind_marker),
        *(one - 2 for one in behind_marker),
        3,
        4,
        5,
        8,
        16,
        *range(32, len(whole) - scan, 97),
        len(whole) // 2,
    ]
    for cut in cuts:
        with pytest.raises(DecodeError, match=r"truncated|corrupt"):
            decode(whole[:-cut], name="x")


@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 3}, {"subsampling": 2}], ids=str)
def test_no_cut_stream_is_read_for_an_end_marker_behind_the_cut(options: dict[str, int]) -> None:
    array = NOISE if "subsampling" not in options else np.dstack([NOISE, NOISE // 2, 255 - NOISE])
    whole = picture_bytes(array, "JPEG", quality=90, **options)
    for cut in (len(whole) // 2, len(whole) // 4, 900, 400):
        with pytest.raises(DecodeError, match="truncated: pixels before its end-of-image marker are missing"):
            decode(whole[:-cut].rstrip(b"\xff") + b"\xff\xd9", name="x")


def test_a_whole_stream_may_end_in_one_colour() -> None:
    blank = NOISE.copy()
    blank[-20:] = 0
    whole = picture_bytes(blank, "JPEG", quality=90)
    assert decode(whole, name="x").warnings == ()
    assert decode(whole + b"behind", name="x").warnings == ()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_no_half_stream_that_is_filled_with_zeros_is_read(share: float) -> None:
    whole = picture_bytes(NOISE, "JPEG", quality=90)
    kept = whole[: int(len(whole) * share)]
    with pytest.raises(DecodeError, match="truncated"):
        decode(kept + bytes(len(whole) - len(kept)), name="x")


def test_zeros_behind_a_stream_without_an_end_are_padding() -> None:
    whole = picture_bytes(NOISE, "JPEG", quality=90)
    assert decode(whole[:-2] + bytes(5), name="x").warnings == (LACKS_END,)
    assert decode(whole[:-1], name="x").warnings == (LACKS_END,)


def test_a_progressive_stream_cut_between_two_scans_is_refused() -> None:
    whole = picture_bytes(NOISE, "JPEG", quality=90, progressive=True)
    last = whole.rindex(b"\xff\xda")
    tables = whole.rindex(b"\xff\xc4", 0, last)
    assert tables > whole.index(b"\xff\xda")
    for end in (tables, last):
        with pytest.raises(DecodeError, match="scans are missing"):
            decode(whole[:end], name="x")


@pytest.mark.parametrize("lossless", [False, True])
def test_a_dicom_whose_stream_lacks_its_end(lossless: bool) -> None:
    stream = bytes(imagecodecs.jpeg8_encode(NOISE, lossless=lossless, level=90))
    syntax = JPEGLosslessSV1 if lossless else JPEGBaseline8Bit
    radiograph = decode(dicom_bytes(NOISE, syntax=syntax, stream=stream[:-2]), name="x")
    np.testing.assert_allclose(radiograph.pixels, imagecodecs.jpeg8_decode(stream) / 255, atol=1e-7)
    assert radiograph.warnings == (LACKS_END,)
    for cut in (4, 20, len(stream) // 2):
        with pytest.raises(DecodeError, match="truncated"):
            decode(dicom_bytes(NOISE, syntax=syntax, stream=stream[:-cut]), name="x")


@pytest.mark.parametrize("content", [b"junk!", b"\xff\x00\x00", b"\x00", b"\xff\xec\x00\x00", b"\xff\xec\x00\x01"])
@pytest.mark.parametrize("marker", [0xDB, 0xC0, 0xC4, 0xDA])
@pytest.mark.usefixtures("patient_pillow")
def test_what_stands_between_markers_is_skipped_as_libjpeg_does(content: bytes, marker: int) -> None:
    whole = picture_bytes(GREY, "JPEG", quality=90)
    radiograph = decode(with_insert(whole, content, marker=marker), name="x")
    np.testing.assert_array_equal(radiograph.pixels, decode(whole, name="x").pixels)
    empty_segment = content.startswith(b"\xff\xec")
    assert radiograph.warnings == (() if empty_segment else (f"{len(content)} {STRAY}",))


def test_stray_bytes_in_a_dicom_stream() -> None:
    stream = with_insert(bytes(imagecodecs.jpeg8_encode(GREY, level=95)), b"abc", marker=0xDB)
    radiograph = decode(dicom_bytes(GREY, syntax=JPEGBaseline8Bit, stream=stream), name="x")
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=4 / 255)
    assert radiograph.warnings == (f"3 {STRAY}",)


def test_stray_bytes_hide_no_size_from_the_limit() -> None:
    whole = picture_bytes(GREY, "JPEG")
    assert Image.fromarray(GREY).size == (72, 48)
    cut = with_insert(whole, b"\x00" * 9, marker=0xC0)
    assert decode(cut, name="x").pixels.shape == (48, 72)
    with pytest.raises(DecodeError, match="ends before the first scan"):
        decode(whole[: whole.index(b"\xff\xda")] + b"\x00\xff\xd9\x00\x00", name="x")
