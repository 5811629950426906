"""A database has one folder: another is refused, and the same one is known wherever it lies."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from hilum.errors import UsageError
from hilum.service.store.belonging import ID_FILE
from hilum.service.store.database import Database
from hilum.service.store.job import Upload
from hilum.service.store.store import Store, StoreOptions, open_store

UPLOAD = Upload(name="a.png", origin="page")


@pytest.fixture
def options(tmp_path: Path, database_url: str | None) -> StoreOptions:
    """One database, beside the folders."""
    return StoreOptions(database=database_url or f"sqlite:///{tmp_path / 'shared.sqlite3'}")


def test_a_second_folder_is_refused_and_takes_no_job(tmp_path: Path, options: StoreOptions) -> None:
    first = open_store(tmp_path / "first", options=options)
    first.queue.accept(b"image", upload=UPLOAD, settings_sha256="0" * 64)
    with pytest.raises(UsageError, match=r"belongs to another folder than .*second.* --folder.* --database") as caught:
        open_store(tmp_path / "second", options=options)
    assert not (tmp_path / "second" / ID_FILE).exists()
    open_store(tmp_path / "first", options=options).close()
    lease = first.queue.claim("reader")
    assert lease is not None
    assert first.files.read_bytes(lease.job.sha256) == b"image"
    (tmp_path / "second" / ID_FILE).write_text(str(caught.value).split("write ")[1].split()[0])  # as it advises
    open_store(tmp_path / "second", options=options).close()
    first.close()


def test_a_folder_with_another_database_of_its_own_is_refused(tmp_path: Path, options: StoreOptions) -> None:
    open_store(tmp_path / "first", options=options).close()
    open_store(tmp_path / "second").close()
    with pytest.raises(UsageError, match="belongs to another folder"):
        open_store(tmp_path / "second", options=options)


def test_a_folder_that_was_moved_is_the_same(tmp_path: Path, options: StoreOptions) -> None:
    open_store(tmp_path / "first", options=options).close()
    (tmp_path / "first").rename(tmp_path / "moved")
    open_store(tmp_path / "moved", options=options).close()


def test_a_folder_takes_a_new_database(make_store: Callable[..., Store], tmp_path: Path) -> None:
    make_store()
    known = (tmp_path / "store" / ID_FILE).read_text()
    other = StoreOptions(database=f"sqlite:///{tmp_path / 'other.sqlite3'}")
    open_store(tmp_path / "store", options=other).close()
    assert (tmp_path / "store" / ID_FILE).read_text() == known


def test_a_store_of_before_gets_its_id_at_the_first_start(tmp_path: Path, options: StoreOptions) -> None:
    """A power cut may leave the file without the row, and then the file counts."""
    assert options.database is not None
    database, config = Database(options.database), Config()
    config.set_main_option("script_location", "hilum.service.store:migrations")
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    database.close()
    open_store(tmp_path / "first", options=options, check=False).close()  # who only counts decides nothing
    assert not (tmp_path / "first" / ID_FILE).exists()
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / ID_FILE).write_text("ab" * 16 + "\n")
    open_store(tmp_path / "second", options=options).close()
    assert (tmp_path / "second" / ID_FILE).read_text() == "ab" * 16 + "\n"
    with pytest.raises(UsageError, match="ab" * 16):
        open_store(tmp_path / "first", options=options)
