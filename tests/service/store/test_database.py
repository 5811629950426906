"""The tables are those of the steps; SQLite is set up to lose nothing; wrong addresses are told in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url, text

from hilum.errors import OutputError, UsageError
from hilum.service.store import database
from hilum.service.store.database import Database, file_system_of, sqlite_url, with_password
from hilum.service.store.store import Store
from hilum.service.store.tables import METADATA


def test_the_steps_make_the_tables_that_the_code_knows(store: Store) -> None:
    with store.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_opening_again_changes_nothing(make_store: Callable[..., Store]) -> None:
    first = make_store()
    with first.database.write() as connection:
        before = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    with make_store().database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == before


def test_rows_of_before_have_the_groups_of_now(tmp_path: Path) -> None:
    """A worklist of an earlier version keeps its order under the names of every list."""
    database = Database(sqlite_url(tmp_path))
    config = Config()
    config.set_main_option("script_location", "hilum.service.store:migrations")
    columns = "id, key, sha256, size, name, origin, stated, details, state, attempt, created_s, why, flagged"
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for at, (rank, urgency) in enumerate(
            [("flagged", 3.25), ("not read", 2.0), ("undecided", 1.5), ("nothing found", 0.0), ("waiting", 0.0)]
        ):
            values = f"'{at}', '{at}', '', 0, '', 'rest', '{{}}', '{{}}', 'done', 1, 0, '', ''"
            connection.execute(
                text(f"INSERT INTO job ({columns}, rank, urgency) VALUES ({values}, '{rank}', {urgency})")
            )
    database.migrate()
    with database.read() as connection:
        rows = connection.execute(text("SELECT rank, urgency FROM job ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [
        ("flagged", 6.25), ("could not be read", 5.0), ("not decided", 4.5), ("not flagged", 0.0), ("waiting", 0.0),
    ]  # fmt: skip
    database.close()


def test_sqlite_flushes_every_commit_that_is_to_last(sqlite_store: Store) -> None:
    def modes(*, lasting: bool) -> list[object]:
        with sqlite_store.database.write(lasting=lasting) as connection:
            return [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous")]

    assert modes(lasting=True) == ["wal", 2]  # 2 is FULL
    assert modes(lasting=False) == ["wal", 1]  # 1 is NORMAL: whole, and lost by a power cut at worst


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    insertion = text("INSERT INTO audit (at_s, who, address, action) VALUES (1, 'a', 'b', 'view')")

    def write() -> None:
        with store.database.write() as connection:
            connection.execute(insertion)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert store.audit.rows() == ()


@pytest.mark.parametrize("address", ["postgresql", "oracle://host/x", "nosuch://host/x"])
def test_a_wrong_address_is_told(address: str) -> None:
    with pytest.raises(UsageError, match=r"^--database"):
        Database(address)


def test_a_password_is_put_into_an_address() -> None:
    """Signs that an address gives a meaning are escaped, and come out again as they were."""
    whole = with_password("postgresql://hilum@host:5433/jobs", "p@ss/w:rd?")
    assert make_url(whole).password == "p@ss/w:rd?"
    assert make_url(whole) == make_url("postgresql://hilum@host:5433/jobs").set(password="p@ss/w:rd?")
    with pytest.raises(UsageError, match=r"^--database is no address"):
        with_password("postgresql", "secret")


def test_a_server_that_is_away_is_told_in_one_line() -> None:
    away = Database("postgresql://postgres@/hilum?host=/nowhere")
    with pytest.raises(OutputError, match="check its disk and its server") as caught, away.read():
        pass
    assert "\n" not in str(caught.value)


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    inner = tmp_path / "with space"
    inner.mkdir()
    shown = str(inner.resolve()).replace(" ", "\\040")
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {shown} nfs4 rw 0 0\n")
    assert file_system_of(inner / "store", mounts=mounts) == "nfs4"
    assert file_system_of(tmp_path, mounts=mounts) == "ext4"
    monkeypatch.setattr(database, "file_system_of", lambda _: "nfs4")
    with pytest.raises(UsageError, match="network file system \\(nfs4\\)"):
        sqlite_url(inner)
