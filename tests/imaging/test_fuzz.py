"""Broken files of every format end in an error of hilum's own, quickly, and never in anything else.

Hypothesis mutates, cuts and splices small valid files. The limits are low, as they are what stops a file that asks for
much; a hang would run into the runner's time limit.
"""

import functools

import imagecodecs
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import JPEGBaseline8Bit

from fabricate_dicom import LOSSLESS, LOSSY, NATIVE, dicom_bytes, lut
from fabricate_pictures import marked, picture_bytes, pillow_bytes, tiff_bytes
from hilum.errors import HilumError
from hilum.imaging.decode import decode
from hilum.imaging.pixels.limits import Limits
from hilum.radiograph import Radiograph

LIMITS = Limits(max_bytes=1_000_000, max_pixels=250_000)


@functools.cache
def seeds() -> tuple[bytes, ...]:
    grey, twelve = marked(16, 24), marked(16, 24, top=4095)
    colour = np.dstack([grey, grey // 2, 255 - grey])
    pictures = [
        *(picture_bytes(grey, suffix) for suffix in ("PNG", "JPEG", "BMP", "WEBP", "TIFF")),
        picture_bytes(colour, "JPEG", progressive=True),
        pillow_bytes(Image.fromarray(colour).convert("CMYK"), "JPEG"),
        bytes(imagecodecs.jpeg8_encode(twelve, level=95, bitspersample=12)),
        picture_bytes(twelve, "PNG"),
        tiff_bytes(twelve, compression="lzw", tile=(16, 16)),
        tiff_bytes((grey / 255).astype(np.float32), bigtiff=True),
        tiff_bytes(np.stack([grey, grey]), photometric="minisblack"),
    ]
    dicoms = [dicom_bytes(twelve, bits=12, syntax=one) for one in (*NATIVE, *LOSSLESS, *LOSSY[1:])]
    dicoms.append(dicom_bytes(colour, syntax=JPEGBaseline8Bit))
    dicoms.append(dicom_bytes(np.stack([twelve, twelve]), bits=12, syntax=LOSSLESS[3], NumberOfFrames=2))
    dicoms.append(
        dicom_bytes(
            twelve, bits=12, ModalityLUTSequence=lut(np.arange(4096), bits=12), VOILUTSequence=lut(np.arange(4096)),
            PixelPaddingValue=7, PatientAge="040Y", ViewPosition="PA", PixelSpacing=[0.1, 0.1],
        )
    )  # fmt: skip
    return (*pictures, *dicoms)


def outcome(data: bytes, frame: int | None) -> Radiograph | HilumError:
    try:
        return decode(data, name="fuzz", frame=frame, limits=LIMITS)
    except HilumError as error:
        return error


def only_hilum_errors(data: bytes, frame: int | None) -> None:
    result = outcome(data, frame)
    if isinstance(result, HilumError):
        assert str(result).startswith("fuzz: ")
        assert "\n" not in str(result)
    else:
        assert result.pixels.size <= LIMITS.max_pixels


FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
frames = st.sampled_from([None, 1, 2])


@FUZZ
@given(st.data(), frames)
def test_mutated_files(data: st.DataObject, frame: int | None) -> None:
    seed = bytearray(data.draw(st.sampled_from(seeds())))
    for _ in range(data.draw(st.integers(1, 8))):
        seed[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
    only_hilum_errors(bytes(seed), frame)


@FUZZ
@given(st.data(), frames)
def test_headers_with_extreme_numbers(data: st.DataObject, frame: int | None) -> None:
    seed = bytearray(data.draw(st.sampled_from(seeds())))
    at = data.draw(st.integers(0, min(len(seed), 1200) - 1))
    patch = data.draw(
        st.sampled_from([b"\0\0", b"\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80\0", b"\x7f\xff", b"99"])
    )
    seed[at : at + len(patch)] = patch
    only_hilum_errors(bytes(seed), frame)


@FUZZ
@given(st.data(), frames)
def test_cut_and_spliced_files(data: st.DataObject, frame: int | None) -> None:
    first, second = data.draw(st.sampled_from(seeds())), data.draw(st.sampled_from(seeds()))
    cut = data.draw(st.integers(0, len(first)))
    other = data.draw(st.integers(0, len(second)))
    tail = second[other:] if data.draw(st.booleans()) else b""
    only_hilum_errors(first[:cut] + tail, frame)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"II*\0", b"BM", bytes(128) + b"DICM", b"\x02\0\x10\0UI"]),
)
def test_arbitrary_bytes(data: bytes, start: bytes) -> None:
    only_hilum_errors(start + data, None)
