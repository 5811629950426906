"""The directories of TIFF and EXIF: what is unpacked of them, and what a directory made for harm can cost."""

import io
import struct
import tracemalloc
from collections.abc import Callable

import pytest
from PIL import Image

from fabricate_pictures import marked, tiff_bytes
from hilum.errors import DecodeError
from hilum.imaging.decode import decode
from hilum.imaging.files.tiff import decode_tiff
from hilum.imaging.files.tiff_tags import exif_orientation, read_directories
from hilum.imaging.pixels.limits import Limits

MANY = 3 * 65536
BYTE, TEXT, SHORT, RATIONAL, FLOAT = 1, 2, 3, 5, 11


def directory(entries: list[tuple[int, int, int, int]], *, following: int = 0) -> bytes:
    """A directory of (tag, type, count, value or offset)."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)


def tiff(*directories: bytes, behind: bytes = b"") -> bytes:
    """A file of directories that stand behind each other, the first at byte 8, and what follows them."""
    return b"II*\0" + struct.pack("<I", 8) + b"".join(directories) + behind


def peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that Python held for the work."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_only_wanted_tags_are_kept_with_their_numbers() -> None:
    entries = [(256, SHORT, 1, 7), (270, TEXT, 40, 8), (282, RATIONAL, 1, 8 + 2 + 12 * 4 + 4), (305, SHORT, 2, 5)]
    (one,) = read_directories(
        tiff(directory(entries), behind=struct.pack("<II", 3, 2)), wanted=frozenset({256, 270, 282, 999})
    )
    assert (one.get(256), one.get(282)) == ((7,), (1.5,))
    assert one.get(270) == one.get(305) == one.get(999) == ()
    assert (one.first(256, 0), one.first(270, 4), one.first(282, 0)) == (7, 4, 1.5)


def test_as_many_numbers_are_unpacked_as_are_asked_for() -> None:
    data = tiff(directory([(320, SHORT, MANY, 26)]), behind=bytes(2 * MANY))
    (one,) = read_directories(data, wanted=frozenset({320}))
    assert len(one.get(320)) == MANY
    assert one.get(320, most=3) == (0, 0, 0)


def test_of_a_tag_that_comes_twice_the_first_with_numbers_counts() -> None:
    entries = [(274, SHORT, 0, 3), (274, TEXT, 1, 4), (274, SHORT, 1, 6), (274, SHORT, 1, 8)]
    assert exif_orientation(tiff(directory(entries))) == 6


def test_a_list_that_leads_out_of_the_block_breaks_it_wanted_or_not() -> None:
    entries = [(274, SHORT, 1, 6), (305, SHORT, 400, 8)]
    assert exif_orientation(tiff(directory(entries))) == 1
    assert exif_orientation(tiff(directory(entries), behind=bytes(800))) == 6


def test_an_exif_block_whose_entries_all_name_one_long_list_takes_little_memory() -> None:
    entries = [(305 + number, BYTE, MANY, 0) for number in range(200)]
    exif = tiff(directory([(274, SHORT, 1, 3), *entries]), behind=bytes(MANY))
    buffer = io.BytesIO()
    Image.fromarray(marked(4, 4)).save(buffer, "PNG", exif=exif)
    data = buffer.getvalue()
    assert decode(data, name="x").trail[-1].step == "orientation"
    assert peak_bytes(lambda: decode(data, name="x")) < 32_000_000  # unpacked, the lists take ten times as much


def test_pages_that_all_name_one_long_list_take_little_memory() -> None:
    size = len(directory([(0, 0, 0, 0)]))
    pages = [directory([(320, SHORT, MANY, 8)], following=8 + (number + 1) * size) for number in range(99)]
    data = tiff(*pages, directory([(320, SHORT, MANY, 8)]), behind=bytes(2 * MANY))

    def fails() -> None:
        with pytest.raises(DecodeError, match="there is no picture in it"):
            decode_tiff(data, frame=100, limits=Limits())

    assert peak_bytes(fails) < 32_000_000


def test_directories_that_overlap_are_corrupt() -> None:
    second = 8 + 2 + 12  # within the first: its second entry begins with the count of entries
    entries = [(254, SHORT, 1, 0), *[(8, SHORT, 1, second)] * 20]
    data = tiff(directory(entries, following=second))
    with pytest.raises(DecodeError, match="its directories overlap"):
        read_directories(data, wanted=frozenset())


def test_the_numbers_are_those_that_the_writer_put_there() -> None:
    data = tiff_bytes(marked(12, 20), extratags=[(340, FLOAT, 1, -2.5, True), (341, FLOAT, 1, 4.25, True)])
    (one,) = read_directories(data, wanted=frozenset({256, 257, 340, 341}))
    assert [one.get(tag) for tag in (256, 257, 340, 341)] == [(20,), (12,), (-2.5,), (4.25,)]
