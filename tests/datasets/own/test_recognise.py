"""What a path without a name is."""

import pytest

from fabricate_releases import fabricate_class_folders, fabricate_own_table
from hilum.datasets.own.recognise import own_kind


def test_tables_boxes_and_class_folders_are_told_apart(tmp_path):
    table = fabricate_own_table(tmp_path / "own")
    assert own_kind(table) == own_kind(table / "table.csv") == "table"
    assert own_kind(fabricate_class_folders(tmp_path / "classes")) == "folder"
    (table / "table.csv").rename(table / "boxes.csv")
    assert own_kind(table) == own_kind(table / "boxes.csv") == "boxes"


@pytest.mark.parametrize("name", ["absent", "empty", "file.txt", "two"])
def test_other_paths_are_nothing(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").touch()
    (tmp_path / "two").mkdir()
    for table in ("a.csv", "b.csv"):
        (tmp_path / "two" / table).touch()
    assert own_kind(tmp_path / name) is None
