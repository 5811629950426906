"""A table's words for its pictures."""

import pytest

from hilum.datasets.own.pictures import Pictures
from hilum.errors import DataError


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "sub/b.dcm", "one/c.png", "two/c.png", ".hidden.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_a_picture_is_found_by_path_by_name_and_without_its_ending(folder):
    pictures = Pictures(folder)
    assert pictures.find("a.png") == folder / "a.png"
    assert pictures.find("a") == folder / "a.png"
    assert pictures.find("b.dcm") == pictures.find("b") == pictures.find("sub/b.dcm") == folder / "sub" / "b.dcm"
    assert pictures.find(str(folder / "a.png")) == folder / "a.png"
    assert pictures.find("elsewhere/b.dcm") == folder / "sub" / "b.dcm", "a path of another machine"
    assert pictures.name_of(folder / "sub" / "b.dcm") == "sub/b.dcm"
    assert pictures.name_of(folder.parent / "x.png") == "x.png", "no path of this machine"


@pytest.mark.parametrize("value", ["", "gone.png", "sub", ".hidden.png"[1:]])
def test_what_is_not_there_is_none(folder, value):
    assert Pictures(folder).find(value) is None


def test_two_pictures_of_one_name_are_refused(folder):
    pictures = Pictures(folder)
    assert pictures.find("one/c.png") == folder / "one" / "c.png"
    assert pictures.has("c.png")
    with pytest.raises(DataError, match=r"2 pictures below .* are called c\.png"):
        pictures.find("c.png")
