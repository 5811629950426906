"""Compressed DICOM frames to stored words, each stream checked against the DICOM header before it is decoded.

imagecodecs alone serves all of them: it holds libjpeg-turbo (8, 12 and 16 bit, lossless and progressive too), CharLS,
OpenJPEG and libjxl, is BSD-licensed, and raises an error on corrupt streams where GDCM aborts the process.
"""

from __future__ import annotations

from dataclasses import dataclass

import imagecodecs
import numpy as np

from hilum.errors import DecodeError
from hilum.imaging.dicom.pixel_format import PixelFormat, Words
from hilum.imaging.dicom.rle import decode_rle
from hilum.imaging.files.jpeg2000_header import is_jpeg2000, read_jpeg2000_header
from hilum.imaging.files.jpeg_header import read_jpeg_header
from hilum.imaging.files.jpeg_stream import Colour, decode_jpeg_stream, jpeg_warnings
from hilum.imaging.files.jpegxl_header import is_jpegxl, read_jpegxl_size
from hilum.imaging.pixels.grey import luminance
from hilum.imaging.pixels.limits import Limits

_RLE = "1.2.840.10008.1.2.5"
_JPEG2000_THREADS = 4
"""OpenJPEG's: the words are the same with any number, the processor time too; a film alone comes in half the time."""
_JPEG = b"\xff\xd8"

COMPRESSED_SYNTAXES = {
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.53": "JPEG spectral selection (retired)",
    "1.2.840.10008.1.2.4.55": "JPEG full progression (retired)",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless, first-order prediction",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near-lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.110": "JPEG XL lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL of a JPEG",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.4.201": "HTJ2K lossless",
    "1.2.840.10008.1.2.4.202": "HTJ2K lossless, RPCL",
    "1.2.840.10008.1.2.4.203": "HTJ2K",
    _RLE: "RLE lossless",
}


@dataclass(frozen=True, slots=True, eq=False)
class DecodedStream:
    """Words of a compressed frame.

    `are_values` says that they are values of the pixels' own sign, which a lossy codec may let overshoot Bits Stored;
    else they are bit patterns. `is_luma` says that colour was reduced to luma here.
    """

    words: Words
    are_values: bool
    is_luma: bool
    warnings: tuple[str, ...] = ()


def decode_stream(stream: bytes, form: PixelFormat, *, syntax: str | None, limits: Limits) -> DecodedStream:
    """Decode one frame by what its stream is; the transfer syntax is needed only for RLE, which has no signature.

    Raises `DecodeError` where the stream is truncated, corrupt, or of another size than the DICOM header says.
    """
    if syntax == _RLE and not _has_signature(stream):
        return DecodedStream(decode_rle(stream, form), are_values=False, is_luma=False)
    is_luma = False
    warnings: tuple[str, ...] = ()
    if stream.startswith(_JPEG):
        words, is_luma, warnings = _jpeg(stream, form, limits=limits)
    elif is_jpeg2000(stream):
        head = read_jpeg2000_header(stream, limits=limits)
        _check_header(head.rows, head.columns, head.components, form)
        words = np.asarray(imagecodecs.jpeg2k_decode(stream, numthreads=_JPEG2000_THREADS))
    elif is_jpegxl(stream):
        words, is_luma = _jpegxl(stream, form, limits=limits)
    else:
        raise DecodeError("the compressed pixels are truncated or corrupt: their stream has no start marker")
    if words.shape[:2] != (form.rows, form.columns) or words.dtype.kind not in "iu":
        raise DecodeError(
            f"the header names {form.rows} x {form.columns} pixels, but the stream decodes to {words.shape}: the file "
            "is damaged"
        )
    if words.dtype.itemsize > form.dtype.itemsize:
        raise DecodeError(f"the stream holds {words.dtype.itemsize * 8}-bit words, more than Bits Allocated")
    are_values = (words.dtype.kind == "i") == form.signed
    if words.dtype.kind == "i":
        words = words.astype(f"i{form.dtype.itemsize}").view(form.dtype)
    return DecodedStream(words, are_values=are_values, is_luma=is_luma, warnings=warnings)


def _has_signature(stream: bytes) -> bool:
    return stream.startswith(_JPEG) or is_jpeg2000(stream) or is_jpegxl(stream)


def _jpeg(stream: bytes, form: PixelFormat, *, limits: Limits) -> tuple[Words, bool, tuple[str, ...]]:
    """JPEG and JPEG-LS; of lossy colour only the luma is decoded, which is what grey is made of."""
    head = read_jpeg_header(stream, limits=limits)
    _check_header(head.rows, head.columns, head.components, form)
    if head.jpeg_ls:
        return np.asarray(imagecodecs.jpegls_decode(stream)), False, ()
    warnings = jpeg_warnings(head)
    if head.components == 1:
        return decode_jpeg_stream(stream, header=head), False, warnings
    if head.lossless:  # no colour transform belongs to it: the DICOM header says what the channels are
        return decode_jpeg_stream(stream, header=head, colour="RGB", out_colour="RGB"), False, warnings
    is_rgb = form.photometric == "RGB" and not head.jfif and not head.adobe_transform
    space: Colour = "RGB" if is_rgb else "YCBCR"
    return decode_jpeg_stream(stream, header=head, colour=space, out_colour="GRAYSCALE"), True, warnings


def _jpegxl(stream: bytes, form: PixelFormat, *, limits: Limits) -> tuple[Words, bool]:
    """JPEG XL; whatever the stream holds, the codec gives colour as RGB."""
    rows, columns = read_jpegxl_size(stream, limits=limits)
    _check_header(rows, columns, form.samples, form)
    words = np.asarray(imagecodecs.jpegxl_decode(stream, 0))
    channels = words.shape[2] if words.ndim == 3 else 1
    _check_header(rows, columns, channels, form)
    return (words, False) if channels == 1 else (luminance(words), True)


def _check_header(rows: int, columns: int, components: int, form: PixelFormat) -> None:
    if (rows, columns, components) != (form.rows, form.columns, form.samples):
        raise DecodeError(
            f"the DICOM header names {form.rows} x {form.columns} pixels with {form.samples} samples, but the "
            f"compressed stream {rows} x {columns} with {components}"
        )
