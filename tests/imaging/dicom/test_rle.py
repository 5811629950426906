"""Run-length encoding: complete segments are read whatever pads them, short ones never."""

import numpy as np
import pytest
from pydicom.uid import RLELossless

from fabricate_dicom import dicom_bytes, elements, encode
from fabricate_pictures import marked
from hilum.errors import DecodeError
from hilum.imaging.decode import decode

GREY, DEEP = marked(47, 71), marked(47, 71, top=4095)
COLOUR = np.dstack([GREY, GREY // 2, 255 - GREY])
NOISE = np.random.default_rng(1).integers(0, 4096, (47, 71)).astype(np.uint16)


def segments(array: np.ndarray) -> list[bytes]:
    """What pydicom's encoder makes of each byte plane, without its padding."""
    stream = encode(array, elements(array), RLELossless)
    count = int.from_bytes(stream[:4], "little")
    starts = [int.from_bytes(stream[4 * i + 4 : 4 * i + 8], "little") for i in range(count)]
    return [stream[start:end] for start, end in zip(starts, [*starts[1:], len(stream)], strict=True)]


def joined(parts: list[bytes]) -> bytes:
    starts = np.cumsum([64, *(len(part) for part in parts[:-1])])
    header = b"".join(int(number).to_bytes(4, "little") for number in (len(parts), *starts))
    return header.ljust(64, b"\0") + b"".join(parts)


def read(array: np.ndarray, stream: bytes) -> np.ndarray:
    bits = 12 if array.dtype == np.uint16 else 8
    return decode(dicom_bytes(array, bits=bits, syntax=RLELossless, stream=stream), name="x").pixels


@pytest.mark.parametrize("array", [GREY, DEEP, NOISE, COLOUR], ids=["8", "16", "noise", "colour"])
@pytest.mark.parametrize("pad", [b"\x20", b"\x00\x00", b"\x00\x00\x00", b"\xff", b"\x80", b"\x00\xab", b"\xfe\x11"])
def test_segments_are_read_whatever_pads_them(array: np.ndarray, pad: bytes) -> None:
    whole = read(array, joined(segments(array)))
    np.testing.assert_array_equal(read(array, joined([part + pad for part in segments(array)])), whole)


@pytest.mark.parametrize("index", [0, 1])
def test_a_last_run_that_is_one_byte_too_long(index: int) -> None:
    parts = segments(DEEP)
    whole = read(DEEP, joined(parts))
    flat = DEEP.ravel().view(np.uint8)[1 - index :: 2].tobytes()
    long = b"".join(bytes([0, one]) for one in flat[:-1]) + bytes([255, flat[-1]])  # the last byte twice
    parts[index] = long
    np.testing.assert_array_equal(read(DEEP, joined(parts)), whole)


@pytest.mark.parametrize("array", [GREY, DEEP, NOISE, COLOUR], ids=["8", "16", "noise", "colour"])
@pytest.mark.parametrize("lacking", [1, 2, 7, 0.5])
def test_every_short_segment_is_refused(array: np.ndarray, lacking: float) -> None:
    parts = segments(array)
    for index, part in enumerate(parts):
        body = part.rstrip(b"\0") or part
        cut = body[: -int(lacking)] if lacking >= 1 else body[: int(len(body) * lacking)]
        with pytest.raises(DecodeError, match="truncated"):
            read(array, joined([*parts[:index], cut, *parts[index + 1 :]]))


@pytest.mark.parametrize("offset", [0, 63, 2**31])
def test_segments_out_of_order_are_refused(offset: int) -> None:
    stream = bytearray(joined([part + b"\x20" for part in segments(DEEP)]))
    stream[4:8] = offset.to_bytes(4, "little")
    with pytest.raises(DecodeError, match="corrupt"):
        read(DEEP, bytes(stream))
