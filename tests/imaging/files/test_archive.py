"""Files in ZIP archives: read by name, bounded, and never believed."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from fabricate_archive import damaged, encrypted, write_archive, write_link
from fabricate_pictures import marked, picture_bytes
from hilum.errors import DecodeError, FileAccessError, HilumError, LimitError
from hilum.imaging.decode import read_file
from hilum.imaging.files import archive
from hilum.imaging.files.archive import is_archive, list_archive, read_head, read_member
from hilum.imaging.pixels.limits import Limits

PNG = picture_bytes(marked(), "PNG")
LIMITS = Limits()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_is_read_by_its_name_in_the_archive(tmp_path: Path, compression: int) -> None:
    path = write_archive(tmp_path / "study.zip", {"a/b/x.png": PNG, "y": b"other"}, compression=compression)
    assert list_archive(path).files == ("a/b/x.png", "y")
    assert read_file(path / "a" / "b" / "x.png", limits=LIMITS) == PNG
    assert read_head(path, "y", count=3) == b"oth"


def test_a_changed_archive_is_read_anew(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "study.zip", {"x": b"first"})
    assert read_member(path / "x", limits=LIMITS) == b"first"
    write_archive(path, {"x": b"second one"})
    assert read_member(path / "x", limits=LIMITS) == b"second one"


def test_documents_are_no_archives_of_images(tmp_path: Path) -> None:
    assert is_archive(write_archive(tmp_path / "no suffix", {"x.png": PNG}))
    for marker in ("[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype"):
        assert not is_archive(write_archive(tmp_path / "letter.docx", {marker: b"", "word/media/image1.png": PNG}))
    (tmp_path / "text").write_text("text")
    assert not is_archive(tmp_path / "text")


def test_names_are_made_plain_and_hidden_ones_left_out(tmp_path: Path) -> None:
    names = ["a\\b\\x.png", "./c//y.png", ".hidden/x.png", "__MACOSX/._x.png", "a/.DS_Store"]
    path = write_archive(tmp_path / "s.zip", dict.fromkeys(names, PNG))
    assert list_archive(path).files == ("a/b/x.png", "c/y.png")
    for name in list_archive(path).files:
        assert read_member(path / name, limits=LIMITS) == PNG


@pytest.mark.parametrize(
    "name",
    ["../x.png", "a/../../x.png", "/etc/x.png", "C:/x.png", "c:x.png", "..\\x.png", ".", "./.", ".\\", "./C:/x.png"],
)
def test_names_that_lead_out_are_not_read(tmp_path: Path, name: str) -> None:
    path = write_archive(tmp_path / "s.zip", {name: PNG, "ok.png": PNG})
    listing = list_archive(path)
    assert listing.files == ("ok.png",)
    assert len(listing.unsafe) == 1
    with pytest.raises(DecodeError, match="leads out of the archive"):
        read_head(path, listing.unsafe[0], count=4)


def test_a_colon_of_a_time_is_no_drive(tmp_path: Path) -> None:
    names = ("10:20/x.png", "2024-05-01T12:30:11.png", "AP:1.png", "a/C:x.png")
    path = write_archive(tmp_path / "s.zip", dict.fromkeys(names, PNG))
    assert list_archive(path).files == names
    assert list_archive(path).unsafe == ()
    for name in names:
        assert read_member(path / name, limits=LIMITS) == PNG


def test_links_and_encrypted_files_are_not_read(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "s.zip", {"x.png": PNG, "secret.png": PNG})
    write_link(path, name="link.png", target="/etc/passwd")
    encrypted(path, names=frozenset({"secret.png"}))
    listing = list_archive(path)
    assert (listing.files, listing.links, listing.encrypted) == (("x.png",), ("link.png",), ("secret.png",))
    with pytest.raises(DecodeError, match=r"encrypted. Unpack the archive with its password"):
        read_member(path / "secret.png", limits=LIMITS)
    with pytest.raises(DecodeError, match="link"):
        read_member(path / "link.png", limits=LIMITS)


def test_a_damaged_file_is_one_error_and_loses_no_other(tmp_path: Path) -> None:
    noise = picture_bytes(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8), "PNG")
    path = damaged(write_archive(tmp_path / "s.zip", {"a.png": noise, "b.png": noise}), name="a.png")
    with pytest.raises(DecodeError, match=r"s\.zip/a\.png: it is damaged in its ZIP archive"):
        read_member(path / "a.png", limits=LIMITS)
    assert read_member(path / "b.png", limits=LIMITS) == noise


def test_a_truncated_archive_is_named(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "s.zip", {"a.png": PNG})
    path.write_bytes(path.read_bytes()[:-30])
    assert is_archive(path)
    with pytest.raises(DecodeError, match=r"s\.zip: the ZIP archive is truncated or corrupt"):
        list_archive(path)


def test_a_file_over_the_limit_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "s.zip", {"big.png": bytes(2_000_000)})
    with pytest.raises(LimitError, match=r"big\.png holds 2,000,000 bytes, over the limit of 1,000,000"):
        read_member(path / "big.png", limits=Limits(max_bytes=1_000_000))


def test_archives_that_inflate_without_measure_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_archive(tmp_path / "bomb.zip", {"a": bytes(3_000_000), "b": bytes(3_000_000)})
    assert list_archive(path).files == ("a", "b")
    monkeypatch.setattr(archive, "ALWAYS_ALLOWED_BYTES", 1_000_000)
    write_archive(path, {"a": bytes(3_000_001), "b": bytes(3_000_000)})
    with pytest.raises(LimitError, match=r"bomb\.zip: unpacked, the ZIP archive would take 6,000,001 bytes"):
        list_archive(path)
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    with pytest.raises(LimitError, match="holds 3 files, over the limit of 2"):
        list_archive(write_archive(tmp_path / "many.zip", {"a": b"", "b": b"", "c": b""}))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "s.zip", {"a.png": PNG})
    with pytest.raises(FileAccessError, match="the ZIP archive holds no such file"):
        read_file(path / "b.png", limits=LIMITS)
    (tmp_path / "t").write_text("text")
    for absent in (tmp_path / "t" / "x.png", tmp_path / "absent.png"):
        with pytest.raises(FileAccessError, match="no such file or directory"):
            read_file(absent, limits=LIMITS)


def outcome(path: Path) -> str:
    """What reading every file of an archive ends with."""
    try:
        for name in list_archive(path).files if is_archive(path) else ():
            read_head(path, name, count=100)
            read_member(path / name, limits=LIMITS)
    except HilumError as error:
        return str(error)
    return "read"


def test_nothing_but_hilums_errors_comes_of_mutated_archives(tmp_path: Path) -> None:
    whole = write_archive(tmp_path / "s.zip", {"a/x.png": PNG, "y.dcm": bytes(300)}).read_bytes()
    rng = np.random.default_rng(7)
    seen = set()
    for number in range(400):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 1 + number % 6):
            data[at] = rng.integers(0, 256)
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data[: len(data) if number % 3 else int(rng.integers(4, len(data)))])
        said = outcome(path)
        assert "\n" not in said
        seen.add(said.partition(".zip")[2][:40])
    assert len(seen) > 5  # else the mutations met nothing
