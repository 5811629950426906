"""JPEG 2000 is decoded by several threads: the words are those of one, of lossless and of lossy streams."""

import imagecodecs
import numpy as np
import pytest

from hilum.imaging.dicom.codecs import decode_stream
from hilum.imaging.dicom.pixel_format import PixelFormat
from hilum.imaging.pixels.limits import Limits


@pytest.mark.parametrize("reversible", [True, False])
def test_threads_change_no_word_of_jpeg_2000(reversible: bool) -> None:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:700, 0:500]
    words = np.clip(rows * 4 + columns + rng.normal(0, 20, rows.shape), 0, 4095).astype(np.uint16)
    stream = imagecodecs.jpeg2k_encode(
        words, level=0 if reversible else 40, codecformat="j2k", bitspersample=12, reversible=reversible
    )
    form = PixelFormat(
        rows=700, columns=500, samples=1, bits_allocated=16, bits_stored=12, high_bit=11, signed=False, planar=False,
        photometric="MONOCHROME2", frames=1,
    )  # fmt: skip
    found = decode_stream(bytes(stream), form, syntax="1.2.840.10008.1.2.4.90", limits=Limits()).words
    np.testing.assert_array_equal(found, imagecodecs.jpeg2k_decode(stream, numthreads=1))
    if reversible:
        np.testing.assert_array_equal(found, words)
