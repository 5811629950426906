"""The size of a JPEG 2000 picture is that of the codestream that is decoded, wherever another one seems to stand."""

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from fabricate_pictures import marked
from hilum.errors import DecodeError, LimitError
from hilum.imaging.decode import decode
from hilum.imaging.files.jpeg2000_header import is_jpeg2000, read_jpeg2000_header
from hilum.imaging.pixels.limits import Limits

GREY = marked(40, 24)
LIMITS = Limits()
RAW = bytes(imagecodecs.jpeg2k_encode(GREY, level=0, codecformat="j2k"))
FILE = bytes(imagecodecs.jpeg2k_encode(GREY, level=0, codecformat="jp2"))
HEADER_BOXES = FILE[: FILE.index(b"jp2c") - 4]
SMALL = bytes(imagecodecs.jpeg2k_encode(marked(16, 16), level=0, codecformat="j2k"))


def box(kind: bytes, content: bytes, *, length: int | None = None, wide: bool = False) -> bytes:
    """A box with its length, or with another; `wide` writes it in 64 bits."""
    header = 16 if wide else 8
    length = header + len(content) if length is None else length
    return struct.pack(">L4sQ", 1, kind, length) + content if wide else struct.pack(">L4s", length, kind) + content


def size(data: bytes, *, limits: Limits = LIMITS) -> tuple[int, int]:
    """Rows and columns as the header says them."""
    assert is_jpeg2000(data)
    header = read_jpeg2000_header(data, limits=limits)
    return header.rows, header.columns


@pytest.mark.parametrize(
    "data",
    [
        RAW,
        RAW + bytes(3),
        FILE,
        FILE + bytes(1),
        HEADER_BOXES + box(b"jp2c", RAW, length=0),
        HEADER_BOXES + box(b"jp2c", RAW, wide=True),
        HEADER_BOXES + box(b"xml ", b"<x/>", wide=True) + box(b"jp2c", RAW),
        HEADER_BOXES + box(b"xml ", SMALL) + box(b"jp2c", RAW),
        HEADER_BOXES + box(b"jp2c", RAW) + box(b"jp2c", SMALL),
    ],
    ids=["raw", "padded", "file", "padded file", "to the end", "64 bits", "after 64 bits", "decoy", "two"],
)
def test_the_size_is_that_of_what_is_decoded(data: bytes) -> None:
    assert size(data) == GREY.shape
    np.testing.assert_array_equal(imagecodecs.jpeg2k_decode(data), GREY)


@pytest.mark.parametrize("wide", [False, True])
def test_a_small_picture_before_the_codestream_does_not_pass_the_limit_for_it(wide: bool) -> None:
    data = HEADER_BOXES + box(b"xml ", SMALL, wide=wide) + box(b"jp2c", RAW)
    with pytest.raises(LimitError, match="40 x 24"):
        size(data, limits=Limits(max_pixels=16 * 16))


@pytest.mark.parametrize(("length", "wide"), [(2, False), (7, False), (1, True), (15, True)])
def test_a_box_shorter_than_its_header_is_corrupt(length: int, wide: bool) -> None:
    with pytest.raises(DecodeError, match="shorter than its own header"):
        size(HEADER_BOXES + box(b"xml ", SMALL, length=length, wide=wide) + box(b"jp2c", RAW))


def test_a_file_that_ends_within_a_length_of_64_bits_is_corrupt() -> None:
    with pytest.raises(DecodeError, match="shorter than its own header"):
        size(HEADER_BOXES + struct.pack(">L4s", 1, b"xml "))


@pytest.mark.parametrize(
    "data",
    [
        HEADER_BOXES,
        HEADER_BOXES + box(b"jp2c", b""),
        HEADER_BOXES + box(b"jp2c", bytes(2) + RAW),
        HEADER_BOXES + box(b"xml ", SMALL, length=0) + box(b"jp2c", RAW),
        HEADER_BOXES + box(b"xml ", SMALL, length=100_000) + box(b"jp2c", RAW),
        HEADER_BOXES + box(b"xml ", SMALL, length=2**64 - 1, wide=True) + box(b"jp2c", RAW),
        HEADER_BOXES + box(b"xml ", SMALL, length=0, wide=True) + box(b"jp2c", RAW),
        HEADER_BOXES + bytes(7),
        RAW[:44],
    ],
    ids=["none", "empty", "shifted", "to the end", "too long", "far too long", "no length", "cut header", "cut size"],
)
def test_a_file_without_a_codestream_in_its_box_is_truncated(data: bytes) -> None:
    with pytest.raises(DecodeError, match="truncated: it has no size marker"):
        size(data)


def test_a_raw_codestream_stands_at_the_beginning() -> None:
    with pytest.raises(DecodeError, match="truncated: it has no size marker"):
        read_jpeg2000_header(bytes(2) + RAW, limits=LIMITS)


@pytest.mark.parametrize("name", ["GDCMJ2K_TextGBR.dcm", "JPEG2000.dcm", "693_J2KI.dcm", "examples_jpeg2k.dcm"])
def test_what_scanners_and_archives_put_into_dicom_is_read(name: str) -> None:
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"this pydicom does not bring {name}")
    header = dcmread(str(path))
    (frame,) = generate_frames(header.PixelData, number_of_frames=1)
    assert size(frame) == (header.Rows, header.Columns)
    assert decode(Path(str(path)).read_bytes(), name=name).pixels.shape == (header.Rows, header.Columns)
