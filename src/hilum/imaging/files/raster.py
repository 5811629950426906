"""JPEG, BMP and WebP to grey."""

from __future__ import annotations

import io

import numpy as np
from PIL import BmpImagePlugin, Image, WebPImagePlugin

from hilum.errors import DecodeError, LimitError, RefusedImageError
from hilum.imaging.files.jpeg_header import read_jpeg_header
from hilum.imaging.files.jpeg_stream import decode_jpeg_stream, jpeg_warnings
from hilum.imaging.files.tiff_tags import exif_orientation
from hilum.imaging.pixels.frames import choose_frame
from hilum.imaging.pixels.grey import DecodedPicture, Picture, Samples, to_grey
from hilum.imaging.pixels.limits import Limits, check_pixels
from hilum.radiograph import TrailStep

_PILLOW_MODES = {
    "1": "L", "L": "L", "LA": "RGBA", "P": "RGB", "PA": "RGBA", "RGB": "RGB", "RGBA": "RGBA", "RGBX": "RGB",
}  # fmt: skip
"""How each pixel mode of Pillow is read: as grey, colour, or colour with transparency."""


def decode_jpeg(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A JPEG picture as grey: the luma that the stream itself holds, 8 or 12 bits, inks converted."""
    choose_frame(frame, count=1)
    header = read_jpeg_header(data, limits=limits)
    if header.jpeg_ls:
        raise DecodeError("this is a JPEG-LS stream outside DICOM, which is not supported. Save it as JPEG or PNG")
    if header.components not in (1, 3, 4):
        raise DecodeError(f"the JPEG stream has {header.components} channels; hilum reads 1, 3 or 4")
    inks = header.components == 4
    samples: Samples = decode_jpeg_stream(data, header=header, out_colour="CMYK" if inks else "GRAYSCALE")
    picture = Picture(
        samples,
        bits=header.precision,
        colour="cmyk" if inks else "grey",
        ink_is_inverted=header.adobe_transform is not None,
    )
    kind = {1: "grey", 3: "luma of a colour picture", 4: "four inks"}[header.components]
    pixels, steps = to_grey(picture)
    step = TrailStep("decode", f"JPEG, {header.precision} bit, {kind}")
    orientation = exif_orientation(header.exif)
    return DecodedPicture.tagged(pixels, (step, *steps), jpeg_warnings(header), orientation=orientation)


def decode_bmp(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A BMP picture as grey."""
    choose_frame(frame, count=1)
    try:
        image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    except OSError as error:
        if not str(error).startswith("Unsupported"):
            raise
        raise RefusedImageError(f"this kind of BMP is not supported ({error}). Save it as PNG") from error
    with image:
        check_pixels(image.height, image.width, limits=limits)
        return from_pillow(image, what="BMP")


def decode_webp(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A WebP picture as grey; an animated one needs a named frame."""
    check_pixels(*_webp_canvas(data), limits=limits)
    try:
        image = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    except Image.DecompressionBombError as error:  # reached only where `limits` allow more than Pillow does
        raise LimitError(f"the WebP picture is too large for Pillow ({error})") from None
    with image:
        chosen = choose_frame(frame, count=image.n_frames)
        image.seek(chosen - 1)
        frames = f", frame {chosen} of {image.n_frames}" if image.n_frames > 1 else ""
        orientation = exif_orientation(_without_exif_prefix(image.info.get("exif")))
        return from_pillow(image, what="WebP" + frames, orientation=orientation)


def _webp_canvas(data: bytes) -> tuple[int, int]:
    """Rows and columns as the first chunk names them (RFC 9649, sections 2.5 to 2.7), since opening allocates them."""
    head = data[:30].ljust(30, b"\0")
    kind = head[12:16]
    if kind == b"VP8X":
        columns, rows = int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    elif kind == b"VP8L":
        packed = int.from_bytes(head[21:25], "little")
        columns, rows = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        columns, rows = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    else:
        raise DecodeError("the WebP file is truncated or corrupt: it does not begin with a picture")
    return rows, columns


def from_pillow(image: Image.Image, *, what: str, orientation: int = 1) -> DecodedPicture:
    """A picture of 8 bits a channel that Pillow has opened; palette and transparent colour are looked up."""
    if image.mode not in _PILLOW_MODES:
        raise RefusedImageError(f"{what} with Pillow's pixel mode {image.mode} is not supported. Save it as 8-bit grey")
    wanted = "RGBA" if image.mode == "P" and "transparency" in image.info else _PILLOW_MODES[image.mode]
    samples: Samples = np.asarray(image if wanted == image.mode else image.convert(wanted))
    picture = Picture(
        samples,
        bits=8,
        colour="grey" if wanted == "L" else "rgb",
        alpha="straight" if wanted == "RGBA" else "none",
    )
    step = TrailStep("decode", f"{what}, 8 bit" + (", palette looked up" if image.mode == "P" else ""))
    pixels, steps = to_grey(picture)
    return DecodedPicture.tagged(pixels, (step, *steps), orientation=orientation)


def _without_exif_prefix(exif: bytes | None) -> bytes | None:
    return exif.removeprefix(b"Exif\0\0") if exif else None
