"""Compressed DICOM frames to stored words, each stream checked against the DICOM header before it is decoded.

imagecodecs alone serves all of them: it holds libjpeg-turbo (8, 12 and 16 bit, lossless too), CharLS and OpenJPEG, is
BSD-licensed, and raises an error on corrupt streams where GDCM aborts the process.
"""

from __future__ import annotations

from dataclasses import dataclass

import imagecodecs
import numpy as np

from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.jpeg2000_header import is_jpeg2000, read_jpeg2000_header
from hilum.imaging.jpeg_header import read_jpeg_header
from hilum.imaging.limits import Limits
from hilum.imaging.pixel_format import PixelFormat, Words

_RLE = "1.2.840.10008.1.2.5"

COMPRESSED_SYNTAXES = {
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless, first-order prediction",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near-lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.201": "HTJ2K lossless",
    "1.2.840.10008.1.2.4.202": "HTJ2K lossless, RPCL",
    "1.2.840.10008.1.2.4.203": "HTJ2K",
    _RLE: "RLE lossless",
}


@dataclass(frozen=True, slots=True, eq=False)
class DecodedStream:
    """Words of a compressed frame.

    `are_values` says that they are values of the pixels' own sign, which a lossy codec may let overshoot Bits Stored;
    else they are bit patterns. `is_luma` says that colour was reduced to luma by the codec.
    """

    words: Words
    are_values: bool
    is_luma: bool


def decode_stream(stream: bytes, form: PixelFormat, *, syntax: str | None, limits: Limits) -> DecodedStream:
    """Decode one frame by what its stream is; the transfer syntax is needed only for RLE, which has no signature.

    Raises `DecodeError` where the stream is truncated, corrupt, or of another size than the DICOM header says.
    """
    is_luma = False
    if stream.startswith(b"\xff\xd8"):
        words, is_luma = _jpeg(stream, form, limits=limits)
    elif is_jpeg2000(stream):
        head = read_jpeg2000_header(stream, limits=limits)
        _check_header(head.rows, head.columns, head.components, form)
        words = np.asarray(imagecodecs.jpeg2k_decode(stream))
    elif syntax == _RLE:
        return DecodedStream(_rle(stream, form), are_values=False, is_luma=False)
    else:
        raise DecodeError("the compressed pixels are truncated or corrupt: their stream has no start marker")
    if words.shape[:2] != (form.rows, form.columns) or words.dtype.kind not in "iu":
        raise DecodeError(f"expected {form.rows} x {form.columns} pixels, but the stream decodes to {words.shape}")
    if words.dtype.itemsize > form.dtype.itemsize:
        raise DecodeError(f"the stream holds {words.dtype.itemsize * 8}-bit words, more than Bits Allocated")
    are_values = (words.dtype.kind == "i") == form.signed
    if words.dtype.kind == "i":
        words = words.astype(f"i{form.dtype.itemsize}").view(form.dtype)
    return DecodedStream(words, are_values=are_values, is_luma=is_luma)


def _jpeg(stream: bytes, form: PixelFormat, *, limits: Limits) -> tuple[Words, bool]:
    """JPEG and JPEG-LS; of lossy colour only the luma is decoded, which is what grey is made of."""
    head = read_jpeg_header(stream, limits=limits)
    _check_header(head.rows, head.columns, head.components, form)
    if head.jpeg_ls:
        return np.asarray(imagecodecs.jpegls_decode(stream)), False
    if head.components == 1:
        return np.asarray(imagecodecs.jpeg8_decode(stream)), False
    if head.lossless:  # no colour transform belongs to it: the DICOM header says what the channels are
        return np.asarray(imagecodecs.jpeg8_decode(stream, colorspace="RGB", outcolorspace="RGB")), False
    is_rgb = form.photometric == "RGB" and not head.jfif and not head.adobe_transform
    space = "RGB" if is_rgb else "YCBCR"
    return np.asarray(imagecodecs.jpeg8_decode(stream, colorspace=space, outcolorspace="GRAYSCALE")), True


def _check_header(rows: int, columns: int, components: int, form: PixelFormat) -> None:
    if (rows, columns, components) != (form.rows, form.columns, form.samples):
        raise DecodeError(
            f"the DICOM header names {form.rows} x {form.columns} pixels with {form.samples} samples, but the "
            f"compressed stream {rows} x {columns} with {components}"
        )


def _rle(stream: bytes, form: PixelFormat) -> Words:
    """RLE (PS3.5 annex G); the output is bounded by what the header promises."""
    if form.bits_allocated == 1:
        raise RefusedImageError("RLE of one-bit pixels is not supported; convert the file to an uncompressed one")
    if len(stream) < 64 or int.from_bytes(stream[:4], "little") != form.samples * form.dtype.itemsize:
        raise DecodeError("the RLE stream is truncated, or holds other segments than the header promises")
    out = bytearray(form.samples * form.rows * form.columns * form.dtype.itemsize)
    decoded = imagecodecs.dicomrle_decode(stream, form.dtype, out=out)
    if len(decoded) < len(out):
        raise DecodeError("the RLE stream ends too early: it is truncated or corrupt")
    words = np.frombuffer(out, form.dtype).reshape(form.samples, form.rows, form.columns)
    return words[0] if form.samples == 1 else np.moveaxis(words, 0, -1)
