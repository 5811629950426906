import pytest

from fabricate_releases import fabricate_class_folders, fabricate_own_table
from hilum.cli.read_releases import read_releases
from hilum.errors import DataError, UsageError


def test_releases_come_in_the_order_given(tmp_path):
    table, folder = fabricate_own_table(tmp_path / "a"), fabricate_class_folders(tmp_path / "b")
    mixed = read_releases([f"folder={folder}", f"table={table}"])
    assert [record.source for record in mixed.records] == ["folder"] * 4 + ["table"] * 3


@pytest.mark.parametrize("pair", ["nowhere", "zoo=x", "=x"])
def test_a_pair_that_is_none_is_refused(pair):
    with pytest.raises(UsageError, match="expected --data NAME=FOLDER with NAME among nih"):
        read_releases([pair])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="expected the folder of table at"):
        read_releases([f"table={tmp_path / 'gone'}"])
