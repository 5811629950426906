"""Sizes of JPEG XL streams are known before they are decoded, and DICOM's three JPEG XL syntaxes are read."""

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import HTJ2K

from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked
from hilum.errors import DecodeError, LimitError
from hilum.imaging.decode import decode
from hilum.imaging.files.jpegxl_header import is_jpegxl, read_jpegxl_size
from hilum.imaging.pixels.limits import Limits

LOSSLESS, OF_JPEG, LOSSY = (f"1.2.840.10008.1.2.4.{number}".encode() for number in (110, 111, 112))


def jpegxl_dicom(pixels: np.ndarray, stream: bytes, *, syntax: bytes = LOSSLESS, **options: object) -> bytes:
    """pydicom 3.0 does not know these syntaxes: written under another's name of the same length."""
    return dicom_bytes(pixels, syntax=HTJ2K, stream=stream, **options).replace(HTJ2K.encode(), syntax)


def stream(rows: int, columns: int, **options: object) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.zeros((rows, columns), np.uint8), effort=1, **options))


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [(1, 1), (8, 8), (40, 60), (256, 256), (264, 256), (512, 513), (511, 7), (2100, 3), (5, 9000), (300, 360),
     (300, 400), (300, 450), (180, 320), (400, 500), (100, 200), (101, 202)],
)  # fmt: skip
def test_the_size_is_the_encoders(rows: int, columns: int, container: bool) -> None:
    data = stream(rows, columns, usecontainer=container)
    assert data.startswith(b"\x00\x00\x00\x0cJXL " if container else b"\xff\x0a")
    assert is_jpegxl(data)
    assert read_jpegxl_size(data, limits=Limits()) == (rows, columns)


def test_too_many_pixels_are_refused_before_decoding() -> None:
    with pytest.raises(LimitError, match="2,100 x 3 pixels"):
        read_jpegxl_size(stream(2100, 3), limits=Limits(max_pixels=6299))


@pytest.mark.parametrize(
    "data", [b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n", b"\x00\x00\x00\x0cJXL \r\n\x87\n" * 2]
)
def test_a_header_that_is_cut_off(data: bytes) -> None:
    with pytest.raises(DecodeError, match="it has no size"):
        read_jpegxl_size(data, limits=Limits())


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_pixels_are_bit_identical(bits: int) -> None:
    values = marked(top=2**bits - 1)
    data = bytes(imagecodecs.jpegxl_encode(values, lossless=True, bitspersample=bits))
    radiograph = decode(jpegxl_dicom(values, data, bits=bits), name="x")
    np.testing.assert_allclose(radiograph.pixels, values / (2**bits - 1), atol=1e-7)
    assert radiograph.trail[0].detail == "DICOM, JPEG XL lossless"


def test_a_jpeg_packed_as_jpeg_xl_and_lossy_colour_give_their_luma() -> None:
    grey = marked()
    colour = np.dstack([grey, grey // 2, 255 - grey])
    luma = np.asarray(Image.fromarray(colour).convert("L")) / 255
    packed = bytes(imagecodecs.jpegxl_encode_jpeg(bytes(imagecodecs.jpeg8_encode(colour, level=98))))
    lossy = bytes(imagecodecs.jpegxl_encode(colour, distance=0.2))
    for syntax, data in ((OF_JPEG, packed), (LOSSY, lossy)):
        for photometric in ("RGB", "YBR_FULL_422"):
            file = jpegxl_dicom(colour, data, syntax=syntax, PhotometricInterpretation=photometric)
            np.testing.assert_allclose(decode(file, name="x").pixels, luma, atol=6 / 255)


def test_a_stream_of_another_size_or_that_is_cut_is_refused() -> None:
    grey = marked()
    data = bytes(imagecodecs.jpegxl_encode(grey, lossless=True))
    with pytest.raises(DecodeError, match="but the compressed stream 48 x 72 with 1"):
        decode(jpegxl_dicom(grey[:40], data), name="x")
    noise = np.random.default_rng(0).integers(0, 256, grey.shape, np.uint8)
    cut = bytes(imagecodecs.jpegxl_encode(noise, lossless=True))
    for share in (0.3, 0.6, 0.95):
        with pytest.raises(DecodeError, match="corrupt"):
            decode(jpegxl_dicom(grey, cut[: int(len(cut) * share)]), name="x")
