"""Bits Stored or a sign that the pixels gainsay: they are read as they go on smoothly; other bits above are masked."""

import numpy as np
import pytest
from pydicom.uid import JPEGLosslessSV1, JPEGLSLossless

from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked
from hilum.imaging.decode import decode

SMOOTH = np.rint(np.hypot(*np.mgrid[-1:1:96j, -1:1:128j]) * 2300).astype(np.uint16)
"""0 to about 3,250, without a step."""


@pytest.mark.parametrize("bits", [9, 10, 11])
def test_pixels_above_bits_stored_are_read_with_the_bits_that_they_need(bits: int) -> None:
    radiograph = decode(dicom_bytes(SMOOTH, bits=bits), name="x")
    np.testing.assert_allclose(radiograph.pixels, SMOOTH / 4095, atol=1e-6)
    assert radiograph.warnings == (f"pixels need 12 bits, more than the {bits} of Bits Stored: they are read with 12",)


@pytest.mark.parametrize("bits", [6, 8])
def test_bits_stored_may_be_far_too_small(bits: int) -> None:
    """Steps between neighbours are then larger than all that Bits Stored can hold."""
    coarse = (SMOOTH[::8, ::8].astype(np.uint32) * 5).astype(np.uint16)
    radiograph = decode(dicom_bytes(coarse, bits=bits), name="x")
    np.testing.assert_allclose(radiograph.pixels, coarse / 16383, atol=1e-6)
    assert "pixels need 14 bits" in radiograph.warnings[0]


@pytest.mark.parametrize(("bits", "stored"), [(12, 12), (16, 16), (14, 12)])
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_a_sign_that_the_pixels_do_not_have_is_not_read(bits: int, stored: int, photometric: str) -> None:
    words = (SMOOTH.astype(np.float64) * (2**bits - 1) / SMOOTH.max()).astype(np.uint16)
    radiograph = decode(
        dicom_bytes(words, bits=stored, PixelRepresentation=1, PhotometricInterpretation=photometric), name="x"
    )
    grey = words / (2**bits - 1)
    np.testing.assert_allclose(radiograph.pixels, grey if photometric == "MONOCHROME2" else 1 - grey, atol=1e-6)
    assert radiograph.warnings[0].startswith("Pixel Representation says that pixels have a sign")


@pytest.mark.parametrize("offset", [500, 1600, 32768])
def test_a_sign_that_they_have_is_read(offset: int) -> None:
    words = (SMOOTH * (20.0 if offset > 4095 else 1.0)).astype(np.int64) - offset
    radiograph = decode(dicom_bytes(words.astype(np.int16), bits=16, WindowCenter=0, WindowWidth=65536), name="x")
    assert not any("Pixel Representation" in warning for warning in radiograph.warnings)


def test_high_bit_tells_bits_stored_where_that_is_absent() -> None:
    data = dicom_bytes(SMOOTH, bits=12, BitsStored=None)
    np.testing.assert_allclose(decode(data, name="x").pixels, SMOOTH / 4095, atol=1e-6)


def test_a_window_is_applied_to_the_whole_values() -> None:
    window = {"WindowCenter": 2000, "WindowWidth": 1500}
    small, sound = (decode(dicom_bytes(SMOOTH, bits=bits, **window), name="x").pixels for bits in (10, 12))
    np.testing.assert_array_equal(small, sound)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless])
def test_compressed_pixels_above_bits_stored(syntax: str) -> None:
    radiograph = decode(dicom_bytes(SMOOTH, bits=10, syntax=syntax), name="x")
    np.testing.assert_allclose(radiograph.pixels, SMOOTH / 4095, atol=1e-6)
    assert "they are read with 12" in radiograph.warnings[0]


def test_signed_pixels_above_bits_stored() -> None:
    signed = SMOOTH.astype(np.int16) - 1600
    radiograph = decode(dicom_bytes(signed, bits=10), name="x")
    np.testing.assert_allclose(radiograph.pixels, (signed + 2048.0) / 4095, atol=1e-6)
    assert "pixels need 12 bits" in radiograph.warnings[0]


def test_a_sign_that_is_extended_upwards_is_no_excess() -> None:
    signed = marked(top=1023).astype(np.int16) - 512
    for words in (signed, (signed & 1023).astype(np.int16)):
        radiograph = decode(dicom_bytes(words, bits=10), name="x")
        np.testing.assert_allclose(radiograph.pixels, (signed + 512) / 1023, atol=1e-6)
        assert radiograph.warnings == ()


def overlay() -> np.ndarray:
    """A letter-like plane of single pixels and lines."""
    plane = np.zeros(SMOOTH.shape, np.uint16)
    plane[20:60, 30] = plane[20, 30:60] = plane[40, 30:50] = 1
    return plane


@pytest.mark.parametrize("bit", [12, 13, 15])
def test_an_overlay_in_a_bit_above_is_masked(bit: int) -> None:
    radiograph = decode(dicom_bytes(SMOOTH | overlay() << bit, bits=12), name="x")
    np.testing.assert_allclose(radiograph.pixels, SMOOTH / 4095, atol=1e-6)
    assert radiograph.warnings == ()


@pytest.mark.parametrize("bit", [12, 13, 15])
def test_half_a_picture_under_an_overlay_is_masked(bit: int) -> None:
    plane = np.zeros(SMOOTH.shape, np.uint16)
    plane[:, 64:] = 1
    radiograph = decode(dicom_bytes(SMOOTH | plane << bit, bits=12), name="x")
    np.testing.assert_allclose(radiograph.pixels, SMOOTH / 4095, atol=1e-6)


def test_padding_above_bits_stored_is_padding() -> None:
    padded = SMOOTH.copy()
    padded[:20] = 65535
    radiograph = decode(dicom_bytes(padded, bits=12, PixelPaddingValue=65535), name="x")
    assert (radiograph.pixels[:20] == 0).all()
    np.testing.assert_allclose(radiograph.pixels[20:], SMOOTH[20:] / 4095, atol=1e-6)
    assert radiograph.warnings == ()
