"""PNG, JPEG, BMP and WebP, compared with the array that was written and with Pillow."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from fabricate_pictures import marked, picture_bytes, pillow_bytes
from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.decode import decode
from hilum.radiograph import Radiograph

GREY = marked()
COLOUR = np.dstack([GREY, GREY // 2, 255 - GREY])
ALPHA = np.linspace(0, 255, GREY.size).astype(np.uint8).reshape(GREY.shape)


def luma(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).convert("L")) / 255


def steps(radiograph: Radiograph) -> list[str]:
    return [step.step for step in radiograph.trail]


def close(radiograph: Radiograph, expected: np.ndarray, *, within: float = 1e-6) -> None:
    assert radiograph.pixels.shape == expected.shape
    np.testing.assert_allclose(radiograph.pixels, expected, rtol=0, atol=within)


def test_every_grey_format_gives_the_array_back() -> None:
    for suffix in ("PNG", "BMP", "TIFF"):
        close(decode(picture_bytes(GREY, suffix), name="x"), GREY / 255)
    close(decode(picture_bytes(GREY, "WEBP", lossless=True), name="x"), GREY / 255)
    close(decode(picture_bytes(GREY, "JPEG", quality=98), name="x"), GREY / 255, within=3 / 255)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_shallow_png_is_divided_by_its_own_depth(bits: int) -> None:
    top = 2**bits - 1
    values = marked(top=top)
    image = Image.fromarray(values > 0) if bits == 1 else Image.fromarray(values)
    data = pillow_bytes(image, "PNG", **({} if bits == 1 else {"bits": bits}))
    close(decode(data, name="x"), (values > 0) / 1.0 if bits == 1 else values / top)


def test_sixteen_bit_png_keeps_every_bit() -> None:
    values = marked(top=65535)
    radiograph = decode(picture_bytes(values, "PNG"), name="x")
    close(radiograph, values / 65535, within=1e-7)
    assert radiograph.warnings == ()


def test_the_range_is_the_declared_depth_and_never_the_maximum() -> None:
    radiograph = decode(picture_bytes(marked(top=32767), "PNG"), name="x")
    assert radiograph.pixels.max() == np.float32(32767 / 65535)
    assert radiograph.warnings == ()


def test_sixteen_bit_colour_png_keeps_every_bit() -> None:
    values = marked(top=65535)
    data = bytes(imagecodecs.png_encode(np.dstack([values] * 3)))
    close(decode(data, name="x"), values / 65535, within=1e-7)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("suffix", ["PNG", "BMP", "TIFF"])
def test_a_palette_is_looked_up_even_when_it_is_inverted(suffix: str, inverted: bool) -> None:
    image = Image.fromarray(GREY, mode="L").convert("P")
    ramp = range(255, -1, -1) if inverted else range(256)
    image.putpalette([level for level in ramp for _ in range(3)])
    indices = np.asarray(image)
    expected = (255 - indices if inverted else indices) / 255
    # TIFF colour maps hold 16 bits; Pillow writes level * 256
    close(decode(pillow_bytes(image, suffix), name="x"), expected, within=1 / 255 if suffix == "TIFF" else 1e-6)


def test_colour_becomes_luminance_as_pillow_computes_it() -> None:
    for suffix, options in (("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True, "exact": True})):
        close(decode(picture_bytes(COLOUR, suffix, **options), name="x"), luma(COLOUR))


def test_grey_that_is_stored_as_colour_keeps_its_values() -> None:
    close(decode(picture_bytes(np.dstack([GREY] * 3), "PNG"), name="x"), GREY / 255)


def test_colour_jpeg_gives_the_luma_that_the_stream_holds() -> None:
    data = picture_bytes(COLOUR, "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as image:
        image.draft("L", image.size)
        expected = np.asarray(image)
    np.testing.assert_array_equal(np.rint(decode(data, name="x").pixels * 255), expected)


@pytest.mark.parametrize("suffix", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("channels", ["LA", "RGBA"])
def test_transparency_is_composited_over_black(suffix: str, channels: str) -> None:
    stack = [GREY, ALPHA] if channels == "LA" else [GREY, GREY, GREY, ALPHA]
    options = {"lossless": True, "exact": True} if suffix == "WEBP" else {}
    radiograph = decode(pillow_bytes(Image.fromarray(np.dstack(stack), mode=channels), suffix, **options), name="x")
    close(radiograph, GREY / 255 * ALPHA / 255)
    assert "composited over black" in [step.detail for step in radiograph.trail]


def test_a_transparent_colour_of_a_png_palette_turns_black() -> None:
    image = Image.fromarray(GREY).convert("P")
    expected = np.where(GREY[6, 6] == GREY, 0, GREY) / 255
    close(decode(pillow_bytes(image, "PNG", transparency=int(GREY[6, 6])), name="x"), expected)


def test_cmyk_jpeg_follows_adobes_inverted_inks() -> None:
    inks = Image.fromarray(np.dstack([255 - GREY, 255 - GREY, 255 - GREY, np.zeros_like(GREY)]), mode="CMYK")
    radiograph = decode(pillow_bytes(inks, "JPEG", quality=98), name="x")  # Pillow writes as Adobe does
    close(radiograph, GREY / 255, within=5 / 255)
    assert radiograph.trail[1].detail == "four inks (CMYK), inverted as Adobe writes them"


def test_cmyk_jpeg_without_adobes_marker_holds_plain_inks() -> None:
    inks = np.dstack([255 - GREY, 255 - GREY, 255 - GREY, np.zeros_like(GREY)])
    data = bytes(imagecodecs.jpeg8_encode(inks, level=98, colorspace="CMYK", outcolorspace="CMYK"))
    start = data.find(b"\xff\xee")
    if start >= 0:
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        data = data[:start] + data[start + 2 + length :]
    close(decode(data, name="x"), GREY / 255, within=5 / 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_undone_as_viewers_do(suffix: str, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(GREY)
    stored = image.transpose(undo[orientation]) if orientation > 1 else image  # so that upright gives GREY again
    exif = Image.Exif()
    exif[274] = orientation
    options = {"JPEG": {"quality": 98}, "WEBP": {"lossless": True}}.get(suffix, {})
    radiograph = decode(pillow_bytes(stored, suffix, exif=exif, **options), name="x")
    close(radiograph, GREY / 255, within=3 / 255)
    assert ("orientation" in steps(radiograph)) == (orientation > 1)


def raw_profile(block: bytes, *, packed: bool) -> bytes:
    """A PNG whose EXIF block stands in a text chunk, as ImageMagick writes it."""
    digits = block.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", "\n".join(["", "exif", f"{len(block):8}", *lines, ""]), zip=packed)
    return picture_bytes(GREY, "PNG", pnginfo=info)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_in_a_text_chunk_of_png_is_read_as_pillow_reads_it(orientation: int, packed: bool) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = raw_profile(exif.tobytes(), packed=packed)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_allclose(decode(data, name="x").pixels, np.asarray(upright) / 255, atol=1e-6)


@pytest.mark.parametrize("text", ["", "exif", "\nexif\n 4\nzz", "\nexif\n 4\n12345"])
def test_a_broken_text_chunk_does_not_matter(text: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", text, zip=True)
    np.testing.assert_allclose(decode(picture_bytes(GREY, "PNG", pnginfo=info), name="x").pixels, GREY / 255, atol=1e-6)


def test_broken_exif_does_not_matter() -> None:
    data = picture_bytes(GREY, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert decode(data, name="x").pixels.shape == GREY.shape


def test_twelve_bit_jpeg_is_divided_by_4095() -> None:
    values = marked(top=4095)
    data = bytes(imagecodecs.jpeg8_encode(values, level=99, bitspersample=12))
    close(decode(data, name="x"), values / 4095, within=6 / 4095)


@pytest.mark.parametrize("suffix", ["PNG", "WEBP"])
def test_a_frame_that_stores_only_what_changes_is_shown_whole(suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 72), np.uint8)
    frames = [noise.copy() for _ in range(3)]
    for number, frame in enumerate(frames):
        frame[10 * number : 10 * number + 5, 20:30] = 0
    images = [Image.fromarray(np.dstack([frame] * 3)) for frame in frames]
    data = pillow_bytes(images[0], suffix, save_all=True, append_images=images[1:], lossless=True)
    for number, frame in enumerate(frames, start=1):
        close(decode(data, name="moving", frame=number), frame / 255)


@pytest.mark.parametrize("suffix", ["PNG", "WEBP"])
def test_an_animation_needs_a_named_frame(suffix: str) -> None:
    frames = [Image.fromarray(np.dstack([(GREY // (i + 1))] * 3)) for i in range(3)]
    data = pillow_bytes(frames[0], suffix, save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(RefusedImageError) as caught:
        decode(data, name="moving")
    assert str(caught.value) == "moving: the file holds 3 frames. Say which one to read with --frame 1 to 3"
    for number in (1, 2, 3):
        radiograph = decode(data, name="moving", frame=number)
        close(radiograph, GREY // number / 255)
        assert radiograph.source.frame == number
    with pytest.raises(RefusedImageError, match="no frame 4: the file holds 3 frames, counted from 1"):
        decode(data, name="moving", frame=4)


def test_a_still_picture_has_one_frame() -> None:
    for suffix in ("PNG", "JPEG", "BMP", "WEBP"):
        data = picture_bytes(GREY, suffix)
        assert decode(data, name="x", frame=1).source.frame == 1
        with pytest.raises(RefusedImageError, match="no frame 2: the file holds 1 frame, counted from 1"):
            decode(data, name="x", frame=2)


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_truncated_pictures_are_refused(suffix: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    data = picture_bytes(noise, suffix)
    with pytest.raises(DecodeError, match=r"^cut: .*(truncated|corrupt)"):
        decode(data[: int(len(data) * share)], name="cut")


def test_jpeg_ls_outside_dicom_is_named() -> None:
    with pytest.raises(DecodeError, match="JPEG-LS stream outside DICOM"):
        decode(bytes(imagecodecs.jpegls_encode(GREY)), name="x")


def test_a_bmp_of_an_unknown_kind_is_not_called_corrupt() -> None:
    data = bytearray(picture_bytes(GREY, "BMP"))
    data[30] = 11  # an unknown compression
    with pytest.raises(RefusedImageError, match="this kind of BMP is not supported"):
        decode(bytes(data), name="x")
