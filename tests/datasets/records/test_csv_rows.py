import gzip

import pytest

from hilum.datasets.records.csv_rows import decimal_comma_text, find_table, read_lines, read_rows, to_number
from hilum.errors import DataError

TEXT = '\ufeffname, age ,\r\n"a,b", 3 ,,extra\r\nc\r\n'


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_rows_are_stripped_and_named(tmp_path, suffix):
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(gzip.compress(TEXT.encode()) if suffix else TEXT.encode())
    assert find_table(tmp_path, names=("absent.csv", "t.csv")) == path
    assert read_rows(path, needed=("name", "age")) == [{"name": "a,b", "age": "3"}, {"name": "c", "age": ""}]


@pytest.mark.parametrize("text", ["name,age\na,3\nb,0,990\n", "name,age,\na,3,\nb,0,990,\n"])
def test_cells_without_a_column_are_refused_in_ones_own_table_alone(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    assert read_rows(tmp_path / "t.csv", needed=())[1] == {"name": "b", "age": "0"}
    with pytest.raises(
        DataError, match=r"t\.csv, line 3: more cells than columns \(990\)\. Write decimals with a point"
    ):
        read_rows(tmp_path / "t.csv", needed=(), surplus_refused=True)


def test_empty_cells_without_a_column_are_none(tmp_path):
    (tmp_path / "t.csv").write_text("name,age,,\na,3,,\nb,4,,,,\n")
    assert [row["age"] for row in read_rows(tmp_path / "t.csv", needed=(), surplus_refused=True)] == ["3", "4"]


def test_decimals_with_a_comma_are_told_from_what_is_no_number():
    assert decimal_comma_text(["", "0,93", "1"]) == "has decimals with a comma (0,93). Write them with a point"
    for cells in ([], [""], ["0.93", "1"], ["0,93", "high"], ["1,000,5"]):
        assert decimal_comma_text(cells) is None


def test_lines_without_empty_ones(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"a.png\r\n\r\n b.png")
    assert read_lines(tmp_path / "list.txt") == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column 'name'; found: an empty file"),
        (b"title\n1\n", "has no column 'name'; found: title"),
        (b"\xff\xfe\x00", r"Save the table as CSV in UTF-8: .*t\.csv is not UTF-8 text"),
        ("name\nMüller\n".encode("cp1252"), r"Save the table as CSV in UTF-8: .*t\.csv is not UTF-8 text"),
        (b'name\n"' + b"x" * 200_000, "is not a CSV table that can be read"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_rows(tmp_path / "t.csv", needed=("name",))


def test_lines_as_a_spreadsheet_of_windows_saves_them_are_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes("name\nMüller\n".encode("cp1252"))
    with pytest.raises(DataError, match="Save the table as CSV in UTF-8"):
        read_lines(tmp_path / "t.csv")


def test_no_table_names_all_that_would_do(tmp_path):
    with pytest.raises(DataError, match=r"has no a\.csv or b\.csv \(or \.gz\)"):
        find_table(tmp_path, names=("a.csv", "b.csv"))


def test_numbers_are_finite():
    assert to_number(" 2.5 ", where="x") == 2.5
    for text in ("nan", "inf", "", "2,5"):
        with pytest.raises(DataError, match="Not a number for row 7"):
            to_number(text, where="row 7")
