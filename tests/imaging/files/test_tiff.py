"""TIFF, written by tifffile and Pillow."""

import io
import re
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from fabricate_pictures import marked, pillow_bytes, tiff_bytes
from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.decode import decode

GREY = marked()
WIDE = marked(top=65535)


def same(data: bytes, expected: np.ndarray, *, within: float = 1e-6) -> None:
    np.testing.assert_allclose(decode(data, name="x").pixels, expected, rtol=0, atol=within)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
def test_sixteen_bits_in_both_byte_orders(byteorder: str, bigtiff: bool, compression: str | None) -> None:
    same(tiff_bytes(WIDE, byteorder=byteorder, bigtiff=bigtiff, compression=compression), WIDE / 65535)


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
def test_depths_between_are_divided_by_their_own_range(bits: int) -> None:
    values = marked(top=2**bits - 1)
    same(tiff_bytes(values, bitspersample=bits), values / (2**bits - 1))


def test_one_bit() -> None:
    same(tiff_bytes(GREY > 100, photometric="minisblack"), (GREY > 100) / 1.0)
    same(tiff_bytes(GREY > 100, photometric="miniswhite"), (GREY <= 100) / 1.0)


def test_thirty_two_bit_integers() -> None:
    values = WIDE.astype(np.uint32) * 65537
    same(tiff_bytes(values), values / (2**32 - 1))


@pytest.mark.parametrize(("values", "top"), [(GREY, 255), (WIDE, 65535)])
def test_white_is_zero_inverts_once(values: np.ndarray, top: int) -> None:
    radiograph = decode(tiff_bytes(values, photometric="miniswhite"), name="x")
    np.testing.assert_allclose(radiograph.pixels, 1 - values / top, atol=1e-6)
    assert [step.step for step in radiograph.trail].count("invert") == 1


def test_white_is_zero_as_pillow_reads_it() -> None:
    data = tiff_bytes(GREY, photometric="miniswhite")
    with Image.open(io.BytesIO(data)) as image:
        same(data, np.asarray(image) / 255)


def test_tiles_planes_and_sixteen_bit_colour() -> None:
    same(tiff_bytes(WIDE, tile=(16, 16)), WIDE / 65535)
    same(tiff_bytes(np.stack([WIDE] * 3), photometric="rgb", planarconfig="separate"), WIDE / 65535)
    same(tiff_bytes(np.dstack([WIDE] * 3), photometric="rgb"), WIDE / 65535)


def test_jpeg_within_tiff() -> None:
    same(pillow_bytes(Image.fromarray(np.dstack([GREY] * 3)), "TIFF", compression="jpeg", quality=98), GREY / 255,
         within=4 / 255)  # fmt: skip


def test_alpha_straight_and_premultiplied() -> None:
    alpha = marked()[:, ::-1]
    straight = tiff_bytes(np.dstack([GREY, alpha]), photometric="minisblack", extrasamples=["unassalpha"])
    same(straight, GREY / 255 * alpha / 255)
    multiplied = tiff_bytes(np.dstack([GREY, alpha]), photometric="minisblack", extrasamples=["assocalpha"])
    same(multiplied, GREY / 255)


def test_inks() -> None:
    inks = np.dstack([255 - GREY] * 3 + [0 * GREY])
    same(tiff_bytes(inks, photometric="separated"), GREY / 255, within=2 / 255)


def test_a_palette_of_sixteen_bits() -> None:
    ramp = np.stack([np.arange(255, -1, -1) * 257] * 3).astype(np.uint16)
    same(tiff_bytes(GREY, photometric="palette", colormap=ramp), 1 - GREY / 255)


def test_a_palette_that_uses_eight_of_sixteen_bits_is_refused() -> None:
    ramp = np.stack([np.arange(256)] * 3).astype(np.uint16)
    with pytest.raises(RefusedImageError, match="colour map of this TIFF uses 8 of the 16 bits"):
        decode(tiff_bytes(GREY, photometric="palette", colormap=ramp), name="x")


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "predictor": 3}])
def test_floats_within_zero_and_one_are_read(kind: str, options: dict[str, object]) -> None:
    values = (GREY / 255).astype(kind)
    same(tiff_bytes(values, **options), values.astype(np.float64))


