"""TIFF: any depth, byte order and compression, several pages, floats with a declared range."""

from __future__ import annotations

import re
from collections.abc import Sequence

import imagecodecs
import numpy as np

from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.files.tiff_tags import ORIENTATION, Directory, orientation_of, read_directories
from hilum.imaging.pixels.frames import choose_frame
from hilum.imaging.pixels.grey import DecodedPicture, Picture, Samples, to_grey
from hilum.imaging.pixels.limits import Limits, check_pixels
from hilum.radiograph import Pixels, TrailStep

_SUBFILE, _COLUMNS, _ROWS, _BITS, _COMPRESSION, _PHOTOMETRIC, _CHANNELS, _PLANAR = (
    254,
    256,
    257,
    258,
    259,
    262,
    277,
    284,
)
_TILE_COLUMNS, _TILE_ROWS = 322, 323
_COLOUR_MAP, _EXTRA, _SAMPLE_FORMAT, _LOWEST, _HIGHEST = 320, 338, 339, 340, 341
_WANTED = frozenset(
    {
        _SUBFILE, _COLUMNS, _ROWS, _BITS, _COMPRESSION, _PHOTOMETRIC, ORIENTATION, _CHANNELS, _PLANAR, _COLOUR_MAP,
        _TILE_COLUMNS, _TILE_ROWS, _EXTRA, _SAMPLE_FORMAT, _LOWEST, _HIGHEST,
    }
)  # fmt: skip

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INKS, _YCBCR = 0, 1, 2, 3, 5, 6
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_JPEG = 7

_NOT_SUPPORTED = re.compile(r"can ?not handle|not supported|not implemented|not configured", re.IGNORECASE)
"""What libtiff and imagecodecs say of kinds that they do not decode."""

_MAX_CHANNELS = 6
_SPARE = 1024
"""A tile may be so much larger than twice the picture: writers use a fixed tile for small pictures."""


def decode_tiff(data: bytes, *, frame: int | None, limits: Limits) -> DecodedPicture:
    """One page of a TIFF file as grey.

    Reduced copies and masks (NewSubfileType) are no frames. Floats and signed integers need a declared range: the tags
    SMinSampleValue and SMaxSampleValue, or floats all within [0, 1]; else `RefusedImageError`.
    """
    directories = read_directories(data, wanted=_WANTED)
    pages = [index for index, one in enumerate(directories) if not int(one.first(_SUBFILE, 0)) & 0b101]
    pages = pages or [0]
    chosen = choose_frame(frame, count=len(pages))
    directory = directories[pages[chosen - 1]]
    rows, columns = _check_size(directory, limits=limits)
    bits, sample_format, photometric = _check_kind(directory)
    samples = _decoded(
        data, page=pages[chosen - 1], kind=f"{bits}-bit {'inks (CMYK)' if photometric == _INKS else 'samples'}"
    )
    samples = _channels_last(samples, rows=rows, columns=columns, directory=directory)
    step = TrailStep("decode", f"TIFF, {bits} bit" + (f", page {chosen} of {len(pages)}" if len(pages) > 1 else ""))
    if sample_format == _UNSIGNED:
        picture = _picture(samples, bits=bits, photometric=photometric, directory=directory)
        pixels, steps = to_grey(picture)
        return DecodedPicture.tagged(pixels, (step, *steps), orientation=orientation_of(directory))
    pixels, range_step = _from_declared_range(samples, directory=directory, is_float=sample_format == _FLOAT)
    steps = (step, range_step)
    if photometric == _WHITE_IS_ZERO:
        pixels = np.float32(1) - pixels
        steps = (*steps, TrailStep("invert", "zero is white in this file: inverted once"))
    return DecodedPicture.tagged(pixels, steps, orientation=orientation_of(directory))


def _decoded(data: bytes, *, page: int, kind: str) -> Samples:
    """The samples of one directory; a sound file of a kind that the codec does not know is no corrupt one."""
    try:
        return np.asarray(imagecodecs.tiff_decode(data, index=page))
    except (imagecodecs.TiffError, ValueError) as error:
        if not _NOT_SUPPORTED.search(str(error)):
            raise
        raise RefusedImageError(
            f"this kind of TIFF is not supported: {kind} ({error}). Save it as grey of 8 or 16 bits"
        ) from error


def _check_size(directory: Directory, *, limits: Limits) -> tuple[int, int]:
    """Rows and columns, within the limits; so must one tile be, which may be larger than the picture."""
    rows, columns = int(directory.first(_ROWS, 0)), int(directory.first(_COLUMNS, 0))
    if rows < 1 or columns < 1:
        raise DecodeError(f"the TIFF header names {rows} x {columns} pixels: there is no picture in it")
    check_pixels(rows, columns, limits=limits)
    tile_rows, tile_columns = int(directory.first(_TILE_ROWS, 0)), int(directory.first(_TILE_COLUMNS, 0))
    if tile_rows > 2 * rows + _SPARE or tile_columns > 2 * columns + _SPARE:
        raise RefusedImageError(f"the TIFF names tiles of {tile_rows} x {tile_columns} for {rows} x {columns} pixels")
    channels = int(directory.first(_CHANNELS, 1))
    if channels > _MAX_CHANNELS:
        raise RefusedImageError(
            f"the TIFF holds {channels} channels; hilum reads grey, colour or inks, and transparency"
        )
    return rows, columns


