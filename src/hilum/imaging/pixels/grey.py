"""From the samples of a picture file to grey in [0, 1]: ink, luminance, range, transparency, polarity.

The range is what the format declares, 0 to 2**bits - 1; `grey_range` looks afterwards whether that fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.radiograph import Pixels, TrailStep

Samples = npt.NDArray[Any]
"""Unsigned integers, (H, W) for grey or (H, W, C) with the colour model's channels first and then alpha."""

_RED, _GREEN, _BLUE, _HALF = 19595, 38470, 7471, 32768
"""ITU-R BT.601 luma in 1/65536; the weights sum to 65536, so equal channels keep their value exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The samples of one frame as the file stores them, and what they mean.

    `bits` is the declared depth: samples lie in 0 .. 2**bits - 1. `alpha` is the last channel where it is not `none`;
    `premultiplied` samples are already composited over black.
    """

    samples: Samples
    bits: int
    colour: Literal["grey", "rgb", "cmyk"]
    alpha: Literal["none", "straight", "premultiplied"] = "none"
    white_is_zero: bool = False
    ink_is_inverted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPicture:
    """Grey float32 (H, W) in [0, 1] as the file stores it, with what was done and what the reader should know.

    `orientation` is the EXIF/TIFF number 1 to 8 that turns it upright, `oriented_by` names what says so, if anything
    does. `aspect` is the distance between rows divided by the distance between columns.
    """

    pixels: Pixels
    trail: tuple[TrailStep, ...]
    warnings: tuple[str, ...] = ()
    orientation: int = 1
    oriented_by: str = ""
    aspect: float = 1.0

    @staticmethod
    def tagged(
        pixels: Pixels, trail: tuple[TrailStep, ...], warnings: tuple[str, ...] = (), *, orientation: int
    ) -> DecodedPicture:
        """A picture whose EXIF or TIFF tag says how it is stored."""
        said = "" if orientation == 1 else f"EXIF/TIFF orientation {orientation}"
        return DecodedPicture(pixels, trail, warnings, orientation=orientation, oriented_by=said)


def to_grey(picture: Picture) -> tuple[Pixels, tuple[TrailStep, ...]]:
    """Float32 (H, W) in [0, 1] with bright for large samples, as stored, and the steps that were taken."""
    steps: list[TrailStep] = []
    colour, alpha = _split_alpha(picture)
    if picture.colour == "cmyk":
        colour = _ink_to_rgb(colour, bits=picture.bits, inverted=picture.ink_is_inverted)
        detail = "four inks (CMYK), " + ("inverted as Adobe writes them" if picture.ink_is_inverted else "as stored")
        steps.append(TrailStep("ink", detail))
    if picture.colour != "grey":
        colour = luminance(colour)
        steps.append(TrailStep("luminance", "0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)"))
    grey = to_unit(colour, bits=picture.bits)
    steps.append(TrailStep("range", f"declared {picture.bits}-bit range, divided by {2**picture.bits - 1}"))
    if picture.white_is_zero:
        np.subtract(np.float32(1), grey, out=grey)
        steps.append(TrailStep("invert", "zero is white in this file: inverted once"))
    if alpha is not None:
        steps.append(TrailStep("alpha", "composited over black"))
        if picture.alpha == "straight":
            grey *= to_unit(alpha, bits=picture.bits)
    return grey, tuple(steps)


def to_unit(samples: Samples, *, bits: int) -> Pixels:
    """Unsigned integers of `bits` bits to float32 in [0, 1], by division with 2**bits - 1."""
    if bits > 24:  # a float32 holds 24 bits; round once, at the end
        return np.asarray(samples / np.float64(2**bits - 1), np.float32)
    return np.asarray(np.divide(samples, np.float32(2**bits - 1), dtype=np.float32))


def luminance(rgb: Samples) -> Samples:
    """Unsigned (H, W, 3) of at most 16 bits to (H, W) of the same type; where R = G = B the value is kept exactly."""
    if rgb.dtype == np.uint8:  # Pillow has the same weights, and is faster
        return np.asarray(Image.fromarray(np.ascontiguousarray(rgb)).convert("L"))
    red, green, blue = (rgb[..., channel].astype(np.uint32) for channel in range(3))
    red *= _RED
    green *= _GREEN
    blue *= _BLUE
    red += green
    red += blue
    red += _HALF
    red >>= 16
    return red.astype(rgb.dtype)


def _split_alpha(picture: Picture) -> tuple[Samples, Samples | None]:
    if picture.alpha == "none":
        return picture.samples, None
    colour = picture.samples[..., :-1]
    return (colour[..., 0] if picture.colour == "grey" else colour), picture.samples[..., -1]


def _ink_to_rgb(ink: Samples, *, bits: int, inverted: bool) -> Samples:
    """(H, W, 4) of ink to (H, W, 3) of light: R = (1 - C)(1 - K), and so on; rounded to the same depth."""
    top = np.uint64(2**bits - 1)
    light = ink.astype(np.uint64) if inverted else top - ink.astype(np.uint64)
    rgb = (light[..., :3] * light[..., 3:] + top // np.uint64(2)) // top
    return rgb.astype(ink.dtype)