@pytest.mark.parametrize("top", [1.001, 255.0, 4095.0])
def test_floats_outside_are_refused_with_the_range(top: float) -> None:
    with pytest.raises(RefusedImageError) as caught:
        decode(tiff_bytes((GREY / 255 * top).astype(np.float32)), name="float.tif")
    assert str(caught.value) == (
        f"float.tif: the pixels of this TIFF span 0 to {top:g}, but the range is 0 to 1 (floats within [0, 1]). Scale "
        "floats to [0, 1], declare the range, or save unsigned integers"
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_in_a_float_tiff_is_an_error(bad: float) -> None:
    values = (GREY / 255).astype(np.float32)
    values[3, 4] = bad
    with pytest.raises(DecodeError) as caught:
        decode(tiff_bytes(values), name="nan.tif")
    assert str(caught.value) == (
        "nan.tif: the float TIFF holds NaN or infinite pixels. Replace them with numbers within a declared range"
    )


def test_a_declared_range_is_used() -> None:
    values = (GREY * 4.0 - 100).astype(np.float32)
    declared = [(340, "f", 1, -100.0, True), (341, "f", 1, 920.0, True)]
    same(tiff_bytes(values, extratags=declared), GREY / 255)


def test_signed_integers_need_a_declared_range() -> None:
    values = GREY.astype(np.int16) - 100
    with pytest.raises(RefusedImageError, match="the signed TIFF declares no range"):
        decode(tiff_bytes(values), name="x")
    declared = [(340, "h", 1, -100, True), (341, "h", 1, 155, True)]
    same(tiff_bytes(values, extratags=declared), GREY / 255)


def test_pages_are_frames() -> None:
    data = tiff_bytes(np.stack([GREY, GREY // 2, GREY // 3]), photometric="minisblack")
    with pytest.raises(RefusedImageError, match=r"the file holds 3 frames\. Say which one to read with --frame 1 to 3"):
        decode(data, name="x")
    for number in (1, 2, 3):
        radiograph = decode(data, name="x", frame=number)
        np.testing.assert_allclose(radiograph.pixels, GREY // number / 255, atol=1e-6)
    assert radiograph.trail[0].detail == "TIFF, 8 bit, page 3 of 3"


def test_a_reduced_copy_is_no_frame() -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(GREY)
        writer.write(GREY[::4, ::4], subfiletype=1)
    same(stream.getvalue(), GREY / 255)


def test_a_tile_far_larger_than_the_picture_is_refused() -> None:
    data = bytearray(tiff_bytes(marked(16, 16), tile=(16, 16), compression="zlib"))
    first = int.from_bytes(data[4:8], "little")
    for entry in range(first + 2, first + 2 + 12 * data[first], 12):
        if int.from_bytes(data[entry : entry + 2], "little") in (322, 323):
            data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, 32768)
    with pytest.raises(RefusedImageError, match="names tiles of 32768 x 32768 for 16 x 16 pixels"):
        decode(bytes(data), name="x")


def test_more_channels_than_any_picture_has_are_refused() -> None:
    data = tiff_bytes(np.dstack([GREY] * 9), photometric="minisblack", planarconfig="contig")
    with pytest.raises(RefusedImageError, match="the TIFF holds 9 channels"):
        decode(data, name="x")


def test_luminance_of_sixteen_bits_agrees_with_eight() -> None:
    colour = np.dstack([GREY, GREY[:, ::-1], GREY[::-1]])
    with Image.open(io.BytesIO(tiff_bytes(colour, photometric="rgb"))) as image:
        same(tiff_bytes(colour, photometric="rgb"), np.asarray(image.convert("L")) / 255)
    same(tiff_bytes(colour.astype(np.uint16) * 257, photometric="rgb"), (colour @ [0.299, 0.587, 0.114]) / 255,
         within=2e-5)  # fmt: skip


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_truncated(share: float) -> None:
    data = tiff_bytes(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))
    with pytest.raises(DecodeError, match=r"^x: .*(truncated|corrupt)"):
        decode(data[: int(len(data) * share)], name="x")


def test_a_chain_of_directories_that_bites_its_tail_ends() -> None:
    data = bytearray(tiff_bytes(GREY))
    first = int.from_bytes(data[4:8], "little")
    after = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[after : after + 4] = data[4:8]
    with pytest.raises(DecodeError, match="its chain of directories does not end"):
        decode(bytes(data), name="x")


def strip_tiff(samples: bytes, *, bits: int, channels: int, photometric: int, sample_format: int = 1) -> bytes:
    """A TIFF of 8 x 8 pixels in one uncompressed strip, written by hand: tifffile refuses to write such kinds."""
    per_channel = (
        struct.pack(f"<{channels}H", *[bits] * channels),
        struct.pack(f"<{channels}H", *[sample_format] * channels),
    )
    tags = [
        (256, 3, 1, 8), (257, 3, 1, 8), (258, 3, channels, per_channel[0]), (259, 3, 1, 1), (262, 3, 1, photometric),
        (273, 4, 1, 0), (277, 3, 1, channels), (278, 3, 1, 8), (279, 4, 1, len(samples)),
        (339, 3, channels, per_channel[1]),
    ]  # fmt: skip
    behind = 8 + 2 + 12 * len(tags) + 4
    lists = b""
    entries = b""
    pixels_at = behind + sum(len(value) for *_, value in tags if isinstance(value, bytes) and len(value) > 4)
    for tag, kind, count, value in tags:
        if isinstance(value, bytes) and len(value) > 4:
            field, lists = struct.pack("<I", behind + len(lists)), lists + value
        else:
            number = pixels_at if tag == 273 else value
            field = number.ljust(4, b"\0") if isinstance(number, bytes) else struct.pack("<I", number)
        entries += struct.pack("<HHI", tag, kind, count) + field
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + lists + samples


def test_one_bit_colour_is_read() -> None:
    bits = np.random.default_rng(2).integers(0, 2, (8, 8, 3), np.uint8)
    data = strip_tiff(np.packbits(bits.reshape(8, 24), axis=1).tobytes(), bits=1, channels=3, photometric=2)
    luma = np.rint(bits @ [0.299, 0.587, 0.114])
    np.testing.assert_array_equal(decode(data, name="x").pixels, luma)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ({"bits": 16, "channels": 4, "photometric": 5}, r"16-bit inks \(CMYK\)"),
        ({"bits": 1, "channels": 4, "photometric": 5}, r"1-bit inks \(CMYK\)"),
        ({"bits": 24, "channels": 1, "photometric": 1, "sample_format": 3}, "24-bit samples"),
        ({"bits": 16, "channels": 1, "photometric": 1, "sample_format": 4}, "sample format 4"),
        ({"bits": 64, "channels": 1, "photometric": 1, "sample_format": 6}, "sample format 6"),
    ],
)
def test_a_sound_file_of_a_kind_that_is_not_read_is_never_called_corrupt(kind: dict[str, int], said: str) -> None:
    data = strip_tiff(bytes(8 * 8 * kind["bits"] * kind["channels"] // 8), **kind)
    with pytest.raises(RefusedImageError, match=rf"{said}.*not supported|not supported: .*{said}") as caught:
        decode(data, name="x")
    assert not re.search("truncated|corrupt", str(caught.value))


def test_a_truncated_tiff_of_a_known_kind_stays_corrupt() -> None:
    data = strip_tiff(bytes(64), bits=8, channels=1, photometric=1)
    with pytest.raises(DecodeError, match="truncated or corrupt"):
        decode(data[:-20], name="x")
