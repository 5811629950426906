"""A JPEG stream to samples, with libjpeg's patience for stray bytes and a missing end, and none for missing pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import imagecodecs
import numpy as np
import numpy.typing as npt

from hilum.errors import DecodeError
from hilum.imaging.files.jpeg_header import JpegHeader

Colour = Literal["GRAYSCALE", "RGB", "YCBCR", "CMYK"]

_END = b"\xff\xd9"
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_OTHER_BITS = (b"\0", b"\xaa", b"\xff\0")
"""Entropy-coded bits that begin differently."""
_FILL = bytes.fromhex("5d93b72ed96b4ea7")
"""Bits unlike the zeros that libjpeg takes where data are missing, and no one code over and over."""


def decode_jpeg_stream(
    data: bytes, *, header: JpegHeader, colour: Colour | None = None, out_colour: Colour | None = None
) -> npt.NDArray[Any]:
    """The samples of the one frame, uint8 or uint16, (H, W) or (H, W, C).

    `colour` is what the channels are, `out_colour` what they become; None leaves it to the stream. A stream whose last
    pixels are missing is refused (`DecodeError`), with and without an end-of-image marker behind what is there.
    """
    if header.ended:
        samples = _decoded(data, colour, out_colour)
        if _ends_flat(samples) and not header.lossless and not header.jpeg_ls:
            kept = data[: data.rfind(_END)]
            if not np.array_equal(samples, _decoded(kept + _FILL * 16 + _END, colour, out_colour)):
                raise DecodeError("the JPEG stream is truncated: pixels before its end-of-image marker are missing")
        return samples
    kept = _without_padding(data)
    first, *others = (_decoded(kept + more + _END, colour, out_colour) for more in _continuations(kept))
    if not all(np.array_equal(first, other) for other in others):
        raise DecodeError("the JPEG stream is truncated: pixels and its end-of-image marker are missing")
    return first


def _ends_flat(samples: npt.NDArray[Any]) -> bool:
    """Whether the last block is one colour, as libjpeg leaves each block that has no data: only then more is asked."""
    block = samples[-1 - (samples.shape[0] - 1) % 8 :, -1 - (samples.shape[1] - 1) % 8 :]
    return bool((block == block[0, 0]).all())


def _continuations(data: bytes) -> Iterator[bytes]:
    """Data that could go on behind `data`: whatever reads on behind the last byte sees other pixels in each.

    Bits fill an interval that was begun; the restart markers that come next make the decoder begin one.
    """
    found = _RESTART.findall(data)
    following = (found[-1][0] + 1) % 8 if found else 0
    marks = [bytes([0xFF, 0xD0 + (following + number) % 8]) for number in range(8)]
    for bits in _OTHER_BITS:
        yield b"".join(bits * 64 + mark for mark in marks)


def _without_padding(data: bytes) -> bytes:
    """The data without the zeros that pad a DICOM stream or fill a file, which could pass for bits that are missing.

    A zero behind 0xFF belongs to it; a 0xFF alone is half of the end marker.
    """
    kept = data.rstrip(b"\0")
    stuffed = kept.endswith(b"\xff") and len(kept) < len(data)
    return kept + b"\0" if stuffed else kept.rstrip(b"\xff")


def jpeg_warnings(header: JpegHeader) -> tuple[str, ...]:
    """What the reader should know of a stream that is not written by the letter."""
    stray = f"{header.stray_bytes:,} stray bytes stand between the markers of the JPEG stream and are skipped"
    end = "the JPEG stream lacks its end-of-image marker; all its pixels are there"
    return (*((stray,) if header.stray_bytes else ()), *(() if header.ended else (end,)))


def _decoded(data: bytes, colour: Colour | None, out_colour: Colour | None) -> npt.NDArray[Any]:
    return np.asarray(imagecodecs.jpeg8_decode(data, colorspace=colour, outcolorspace=out_colour))
