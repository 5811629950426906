"""DICOM's run-length encoding (PS3.5 annex G): complete segments are read whatever pads them, short ones are refused.

imagecodecs decodes them fast, and refuses a segment in which more follows the last pixel than one zero byte. Writers
are met that pad with spaces, or whose last run is one byte too long; such a segment is walked here.
"""

from __future__ import annotations

import imagecodecs
import numpy as np

from hilum.errors import DecodeError, RefusedImageError
from hilum.imaging.dicom.pixel_format import PixelFormat, Words

_HEADER = 64


def decode_rle(stream: bytes, form: PixelFormat) -> Words:
    """Words (H, W) or (H, W, samples); what is allocated is bounded by what `form` promises.

    Raises `DecodeError` where a segment holds fewer bytes than the frame has pixels.
    """
    if form.bits_allocated == 1:
        raise RefusedImageError("RLE of one-bit pixels is not supported. Convert the file to an uncompressed one")
    count = form.samples * form.dtype.itemsize
    if len(stream) < _HEADER or int.from_bytes(stream[:4], "little") != count:
        raise DecodeError("the RLE stream is truncated, or holds other segments than the header promises")
    out = bytearray(count * form.rows * form.columns)
    try:
        complete = len(imagecodecs.dicomrle_decode(stream, form.dtype, out=out)) == len(out)
    except imagecodecs.DicomrleError:
        complete = False
    if complete:
        words = np.frombuffer(out, form.dtype).reshape(form.samples, form.rows, form.columns)
    else:
        words = _walked(stream, form)
    return words[0] if form.samples == 1 else np.moveaxis(words, 0, -1)


def _walked(stream: bytes, form: PixelFormat) -> Words:
    """Words (samples, H, W), from segments that hold the most significant byte of each sample first."""
    width, pixels = form.dtype.itemsize, form.rows * form.columns
    planes = [np.frombuffer(_unpacked(one, size=pixels), np.uint8) for one in _segments(stream, form.samples * width)]
    octets = np.stack(planes).reshape(form.samples, width, pixels)[:, ::-1]
    words = np.ascontiguousarray(octets.transpose(0, 2, 1)).view(form.dtype)
    return words.reshape(form.samples, form.rows, form.columns)


def _segments(stream: bytes, count: int) -> list[bytes]:
    starts = [int.from_bytes(stream[4 * index : 4 * index + 4], "little") for index in range(1, count + 1)]
    ends = [*starts[1:], len(stream)]
    if starts[0] < _HEADER or any(start > end for start, end in zip(starts, ends, strict=True)):
        raise DecodeError("the RLE stream is corrupt: its segments do not follow each other")
    return [stream[start:end] for start, end in zip(starts, ends, strict=True)]


def _unpacked(segment: bytes, *, size: int) -> bytes:
    """The first `size` bytes that the runs of a segment (PackBits) make."""
    out = bytearray()
    position = 0
    while len(out) < size and position + 1 < len(segment):
        head = segment[position]
        if head < 128:  # so many bytes and one more, as they stand
            out += segment[position + 1 : position + 2 + head]
            position += 2 + head
        elif head > 128:  # one byte, repeated
            out += segment[position + 1 : position + 2] * (257 - head)
            position += 2
        else:
            position += 1
    if len(out) < size:
        raise DecodeError(f"the RLE stream is truncated: {len(out):,} of {size:,} bytes of a segment are there")
    return bytes(out[:size])
