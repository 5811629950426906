"""DICOM files with and without preamble, meta information and transfer syntax; every transfer syntax; broken files."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels import set_pixel_data  # noqa: F401  (pydicom's encoders register on import)
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from fabricate_dicom import LOSSLESS, NATIVE, dicom_bytes, elements, without_meta, written
from fabricate_pictures import marked, picture_bytes
from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.decode import decode

TWELVE = marked(top=4095)


def pixels(data: bytes, **options: object) -> np.ndarray:
    return decode(data, name="x", **options).pixels


@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS], ids=lambda one: one.name)
def test_lossless_syntaxes_are_bit_identical(syntax: str) -> None:
    data = dicom_bytes(TWELVE, bits=12, syntax=syntax)
    expected = (np.arange(4096) / 4095).astype(np.float32)[TWELVE]
    np.testing.assert_array_equal(pixels(data), expected)


@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS], ids=lambda one: one.name)
@pytest.mark.parametrize(("kind", "bits"), [("i1", 8), ("i2", 12), ("i2", 16)])
def test_signed_pixels_in_every_lossless_syntax(syntax: str, kind: str, bits: int) -> None:
    values = marked(top=2**bits - 1).astype(np.int64)
    signed = (values - 2 ** (bits - 1)).astype(kind)
    data = dicom_bytes(signed, bits=bits, syntax=syntax)
    np.testing.assert_allclose(pixels(data), values / (2**bits - 1), atol=1e-7)


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 15, 16])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGLSLossless], ids=lambda one: one.name)
def test_bits_stored_is_the_range(bits: int, syntax: str) -> None:
    values = marked(top=2**bits - 1).astype(np.uint16)
    np.testing.assert_allclose(pixels(dicom_bytes(values, bits=bits, syntax=syntax)), values / (2**bits - 1), atol=1e-7)


@pytest.mark.parametrize(
    ("syntax", "bits", "within"), [(JPEGBaseline8Bit, 8, 3), (JPEGExtended12Bit, 12, 6), (JPEGLSNearLossless, 12, 2)]
)
def test_lossy_syntaxes_are_near(syntax: str, bits: int, within: int) -> None:
    values = marked(top=2**bits - 1)
    data = dicom_bytes(values, bits=bits, syntax=syntax)
    np.testing.assert_allclose(pixels(data), values / (2**bits - 1), atol=within / (2**bits - 1) + 1e-7)


def test_a_lossy_codec_that_overshoots_bits_stored_is_cut_and_does_not_wrap() -> None:
    checks = np.where(np.indices((48, 72)).sum(axis=0) // 3 % 2, 1023, 0).astype(np.uint16)
    stream = bytes(imagecodecs.jpeg8_encode(checks, level=30, bitspersample=12))
    decoded = imagecodecs.jpeg8_decode(stream)
    assert decoded.max() > 1023  # else this test shows nothing
    data = dicom_bytes(checks, bits=10, syntax=JPEGExtended12Bit, stream=stream)
    np.testing.assert_allclose(pixels(data), np.minimum(decoded, 1023) / 1023, atol=1e-7)


def test_bits_above_bits_stored_are_masked() -> None:
    overlay = TWELVE | 0xF000
    np.testing.assert_allclose(pixels(dicom_bytes(overlay, bits=12)), TWELVE / 4095, atol=1e-7)


def test_high_bit_shifts() -> None:
    shifted = (TWELVE << 4) | 0xA
    np.testing.assert_allclose(pixels(dicom_bytes(shifted, bits=12, HighBit=15)), TWELVE / 4095, atol=1e-7)


def test_thirty_two_and_one_bit_pixels() -> None:
    wide = marked(top=2**20 - 1)
    np.testing.assert_allclose(pixels(dicom_bytes(wide, bits=20)), wide / (2**20 - 1), atol=1e-7)
    bits = (marked(3, 5) > 100).astype(np.uint8)
    ds = elements(bits)
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = 0
    ds.NumberOfFrames = 2
    packed = np.packbits(np.concatenate([bits.ravel(), 1 - bits.ravel()]), bitorder="little").tobytes()
    ds.PixelData = packed + bytes(len(packed) % 2)
    ds["PixelData"].VR = "OB"
    np.testing.assert_array_equal(pixels(written(ds), frame=1), bits)
    np.testing.assert_array_equal(pixels(written(ds), frame=2), 1 - bits)


def test_big_endian_words_of_bytes_are_swapped() -> None:
    grey = marked(48, 72)
    ds = elements(grey)
    ds.PixelData = grey.ravel().view(np.uint16).byteswap().tobytes()
    ds["PixelData"].VR = "OW"
    np.testing.assert_allclose(pixels(written(ds, syntax=ExplicitVRBigEndian)), grey / 255, atol=1e-7)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_no_preamble_and_no_transfer_syntax(syntax: str) -> None:
    ds = elements(TWELVE, bits=12, WindowCenter=2048, WindowWidth=4096)
    ds.PixelData = TWELVE.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
    ds["PixelData"].VR = "OW"
    radiograph = decode(without_meta(ds, syntax=syntax), name="x")
    np.testing.assert_allclose(radiograph.pixels, TWELVE / 4095, atol=1e-7)
    assert radiograph.trail[0].detail == "DICOM, uncompressed, transfer syntax not named"


def test_meta_information_without_a_transfer_syntax() -> None:
    data = dicom_bytes(TWELVE, bits=12)
    element = data.index(b"\x02\x00\x10\x00UI")
    length = struct.unpack_from("<H", data, element + 6)[0]
    np.testing.assert_allclose(pixels(data[:element] + data[element + 8 + length :]), TWELVE / 4095, atol=1e-7)


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless], ids=lambda one: one.name)
def test_compressed_pixels_without_a_transfer_syntax_tell_by_their_stream(syntax: str) -> None:
    ds = elements(TWELVE, bits=12)
    encode = {JPEG2000Lossless: imagecodecs.jpeg2k_encode, JPEGLSLossless: imagecodecs.jpegls_encode}[syntax]
    ds.PixelData = encapsulate([bytes(encode(TWELVE, level=0))])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    np.testing.assert_allclose(pixels(without_meta(ds, syntax=ExplicitVRLittleEndian)), TWELVE / 4095, atol=1e-7)


def test_a_deflated_file_that_is_cut_is_refused() -> None:
    data = dicom_bytes(TWELVE, bits=12, syntax=NATIVE[3])
    with pytest.raises(DecodeError, match="the deflated DICOM data set is truncated"):
        decode(data[:-20], name="x")


@pytest.mark.parametrize("syntax", [*NATIVE[:3], *LOSSLESS, JPEGBaseline8Bit], ids=lambda one: one.name)
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_truncated_files_are_refused(syntax: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    data = dicom_bytes(noise, syntax=syntax)
    with pytest.raises(DecodeError, match=r"^cut.dcm: .*(truncated|corrupt|no pixels)") as caught:
        decode(data[: int(len(data) * share)], name="cut.dcm")
    assert "\n" not in str(caught.value)


def test_truncated_native_pixels_name_the_bytes() -> None:
    data = dicom_bytes(TWELVE, bits=12)
    with pytest.raises(DecodeError) as caught:
        decode(data[:-1000], name="cut.dcm")
    assert str(caught.value) == "cut.dcm: the DICOM file is truncated: only 5,912 of 6,912 bytes of pixels are there"


def test_no_pixels_and_floats_and_documents() -> None:
    ds = elements(TWELVE, bits=12)
    with pytest.raises(
        DecodeError, match="names rows and columns but holds no pixels: truncated, or they were removed"
    ):
        decode(written(ds), name="x")
    del ds.Rows, ds.Columns
    with pytest.raises(DecodeError) as caught:
        decode(written(ds), name="report.dcm")
    assert str(caught.value) == (
        "report.dcm: the DICOM file holds no pixels: it may be a report, a document or a directory"
    )
    ds.FloatPixelData = np.zeros(4, "<f4").tobytes()
    with pytest.raises(DecodeError, match="parametric map of floats"):
        decode(written(ds), name="x")


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.4.100", "1.2.3.4.5.6"])
def test_an_unknown_transfer_syntax_is_named(uid: str) -> None:
    data = dicom_bytes(TWELVE, bits=12).replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x14\x00" + b"0" * 20)
    meta_uid = uid.encode().ljust(20, b"\0")
    data = data.replace(b"0" * 20, meta_uid, 1) if len(uid) <= 20 else data
    if len(uid) > 20:
        padded = uid.encode() + b"\0" * (len(uid) % 2)
        data = data.replace(b"UI\x14\x00" + b"0" * 20, b"UI" + struct.pack("<H", len(padded)) + padded)
    with pytest.raises(DecodeError) as caught:
        decode(data, name="odd.dcm")
    assert str(caught.value) == (
        f"odd.dcm: transfer syntax {uid} is unknown or not supported. Convert the file to an uncompressed one"
    )


@pytest.mark.parametrize("sides", [(0, 10), (10, 0)])
def test_zero_size_is_refused(sides: tuple[int, int]) -> None:
    data = dicom_bytes(TWELVE, bits=12, Rows=sides[0], Columns=sides[1])
    with pytest.raises(DecodeError, match=f"names {sides[0]} x {sides[1]} pixels: there is no picture in it"):
        decode(data, name="x")


def test_one_by_one() -> None:
    assert pixels(dicom_bytes(np.full((1, 1), 51, np.uint8))).tolist() == [[np.float32(0.2)]]


@pytest.mark.parametrize("change", [{"BitsStored": 17}, {"HighBit": 3}, {"BitsAllocated": 12}])
def test_depths_that_do_not_go_together(change: dict[str, int]) -> None:
    with pytest.raises(DecodeError, match="do not go together"):
        decode(dicom_bytes(TWELVE, **{"bits": 12, **change}), name="x")


def test_missing_rows_are_named() -> None:
    ds = elements(TWELVE, bits=12)
    ds.PixelData = TWELVE.tobytes()
    ds["PixelData"].VR = "OW"
    del ds.Rows
    with pytest.raises(DecodeError, match="has no Rows, without which its pixels cannot be read"):
        decode(written(ds), name="x")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless], ids=lambda one: one.name)
def test_frames_are_named_or_refused(syntax: str) -> None:
    movie = np.stack([TWELVE, TWELVE // 2, TWELVE // 3])
    data = dicom_bytes(movie, bits=12, syntax=syntax, NumberOfFrames=3)
    with pytest.raises(RefusedImageError, match=r"holds 3 frames\. Say which one to read with --frame 1 to 3"):
        decode(data, name="x")
    for number in (1, 2, 3):
        radiograph = decode(data, name="x", frame=number)
        np.testing.assert_allclose(radiograph.pixels, TWELVE // number / 4095, atol=1e-7)
        assert f"frame {number} of 3" in radiograph.trail[0].detail
    with pytest.raises(RefusedImageError, match="there is no frame 0"):
        decode(data, name="x", frame=0)


def test_frames_that_the_header_promises_and_the_file_lacks() -> None:
    movie = np.stack([TWELVE, TWELVE // 2])
    native = dicom_bytes(movie, bits=12, NumberOfFrames=9)
    with pytest.raises(DecodeError, match="the DICOM file is truncated"):
        decode(native, name="x", frame=1)
    packed = dicom_bytes(movie, bits=12, syntax=JPEG2000Lossless, NumberOfFrames=9)
    with pytest.raises(DecodeError, match=r"^x: .*(frame|fragment)"):
        decode(packed, name="x", frame=9)


def test_what_follows_the_pixels_is_ignored_with_a_warning() -> None:
    ds = elements(TWELVE, bits=12)
    ds.PixelData = TWELVE.tobytes() + bytes(100)
    ds["PixelData"].VR = "OW"
    radiograph = decode(written(ds), name="x")
    assert radiograph.warnings == ("100 bytes follow the pixels and are ignored",)


def test_a_stream_under_the_wrong_kind_of_syntax_is_refused() -> None:
    ds = elements(TWELVE, bits=12)
    ds.PixelData = TWELVE.tobytes()
    ds["PixelData"].VR = "OW"
    data = written(ds).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0", 1)
    with pytest.raises(DecodeError, match="the transfer syntax is RLE lossless, but the pixels are not encapsulated"):
        decode(data, name="x")
    packed = dicom_bytes(TWELVE, bits=12, syntax=RLELossless)
    data = packed.replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0", 1)
    with pytest.raises(DecodeError, match="the pixels are encapsulated, but the transfer syntax is explicit little"):
        decode(data, name="x")


def test_no_frames_is_one_frame_with_a_warning() -> None:
    radiograph = decode(dicom_bytes(TWELVE[None], bits=12, NumberOfFrames=0), name="x")
    np.testing.assert_allclose(radiograph.pixels, TWELVE / 4095, atol=1e-7)
    assert radiograph.warnings == ("Number of Frames is 0: the file is read as one frame",)
    with pytest.raises(DecodeError, match="names 1 samples a pixel and -1 frames"):
        decode(dicom_bytes(TWELVE[None], bits=12, NumberOfFrames=-1), name="x")


def test_meta_information_in_implicit_vr() -> None:
    data = dicom_bytes(TWELVE, bits=12)
    explicit = dcmread(io.BytesIO(data)).file_meta
    implicit = b""
    for element in explicit:
        at = data.index(struct.pack("<HH", element.tag.group, element.tag.element), 132)
        long = element.VR == "OB"
        (length,) = struct.unpack_from("<I" if long else "<H", data, at + (8 if long else 6))
        start = at + (12 if long else 8)
        implicit += struct.pack("<HHI", element.tag.group, element.tag.element, length) + data[start : start + length]
    body = data[144 + int(explicit.FileMetaInformationGroupLength) :]
    radiograph = decode(data[:132] + implicit + body, name="x")
    np.testing.assert_allclose(radiograph.pixels, TWELVE / 4095, atol=1e-7)
    assert radiograph.trail[0].detail == "DICOM, explicit little endian"


@pytest.mark.parametrize("number", [53, 55])
def test_the_retired_progressive_syntaxes_are_read(number: int) -> None:
    grey = marked()
    stream = picture_bytes(grey, "JPEG", quality=95, progressive=True)
    data = dicom_bytes(grey, syntax=JPEGBaseline8Bit, stream=stream)
    data = data.replace(JPEGBaseline8Bit.encode(), f"1.2.840.10008.1.2.4.{number}".encode())
    np.testing.assert_array_equal(pixels(data), (imagecodecs.jpeg8_decode(stream) / 255).astype(np.float32))
