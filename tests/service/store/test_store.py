"""A store opens where it may, for its user alone."""

import stat
from pathlib import Path

import pytest

from hilum.errors import OutputError, UsageError
from hilum.service.store.store import Store, StoreOptions, open_store


def test_the_folder_is_for_this_user_alone(sqlite_store: Store) -> None:
    assert stat.S_IMODE(sqlite_store.folder.stat().st_mode) == 0o700


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(OutputError, match="name another folder"):
        open_store(tmp_path / "store")


@pytest.mark.parametrize("options", [{"capacity": 0}, {"keep_days": -1.0}])
def test_options_out_of_range(options: dict) -> None:
    with pytest.raises(UsageError):
        StoreOptions(**options)
