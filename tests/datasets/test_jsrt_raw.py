import numpy as np
import pytest

from hilum.datasets.jsrt_raw import SIDE, read_jsrt_raw, write_jsrt_png
from hilum.errors import DataError
from hilum.imaging.decode import decode, read_file


def raw_file(path, *, value=4095):
    film = np.zeros((SIDE, SIDE), np.uint16)
    film[0, 1] = value
    path.write_bytes(film.astype(">u2").tobytes())
    return path


def test_dark_film_becomes_dark(tmp_path):
    pixels = read_jsrt_raw(raw_file(tmp_path / "JPCLN001.IMG", value=256))
    assert pixels.dtype == np.uint16
    assert (pixels[0, 0], pixels[0, 1], pixels[1, 0]) == (4095, 4095 - 256, 4095)


def test_the_png_is_what_hilum_decodes(tmp_path):
    written = write_jsrt_png(raw_file(tmp_path / "JPCLN001.IMG"), out=tmp_path / "png")
    assert written == tmp_path / "png" / "JPCLN001.png"
    pixels = decode(read_file(written), name=written.name).pixels
    assert pixels.shape == (SIDE, SIDE)
    assert pixels[0, 1] == 0.0
    assert pixels[1, 0] == pytest.approx(1.0, abs=16 / 65535)


def test_another_size_or_range_is_refused(tmp_path):
    short = tmp_path / "a.IMG"
    short.write_bytes(b"\0" * 100)
    with pytest.raises(DataError, match=r"expected 8388608 bytes .* came 100"):
        read_jsrt_raw(short)
    with pytest.raises(DataError, match=r"12-bit values .* came 5000"):
        read_jsrt_raw(raw_file(tmp_path / "b.IMG", value=5000))
