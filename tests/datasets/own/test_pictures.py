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
    assert pictures.find("sub/b") == pictures.find("./sub/b.dcm") == pictures.find("sub\\b.dcm") == pictures.find("b")
    assert pictures.name_of(folder / "sub" / "b.dcm") == "sub/b.dcm"
    assert pictures.name_of(folder.parent / "x.png") == "x.png", "no path of this machine"


@pytest.mark.parametrize(
    "value",
    ["", "gone.png", "sub", ".hidden.png"[1:], "/", "elsewhere/b.dcm", "elsewhere/b", "/other/machine/sub/b.dcm"],
)
def test_what_is_not_there_is_none_whatever_else_has_its_name(folder, value):
    assert Pictures(folder).find(value) is None


def test_a_path_may_begin_above_or_below_the_tables_folder(folder):
    (folder / "one" / "deep").mkdir()
    (folder / "one" / "deep" / "d.png").touch()
    pictures = Pictures(folder)
    assert pictures.find("deep/d.png") == pictures.find("one/deep/d") == folder / "one" / "deep" / "d.png"
    assert pictures.find(f"{folder.name}/one/c.png") == folder / "one" / "c.png"


def test_two_pictures_of_one_name_are_refused(folder):
    (folder / "two" / "one").mkdir()
    (folder / "two" / "one" / "c.png").touch()
    pictures = Pictures(folder)
    assert pictures.find("one/c.png") == pictures.find("one/c") == folder / "one" / "c.png"
    assert pictures.has("c.png")
    with pytest.raises(
        DataError, match=r"more of the path of c\.png into the table: 2 pictures below .* are called so"
    ):
        pictures.find("c.png")
    (folder / "one" / "c.png").rename(folder / "one" / "e.png")
    (folder / "sub" / "one").mkdir()
    (folder / "sub" / "one" / "c.png").touch()
    pictures = Pictures(folder)
    with pytest.raises(DataError, match=r"more of the path of one/c into the table: 2 pictures below"):
        pictures.find("one/c")


def test_of_one_name_alone_the_nearest_is_meant(folder):
    (folder / "one" / "thumbs").mkdir()
    (folder / "one" / "thumbs" / "b.dcm").touch()
    assert Pictures(folder).find("b.dcm") == folder / "sub" / "b.dcm"
