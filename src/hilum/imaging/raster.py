"""JPEG, BMP and WebP to grey."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
from PIL import BmpImagePlugin, Image, WebPImagePlugin

from hilum.errors import DecodeError
from hilum.imaging.frames import choose_frame
from hilum.imaging.grey import DecodedPicture, Picture, Samples, to_grey
from hilum.imaging.jpeg_header import read_jpeg_header
from hilum.imaging.limits import Limits, check_pixels
from hilum.imaging.tiff_tags import exif_orientation
from hilum.radiograph import TrailStep


def decode_jpeg(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A JPEG picture as grey: the luma that the stream itself holds, 8 or 12 bits, inks converted, turned upright."""
    choose_frame(frame, count=1)
    header = read_jpeg_header(data, limits=limits)
    if header.jpeg_ls:
        raise DecodeError("this is a JPEG-LS stream outside DICOM; expected JPEG")
    if header.components not in (1, 3, 4):
        raise DecodeError(f"the JPEG stream has {header.components} channels; expected 1, 3 or 4")
    inks = header.components == 4
    samples: Samples = imagecodecs.jpeg8_decode(data, outcolorspace="CMYK" if inks else "GRAYSCALE")
    picture = Picture(
        samples,
        bits=header.precision,
        colour="cmyk" if inks else "grey",
        ink_is_inverted=header.adobe_transform is not None,
        orientation=exif_orientation(header.exif),
    )
    kind = {1: "grey", 3: "luma of a colour picture", 4: "four inks"}[header.components]
    pixels, steps = to_grey(picture)
    return DecodedPicture(pixels, (TrailStep("decode", f"JPEG, {header.precision} bit, {kind}"), *steps))


def decode_bmp(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A BMP picture as grey."""
    choose_frame(frame, count=1)
    with BmpImagePlugin.BmpImageFile(io.BytesIO(data)) as image:
        check_pixels(image.height, image.width, limits=limits)
        return _from_pillow(image, what="BMP")


def decode_webp(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """A WebP picture as grey; an animated one needs a named frame."""
    with WebPImagePlugin.WebPImageFile(io.BytesIO(data)) as image:
        check_pixels(image.height, image.width, limits=limits)
        chosen = choose_frame(frame, count=image.n_frames)
        image.seek(chosen - 1)
        frames = f", frame {chosen} of {image.n_frames}" if image.n_frames > 1 else ""
        orientation = exif_orientation(_without_exif_prefix(image.info.get("exif")))
        return _from_pillow(image, what="WebP" + frames, orientation=orientation)


def _from_pillow(image: Image.Image, *, what: str, orientation: int = 1) -> DecodedPicture:
    """8-bit pictures that Pillow decodes: 1 bit, grey, palette, RGB, RGBA."""
    steps = [TrailStep("decode", f"{what}, 8 bit" + (", palette looked up" if image.mode == "P" else ""))]
    wanted = {"1": "L", "P": "RGB", "RGBX": "RGB"}.get(image.mode, image.mode)
    samples: Samples = np.asarray(image if wanted == image.mode else image.convert(wanted))
    picture = Picture(
        samples,
        bits=8,
        colour="grey" if samples.ndim == 2 else "rgb",
        alpha="straight" if wanted == "RGBA" else "none",
        orientation=orientation,
    )
    pixels, more = to_grey(picture)
    return DecodedPicture(pixels, (*steps, *more))


def _without_exif_prefix(exif: bytes | None) -> bytes | None:
    return exif.removeprefix(b"Exif\0\0") if exif else None
