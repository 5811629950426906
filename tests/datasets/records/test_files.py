import pytest

from hilum.datasets.records.files import pictures_by_stem
from hilum.errors import DataError


def test_any_folder_and_suffix_but_no_hidden_or_other_files(tmp_path):
    for name in ("a/x.PNG", "b/c/y.jpg", "z.dicom", "a/.hidden.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = pictures_by_stem(tmp_path, release="this")
    assert {stem: path.name for stem, path in found.items()} == {"x": "x.PNG", "y": "y.jpg", "z": "z.dicom"}


def test_one_stem_twice_and_no_picture_are_refused(tmp_path):
    with pytest.raises(DataError, match="holds no pictures of this"):
        pictures_by_stem(tmp_path, release="this")
    for name in ("x.png", "x.jpg"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match=r"x is in .* twice: .*x\.jpg and .*x\.png"):
        pictures_by_stem(tmp_path, release="this")
