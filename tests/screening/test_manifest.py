"""What is named to be screened: tables, folders, and what is wrong with them in one line."""

import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from hilum.errors import DataError, FileAccessError, UsageError
from hilum.output.inputs import SkippedFile
from hilum.screening.film import FilmRow
from hilum.screening.manifest import Manifest, manifest


def rows(source: Path, *, column: str | None = None) -> list[FilmRow]:
    return list(manifest(str(source), root=None, column=column).rows(leave_out=None))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_names_films_and_what_is_said_of_them(tmp_path: Path, delimiter: str) -> None:
    table = tmp_path / "films.csv"
    lines = ["Age,Path,view,note", "45Y,a.png,PA,x", ',"b, c.png",,', "3,d.png"]
    if delimiter != ",":
        lines = [line.replace('"b, c.png"', "b.png").replace(",", delimiter) for line in lines]
    table.write_text("\n".join(lines) + "\n")
    found = rows(table)
    assert found[0] == FilmRow("a.png", {"age": "45Y", "view": "PA"})
    assert found[0].stated.age_years == 45
    assert found[1] == FilmRow("b, c.png" if delimiter == "," else "b.png", {})
    assert found[2] == FilmRow("d.png", {"age": "3"})


def test_a_parquet_names_them_too(tmp_path: Path) -> None:
    table = tmp_path / "films.parquet"
    pq.write_table(pa.table({"where": ["a.png", "b.png"], "age": [45.5, None]}), table)
    assert rows(table, column="where") == [FilmRow("a.png", {"age": "45.5"}), FilmRow("b.png", {})]


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("name\na.png\n", UsageError, r"films\.csv has no column called path; its columns: name\. Name the one"),
        ("path,age\na.png,old\n", UsageError, r"films\.csv, line 2: .*old"),
        ("path,age\na.png,3,5\n", UsageError, r"films\.csv, line 2: more cells than columns \(5\)\. Write decimals"),
        ("age,path\n3,a.png\n4\n", UsageError, r"films\.csv, line 3: this row names no film"),
        ("path\na.png\n\n  \n", UsageError, r"films\.csv, line 4: this row names no film"),
        (b"path\n\xff\xfe\n", DataError, r"films as CSV in UTF-8: .*films\.csv is not UTF-8 text after line 0"),
        ('path\n"a.png\n', DataError, r"films\.csv, line \d+: unexpected end of data"),
    ],
)
def test_what_is_wrong_in_a_csv_is_one_line_that_names_the_place(
    tmp_path: Path, content: str | bytes, error: type[Exception], said: str
) -> None:
    table = tmp_path / "films.csv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error, match=said) as raised:
        rows(table)
    assert "\n" not in str(raised.value)


def test_a_damaged_parquet_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "films.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match=r"films\.parquet is no Parquet file that can be read"):
        rows(tmp_path / "films.parquet")


def test_a_folder_gives_its_images_by_name_without_the_plan_itself(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "a.png", ".hidden.png", "plan/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (4, 4)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "broken.png").write_text("no image, but it says so")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    found = Manifest(str(tmp_path), str(tmp_path)).rows(leave_out=tmp_path / "plan")
    assert [row.name for row in found] == ["a.png", "broken.png", "b/10.png", "b/2.png"]


def fill_with_outputs(folder: Path) -> None:
    """A film, and beside it what hilum wrote, an archive and a table of patients."""
    Image.new("L", (4, 4)).save(folder / "a.png")
    for name in ("a.png.overlay.jpg", "report/roc.png", "mask.mask.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.new("L", (4, 4)).save(folder / name)
    (folder / "a.png.json").write_text('{"schema": "hilum.reading/1"}')
    (folder / "mask.lungs.json").write_text('{"schema": "hilum.lungs/1"}')
    (folder / "report" / "report.json").write_text('{"schema": "hilum.report/1"}')
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(folder / "a.png", "b.png")
    (folder / "patients.csv").write_text("image,age\na.png,4\n")


def test_what_is_no_film_in_a_folder_is_told_with_the_reason(tmp_path: Path) -> None:
    fill_with_outputs(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link").symlink_to(tmp_path / "report")
    told: list[SkippedFile] = []
    found = Manifest(str(tmp_path), str(tmp_path)).rows(leave_out=None, skip=told.append)
    assert [row.name for row in found] == ["a.png"]
    assert {str(Path(each.name).relative_to(tmp_path)): each.reason for each in told} == {
        "a.png.json": "not an image",
        "a.png.overlay.jpg": "written by an earlier run of hilum",
        "link": "linked folder, not followed",
        "mask.lungs.json": "not an image",
        "mask.mask.png": "written by an earlier run of hilum",
        "more.zip": "a ZIP archive, which is not searched; unpack it",
        "patients.csv": "a table of patients that is not used; name it in the place of the folder",
        "pipe.png": "not a regular file",
        "report": "a report that hilum wrote",
    }


def test_what_is_not_there_and_what_is_no_manifest_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="There is no nowhere"):
        manifest("nowhere", root=None, column=None)
    (tmp_path / "a.txt").touch()
    with pytest.raises(UsageError, match="is no manifest; name a CSV"):
        manifest(str(tmp_path / "a.txt"), root=None, column=None)


def test_relative_names_begin_at_the_manifests_folder_or_where_one_says(tmp_path: Path) -> None:
    (tmp_path / "films.csv").touch()
    source = str(tmp_path / "films.csv")
    assert manifest(source, root=None, column=None).root == str(tmp_path)
    assert manifest(source, root="/mnt/films", column=None).root == "/mnt/films"
    assert manifest(source, root="s3://films", column=None).root == "s3://films"