def _check_kind(directory: Directory) -> tuple[int, int, int]:
    """Bits, sample format and photometric interpretation, where this module knows what they mean."""
    bits = {int(value) for value in directory.get(_BITS) or (1,)}
    sample_format = int(directory.first(_SAMPLE_FORMAT, _UNSIGNED))
    photometric = int(directory.first(_PHOTOMETRIC, -1))
    if len(bits) != 1:
        raise RefusedImageError(f"a TIFF whose channels have different depths ({sorted(bits)} bits) is not supported")
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INKS, _YCBCR):
        raise RefusedImageError(f"TIFF photometric interpretation {photometric} says nothing about grey")
    if photometric == _YCBCR and int(directory.first(_COMPRESSION, 1)) != _JPEG:
        raise RefusedImageError("a YCbCr TIFF is read only where it is JPEG-compressed. Save it as grey or RGB")
    if sample_format not in (_UNSIGNED, _SIGNED, _FLOAT):
        raise RefusedImageError(
            f"TIFF sample format {sample_format}, neither integer nor float, is not supported. Save unsigned integers"
        )
    if sample_format != _UNSIGNED and photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO):
        raise RefusedImageError("a signed or float TIFF is read only as grey")
    return bits.pop(), sample_format, photometric


def _channels_last(samples: Samples, *, rows: int, columns: int, directory: Directory) -> Samples:
    if samples.ndim == 3 and samples.shape[1:] == (rows, columns) and int(directory.first(_PLANAR, 1)) == 2:
        samples = np.moveaxis(samples, 0, -1)
    if samples.shape[:2] != (rows, columns) or samples.ndim not in (2, 3):
        raise DecodeError(f"the TIFF header names {rows} x {columns} pixels, but its data decode to {samples.shape}")
    return samples[..., 0] if samples.ndim == 3 and samples.shape[2] == 1 else samples


def _picture(samples: Samples, *, bits: int, photometric: int, directory: Directory) -> Picture:
    """Unsigned samples with their meaning; a palette is looked up here."""
    if samples.dtype == np.bool_:
        samples = samples.astype(np.uint8)
    if photometric == _PALETTE:
        return Picture(_look_up(samples, directory=directory), 16, "rgb")
    if photometric == _INKS:  # the codec gives inks as RGB of 8 bits
        return Picture(samples[..., :3], 8, "rgb")
    channels = 3 if photometric in (_RGB, _YCBCR) else 1
    have = samples.shape[2] if samples.ndim == 3 else 1
    if have < channels:
        raise DecodeError(f"the TIFF header promises {channels} colour channels, but its data hold {have}")
    white_is_zero = photometric == _WHITE_IS_ZERO
    extra = int(directory.first(_EXTRA, 0))
    if have > channels and extra in (1, 2):
        return Picture(
            samples[..., : channels + 1], bits, "rgb" if channels == 3 else "grey",
            alpha="premultiplied" if extra == 1 else "straight", white_is_zero=white_is_zero,
        )  # fmt: skip
    if channels == 1:
        grey = samples[..., 0] if samples.ndim == 3 else samples
        return Picture(grey, bits, "grey", white_is_zero=white_is_zero)
    return Picture(samples[..., :3], bits, "rgb")


def _look_up(samples: Samples, *, directory: Directory) -> Samples:
    """Palette indices (H, W) to 16-bit RGB (H, W, 3)."""
    colour_map: Sequence[float] = directory.get(_COLOUR_MAP)
    if not colour_map or len(colour_map) % 3 or samples.ndim != 2:
        raise DecodeError("this palette TIFF has no usable colour map")
    if 0 < max(colour_map) < 256:
        raise RefusedImageError(
            "the colour map of this TIFF uses 8 of the 16 bits that the format declares. Save the picture as grey"
        )
    table = np.asarray(colour_map, np.uint16).reshape(3, -1).T
    if int(samples.max()) >= len(table):
        raise DecodeError("this palette TIFF names colours that its colour map does not hold")
    return table[samples]


def _from_declared_range(samples: Samples, *, directory: Directory, is_float: bool) -> tuple[Pixels, TrailStep]:
    if samples.ndim != 2:
        raise RefusedImageError("a signed or float TIFF is read only with one channel")
    if is_float and not np.isfinite(samples).all():
        raise DecodeError(
            "the float TIFF holds NaN or infinite pixels. Replace them with numbers within a declared range"
        )
    lowest_declared, highest_declared = directory.get(_LOWEST, most=1), directory.get(_HIGHEST, most=1)
    if lowest_declared and highest_declared:
        low, high = float(lowest_declared[0]), float(highest_declared[0])
        origin = "declared by SMinSampleValue and SMaxSampleValue"
    elif is_float:
        low, high, origin = 0.0, 1.0, "floats within [0, 1]"
    else:
        raise RefusedImageError(
            "the signed TIFF declares no range. Add SMinSampleValue and SMaxSampleValue, or save unsigned integers"
        )
    lowest, highest = float(samples.min()), float(samples.max())
    if not (low < high and low <= lowest and highest <= high):
        raise RefusedImageError(
            f"the pixels of this TIFF span {lowest:g} to {highest:g}, but the range is {low:g} to {high:g} "
            f"({origin}). Scale floats to [0, 1], declare the range, or save unsigned integers"
        )
    grey = ((samples.astype(np.float64) - low) / (high - low)).astype(np.float32)
    return grey, TrailStep("range", f"{low:g} to {high:g}, {origin}")
