"""How a DICOM file says that its pixels are stored (PS3.3 C.7.6.3, the image pixel module)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from hilum.errors import DecodeError
from hilum.imaging.dicom.values import integer, numbers, raw_element, text
from hilum.imaging.pixels.limits import Limits, check_pixels

Words = npt.NDArray[Any]
"""Stored words: uint8, uint16 or uint32, (H, W) or (H, W, samples); bits above Bits Stored may hold anything."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """The attributes of the image pixel module, checked against each other, and what the reader should know of them."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: bool
    photometric: str
    frames: int
    warnings: tuple[str, ...] = ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """The unsigned little-endian integer that holds one allocated word (a byte for one-bit pixels)."""
        return np.dtype(f"<u{max(1, self.bits_allocated // 8)}")

    @property
    def stored_range(self) -> tuple[int, int]:
        """The lowest and the highest value that Bits Stored can hold."""
        half = 2 ** (self.bits_stored - 1)
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)


def read_pixel_format(elements: Dataset, *, limits: Limits) -> PixelFormat:
    """Read and check the image pixel module.

    Raises `DecodeError` where pixels are absent or an attribute is absent or impossible, `LimitError` where the frame
    holds too many pixels.
    """
    if raw_element(elements, "PixelData") is None:
        raise _without_pixels(elements)
    rows, columns = integer(elements, "Rows"), integer(elements, "Columns")
    if rows < 1 or columns < 1:
        raise DecodeError(f"the DICOM file names {rows} x {columns} pixels: there is no picture in it")
    check_pixels(rows, columns, limits=limits)
    allocated = integer(elements, "BitsAllocated")
    stored = integer(elements, "BitsStored", default=integer(elements, "HighBit", default=allocated - 1) + 1)
    frames, warnings = _frames(elements)
    form = PixelFormat(
        rows=rows,
        columns=columns,
        samples=integer(elements, "SamplesPerPixel", default=1),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=integer(elements, "HighBit", default=stored - 1),
        signed=integer(elements, "PixelRepresentation", default=0) == 1,
        planar=integer(elements, "PlanarConfiguration", default=0) == 1,
        photometric=(text(elements, "PhotometricInterpretation") or "").upper(),
        frames=frames,
        warnings=warnings,
    )
    if allocated not in (1, 8, 16, 32) or not 1 <= stored <= allocated or not stored - 1 <= form.high_bit < allocated:
        raise DecodeError(
            f"Bits Allocated {allocated}, Bits Stored {stored} and High Bit {form.high_bit} do not go together"
        )
    if form.samples not in (1, 3) or form.frames < 1:
        raise DecodeError(
            f"the DICOM file names {form.samples} samples a pixel and {form.frames} frames; hilum reads 1 or 3 "
            "samples and needs at least 1 frame"
        )
    return form


def _frames(elements: Dataset) -> tuple[int, tuple[str, ...]]:
    """Number of Frames; 0, which the standard does not allow, is one frame, as pydicom and dcmtk read it."""
    count = int((numbers(elements, "NumberOfFrames") or (1,))[0])
    return (1, ("Number of Frames is 0: the file is read as one frame",)) if count == 0 else (count, ())


def _without_pixels(elements: Dataset) -> DecodeError:
    for keyword in ("FloatPixelData", "DoubleFloatPixelData"):
        if raw_element(elements, keyword) is not None:
            return DecodeError("the DICOM file holds a parametric map of floats, which is not a radiograph")
    if raw_element(elements, "Rows") is not None:
        return DecodeError("the DICOM file names rows and columns but holds no pixels: truncated, or they were removed")
    return DecodeError("the DICOM file holds no pixels: it may be a report, a document or a directory")
