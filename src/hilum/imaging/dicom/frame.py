"""One frame of a DICOM file as the words that are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydicom.encaps import get_frame

from hilum.errors import DecodeError
from hilum.imaging.dicom.codecs import COMPRESSED_SYNTAXES, decode_stream
from hilum.imaging.dicom.file import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, DicomFile
from hilum.imaging.dicom.pixel_format import PixelFormat, Words
from hilum.imaging.dicom.pydicom_warnings import without_pydicom_warnings
from hilum.imaging.dicom.values import RawElement, raw_element
from hilum.imaging.pixels.frames import choose_frame
from hilum.imaging.pixels.limits import Limits

_NATIVE_SYNTAXES = {
    IMPLICIT_LITTLE: "implicit little endian",
    EXPLICIT_LITTLE: "explicit little endian",
    DEFLATED: "deflated",
    EXPLICIT_BIG: "explicit big endian",
}


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrame:
    """The words of one frame, its number counted from 1, and how it was stored.

    `are_values` and `is_luma` are as in `codecs.DecodedStream`.
    """

    words: Words
    frame: int
    how: str
    are_values: bool = False
    is_luma: bool = False
    warnings: tuple[str, ...] = ()


def read_frame(file: DicomFile, form: PixelFormat, *, frame: int | None, limits: Limits) -> StoredFrame:
    """The stored words of the frame that is named, or of the only one.

    Raises `RefusedImageError` where a frame must be named, `DecodeError` where pixels are missing, truncated, corrupt
    or in a transfer syntax that is not supported.
    """
    chosen = choose_frame(frame, count=form.frames)
    element = raw_element(file.elements, "PixelData")
    if element is None:
        raise DecodeError("the DICOM file holds no pixels")
    if element.length is not None and len(element.data) < element.length:
        raise _truncated(len(element.data), element.length)
    encapsulated = element.length is None
    if not _is_compressed(file.transfer_syntax, encapsulated=encapsulated):
        return _native(element, form, syntax=file.transfer_syntax, frame=chosen)
    how = COMPRESSED_SYNTAXES.get(file.transfer_syntax or "", "compressed, transfer syntax not named")
    with without_pydicom_warnings():
        stream = get_frame(element.data, chosen - 1, number_of_frames=form.frames)
    decoded = decode_stream(stream, form, syntax=file.transfer_syntax, limits=limits)
    return StoredFrame(decoded.words, chosen, how, decoded.are_values, decoded.is_luma, decoded.warnings)


def _is_compressed(syntax: str | None, *, encapsulated: bool) -> bool:
    """Whether pixels are compressed; what the transfer syntax says and how they are stored must agree."""
    if syntax is None:
        return encapsulated
    compressed = syntax in COMPRESSED_SYNTAXES
    if not compressed and syntax not in _NATIVE_SYNTAXES:
        raise DecodeError(
            f"transfer syntax {syntax} is unknown or not supported. Convert the file to an uncompressed one"
        )
    if compressed and not encapsulated:
        raise DecodeError(f"the transfer syntax is {COMPRESSED_SYNTAXES[syntax]}, but the pixels are not encapsulated")
    if encapsulated and not compressed:
        raise DecodeError(f"the pixels are encapsulated, but the transfer syntax is {_NATIVE_SYNTAXES[syntax]}")
    return compressed


def _native(element: RawElement, form: PixelFormat, *, syntax: str | None, frame: int) -> StoredFrame:
    subsampled = form.photometric == "YBR_FULL_422"
    count = form.rows * form.columns * (2 if subsampled else form.samples)
    bits = count * form.bits_allocated
    needed = -(-bits * form.frames // 8)
    if len(element.data) < needed:
        raise _truncated(len(element.data), needed)
    surplus = len(element.data) - needed
    warnings = (f"{surplus:,} bytes follow the pixels and are ignored",) if surplus > 1 else ()
    words = _words(element, form, first_bit=(frame - 1) * bits, count=count)
    how = _NATIVE_SYNTAXES.get(syntax or "", "uncompressed, transfer syntax not named")
    if subsampled:  # two lumas, then the two chromas that they share
        luma = words.reshape(-1, 4)[:, :2].reshape(form.rows, form.columns)
        return StoredFrame(luma, frame, how, is_luma=True, warnings=warnings)
    return StoredFrame(_shaped(words, form), frame, how, warnings=warnings)


def _words(element: RawElement, form: PixelFormat, *, first_bit: int, count: int) -> Words:
    """`count` words from `first_bit` on, in one row."""
    if form.bits_allocated == 1:
        octets = np.frombuffer(element.data, np.uint8)[first_bit // 8 : -(-(first_bit + count) // 8)]
        return np.unpackbits(octets, bitorder="little")[first_bit % 8 : first_bit % 8 + count]
    data = element.data
    if not element.is_little_endian and form.bits_allocated == 8 and element.vr == "OW":
        data = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes()
    order: Literal["<", ">"] = "<" if element.is_little_endian else ">"
    return np.frombuffer(data, form.dtype.newbyteorder(order), count=count, offset=first_bit // 8)


def _shaped(words: Words, form: PixelFormat) -> Words:
    if form.samples == 1:
        return words.reshape(form.rows, form.columns)
    if form.planar:
        return np.moveaxis(words.reshape(form.samples, form.rows, form.columns), 0, -1)
    return words.reshape(form.rows, form.columns, form.samples)


def _truncated(held: int, needed: int) -> DecodeError:
    return DecodeError(f"the DICOM file is truncated: only {held:,} of {needed:,} bytes of pixels are there")
