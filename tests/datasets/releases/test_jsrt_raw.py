import numpy as np
import pytest

from fabricate_progress import Heard
from fabricate_releases import fabricate_jsrt
from hilum.datasets.releases.jsrt import read_jsrt
from hilum.datasets.releases.jsrt_raw import SIDE, convert_jsrt, read_jsrt_raw, write_jsrt_png
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
    with pytest.raises(DataError, match=r"has 100 bytes instead of 8388608"):
        read_jsrt_raw(short)
    with pytest.raises(DataError, match=r"values up to 5000, more than 12 bits"):
        read_jsrt_raw(raw_file(tmp_path / "b.IMG", value=5000))


@pytest.fixture
def as_distributed(tmp_path):
    """The release with .IMG files in the place of its pictures; one is cut off."""
    release = fabricate_jsrt(tmp_path / "JSRT")
    for picture in (release / "pictures").iterdir():
        raw_file(picture.with_suffix(".IMG"))
        picture.unlink()
    cut = release / "pictures" / "JPCNN001.IMG"
    cut.write_bytes(cut.read_bytes()[:1000])
    return release


@pytest.mark.parametrize("out", ["png", "JSRT", "JSRT/png"])
def test_what_is_distributed_becomes_what_the_adapter_reads(as_distributed, tmp_path, out):
    with pytest.raises(DataError, match=r"only \.IMG files\. Make PNG .*: hilum data convert jsrt .*JSRT --out FOLDER"):
        read_jsrt(as_distributed)
    progress = Heard()
    done = convert_jsrt(as_distributed, out=tmp_path / out, progress=progress)
    assert progress.counts == {"writing": [3, 3]}
    assert [path.relative_to(tmp_path / out).as_posix() for path in done.written] == [
        "pictures/JPCLN001.png", "pictures/JPCLN002.png",
    ]  # fmt: skip
    assert len(done.problems) == 1
    assert "JPCNN001.IMG has 1000 bytes instead of 8388608. Copy the file again" in done.problems[0]
    one, two = read_jsrt(tmp_path / out)
    assert (one.image, one.age_years, sorted(one.masks)) == ("JPCLN001", 53.0, ["heart", "left lung", "right lung"])
    assert (two.image, two.age_years) == ("JPCLN002", None)


def test_a_folder_without_img_files_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"hold no \.IMG files of JSRT"):
        convert_jsrt(tmp_path, out=tmp_path / "png")
