"""Tables of patients: found, read strictly, and matched with the images that are read."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from hilum.errors import UsageError
from hilum.output.inputs import InputFile, find_inputs
from hilum.output.patients import find_tables, match_patients, read_patients
from hilum.stated import Stated

HEAD = "image,age,sex,view,assume_scope\n"


def table(folder: Path, text: str, *, name: str = "patients.csv", encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def files(*paths: Path) -> tuple[InputFile, ...]:
    return tuple(InputFile(str(path), path.as_posix().lstrip("/")) for path in paths)


def said(path: Path, *images: Path) -> dict[str, Stated]:
    matched = match_patients([read_patients(path)], files=files(*images))
    return {Path(relative).name: stated for relative, stated in matched.stated.items()}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_says_what_it_says(tmp_path: Path, delimiter: str, encoding: str, end: str) -> None:
    lines = ["File, Age ,SEX,view,assume_scope,ward", "a.png,6M,f,ap,,3", "b.png,,,,yes,", ",,,,,", "c.png,40"]
    text = end.join(lines).replace(",", delimiter) + end
    path = table(tmp_path, text, encoding=encoding)
    found = said(path, *(tmp_path / name for name in ("a.png", "b.png", "c.png", "d.png")))
    assert found == {
        "a.png": Stated(age_years=0.5, sex="F", view="AP"),
        "b.png": Stated(assume_scope=True),
        "c.png": Stated(age_years=40.0),
    }
    assert read_patients(path).unused == ("ward",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            HEAD + "a.png,abc,,,\n",
            "line 2: Not an age: 'abc'. Write it like 40, 45Y, 6M, 3W or 10D",
        ),
        (HEAD + "a.png,3,,,\nb.png,3,girl,,\n", "line 3: Not a sex: 'girl'. Use F, M or O"),
        (HEAD + "a.png,3,,sideways,\n", "line 2: Not a view: 'sideways'. Use PA, AP, LL"),
        (HEAD + "a.png,,,,perhaps\n", "line 2: Not yes or no: 'perhaps'"),
        (HEAD + ",3,,,\n", "line 2: the name of the image is missing"),
        ("picture,age\na.png,3\n", "has no column named image; found: picture"),
        ("", "found: an empty file"),
        (HEAD + '"a.png,3\n', "line 1: unexpected end of data"),
        ("image,age\na.png,3,5\n", "line 2: more cells than columns (5). Write decimals with a point"),
        ("image,age,Age\na.png,3,40\n", "the column age is there 2 times. Keep one"),
        ("image,age,IMAGE\na.png,3,b.png\n", "the column image is there 2 times. Keep one"),
    ],
)
def test_what_is_not_understood_is_one_line_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(UsageError) as raised:
        read_patients(path)
    message = str(raised.value)
    assert says in message
    assert str(path) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text", [",image,age\n0,a.png,45\n1,,\n", "image,age,\na.png,45,note\n", "image,age,\na.png,45,,\n"]
)
def test_a_column_without_a_name_says_nothing(tmp_path: Path, text: str) -> None:
    read = read_patients(table(tmp_path, text))
    assert [(row.image, row.stated) for row in read.rows] == [("a.png", Stated(age_years=45.0))]
    assert read.unused == ()


def test_a_cell_beyond_a_last_column_without_a_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"line 2: more cells than columns \(beyond\)"):
        read_patients(table(tmp_path, "image,age,\na.png,45,note,beyond\n"))


def test_decimals_that_a_comma_parts_are_no_note_in_a_column_without_a_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"line 2: more cells than columns \(5\)\. Write decimals with a point"):
        read_patients(table(tmp_path, "image,age,\na.png,3,5,\n"))


@pytest.mark.parametrize("value", ["", "NA", "n/a", "nan", "unknown", "?", "-"])
def test_a_value_that_is_not_known_says_nothing(tmp_path: Path, value: str) -> None:
    (row,) = read_patients(table(tmp_path, f"image,age,view\na.png,{value},{value}\n")).rows
    assert row.stated == Stated()


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", b"\x89PNG\r\n\x1a\n\xff"])
def test_a_table_that_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "patients.csv").write_bytes(data)
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_patients(tmp_path / "patients.csv")
    with pytest.raises(UsageError, match="Cannot read the table of patients"):
        read_patients(tmp_path / "absent.csv")


def test_a_name_is_a_path_from_the_table_or_the_end_of_one(tmp_path: Path) -> None:
    path = table(tmp_path, HEAD + "in/a.png,1,,,\nb.png,2,,,\nin\\deep\\c.png,3,,,\n../other/d.png,4,,,\n")
    images = [tmp_path / "in/a.png", tmp_path / "in/b.png", tmp_path / "in/deep/c.png", tmp_path.parent / "other/d.png"]
    assert {name: stated.age_years for name, stated in said(path, *images).items()} == {
        "a.png": 1.0, "b.png": 2.0, "c.png": 3.0, "d.png": 4.0,
    }  # fmt: skip


def test_a_name_of_two_images_is_refused_unless_one_lies_just_there(tmp_path: Path) -> None:
    path = table(tmp_path, HEAD + "a.png,1,,,\n")
    one, other = tmp_path / "x/a.png", tmp_path / "y/a.png"
    with pytest.raises(UsageError, match=r"line 2: a\.png may be .*x/a\.png or .*y/a\.png\. Write more of the path"):
        said(path, one, other)
    matched = match_patients([read_patients(path)], files=files(tmp_path / "a.png", one))
    assert list(matched.stated) == [files(tmp_path / "a.png")[0].relative]


def test_no_image_gets_what_is_said_of_its_namesake_in_another_folder(tmp_path: Path) -> None:
    path = table(tmp_path / "x", HEAD + "a.png,3,,,\n")
    elsewhere = files(tmp_path / "y/a.png")
    assert match_patients([read_patients(path)], files=elsewhere).stated == {}
    assert list(match_patients([read_patients(path)], files=elsewhere, anywhere=True).stated) == [elsewhere[0].relative]


def test_two_rows_of_one_image_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path, HEAD + "a.png,1,,,\nx/a.png,2,,,\n")
    with pytest.raises(UsageError, match=r"line 3: x/a\.png has a row already, on line 2"):
        said(path, tmp_path / "x/a.png")


def test_rows_of_no_image_are_told(tmp_path: Path) -> None:
    path = table(tmp_path, HEAD + "a.png,1,,,\ngone.png,2,,,\n")
    matched = match_patients([read_patients(path)], files=files(tmp_path / "a.png"))
    assert [(row.image, row.line) for _, row in matched.unmatched] == [("gone.png", 3)]


def test_a_table_is_found_in_the_folder_else_beside_it(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    assert find_tables([str(scans)]) == ()
    beside = table(tmp_path, HEAD)
    assert find_tables([str(scans)]) == (beside,)
    inside = table(scans, HEAD)
    assert find_tables([str(scans)]) == (inside,)
    assert find_tables([str(scans / "a.png"), str(scans / "b.png")]) == (inside,)


def test_a_table_in_an_archive_tells_of_what_lies_in_it(tmp_path: Path) -> None:
    study = tmp_path / "study.zip"
    with ZipFile(study, "w") as archive:
        archive.writestr("patients.csv", HEAD + "a.png,3,,,\n")
        archive.writestr("a.png", b"")
    (found,) = find_tables([str(study)])
    assert {name: one.age_years for name, one in said(found, study / "a.png").items()} == {"a.png": 3.0}


def test_it_is_never_read_as_an_image_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    inputs = find_inputs([str(tmp_path)], out=None)
    assert [Path(file.name).name for file in inputs.files] == ["a.png"]
    reason = "a table of patients that is not used; name it with --patients"
    assert [(Path(one.name).name, one.reason) for one in inputs.skipped] == [("patients.csv", reason)]


def test_beside_what_has_too_long_a_name_there_may_be_a_table(tmp_path: Path) -> None:
    assert find_tables([str(tmp_path / ("a" * 300))]) == ()
    (tmp_path / "patients.csv").write_text("image,age\nx.png,3\n")
    assert find_tables([str(tmp_path / ("a" * 300))]) == (tmp_path / "patients.csv",)
