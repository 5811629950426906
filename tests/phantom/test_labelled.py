"""Labelled chests: a table that tells of every picture, and pictures that differ."""

import csv

import pytest

from hilum.errors import FileAccessError
from hilum.phantom.labelled import write_labelled_chests


def test_every_second_chest_has_what_the_table_says(tmp_path):
    *pictures, table = write_labelled_chests(tmp_path / "chests", count=4)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [path.name for path in pictures]
    assert [row["Consolidation"] for row in rows] == ["0", "1", "0", "1"]
    assert [row["patient"] for row in rows] == ["phantom-000"] * 2 + ["phantom-001"] * 2
    assert len({path.read_bytes() for path in pictures}) == 4
    again = write_labelled_chests(tmp_path / "again", count=2)
    assert again[0].read_bytes() == pictures[0].read_bytes()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileAccessError, match="cannot write phantoms into"):
        write_labelled_chests(tmp_path / "file" / "x", count=2)
