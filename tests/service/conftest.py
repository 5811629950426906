"""Stores for the tests: in SQLite, and in a PostgreSQL of their own where one is installed."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from fabricate_service import toy_bundle
from hilum.bundle.load import Bundle
from hilum.reading.reader import Reader
from hilum.service.store.store import Store, StoreOptions, open_store

_NUMBERS = itertools.count()


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address, without a database's name, of a server that listens on a socket in its own folder alone."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
    if not found or shutil.which("runuser") is None:
        pytest.skip("PostgreSQL is not installed (/usr/lib/postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="hilum-pg-"))
    as_user = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    tool = {name: [*as_user, str(found[-1] / name)] for name in ("initdb", "pg_ctl")}
    data = str(folder / "data")

    def run(name: str, *arguments: str) -> None:
        subprocess.run([*tool[name], *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL, cwd=folder)

    run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
    run(
        "pg_ctl",
        "-D",
        data,
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        f"-k {folder} -c listen_addresses='' -c fsync=off",
        "start",
    )
    try:
        yield f"postgresql+psycopg://postgres@/{{name}}?host={folder}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """An empty database of PostgreSQL, or None for SQLite in the store's folder."""
    if request.param == "sqlite":
        return None
    server: str = request.getfixturevalue("postgresql")
    name = f"hilum_{next(_NUMBERS)}"
    engine = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.format(name=name)


@pytest.fixture
def make_store(tmp_path: Path, database_url: str | None, clock: Clock) -> Iterator[Callable[..., Store]]:
    """Opens the store of the test, again as often as it is asked, with options by name."""
    opened = []

    def make(**options: float) -> Store:
        store = open_store(
            tmp_path / "store", options=StoreOptions(database=database_url, **options), clock=clock
        )  # fmt: skip
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: Callable[..., Store]) -> Store:
    return make_store()


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """For what has nothing to do with the database."""
    store = open_store(tmp_path / "store", clock=clock)
    yield store
    store.close()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return toy_bundle(tmp_path_factory.mktemp("shelf") / "toy")


@pytest.fixture(scope="session")
def reader(bundle: Bundle) -> Iterator[Reader]:
    with Reader(models=[bundle]) as opened:
        yield opened
