"""The database of the service: SQLite in its folder by default, PostgreSQL by address; how to write and to read it."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from hilum.errors import MissingPartError, OutputError, UsageError

SQLITE_FILE = "jobs.sqlite3"
"""The name of SQLite's file in the service's folder."""

_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
)
_WAIT_S = 30.0
_ADVISORY_LOCK = 0x68696C75  # "hilu": one number for every writer that must not meet another


class Database:
    """A database whose writes are whole and on disk when they return.

    SQLite: write-ahead log, `synchronous=FULL`, two writing connections a process (see `write`), and `BEGIN IMMEDIATE`,
    so that writers of several processes wait for each other. PostgreSQL: its own locks.
    """

    def __init__(self, url: str) -> None:
        self._reading = _engine(url)
        self.is_sqlite = self._reading.dialect.name == "sqlite"
        self._writing = self._passing = self._reading
        if self.is_sqlite:
            self._writing, self._passing = (
                _engine(url, pool_size=1, max_overflow=0, pool_timeout=_WAIT_S) for _ in range(2)
            )
            _set_up_sqlite(self._reading, begin="BEGIN")
            _set_up_sqlite(self._writing, begin="BEGIN IMMEDIATE")
            _set_up_sqlite(self._passing, begin="BEGIN IMMEDIATE", synchronous="NORMAL")

    @contextmanager
    def write(self, *, alone: bool = False, lasting: bool = True) -> Generator[Connection]:
        """A transaction that commits at the end of the block, and leaves nothing behind where the block raises.

        `alone`: no other such transaction of any process runs meanwhile, on PostgreSQL too; what counts before it adds
        needs that. Without `lasting` a power cut may take the transaction back, though no kill of a process can: for
        what is only true while processes run, since the wait for the disk is most of its cost. Raises `OutputError`
        where the database cannot be written.
        """
        with _errors_told(), (self._writing if lasting else self._passing).begin() as connection:
            if alone and not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
            yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A transaction that only reads. Raises `OutputError` where the database cannot be reached."""
        with _errors_told(), self._reading.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables to what this version of hilum knows; does nothing where they are."""
        config = Config()
        config.set_main_option("script_location", "hilum.service.store:migrations")
        with self.write(alone=True) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Let go of every connection."""
        self._reading.dispose()
        self._writing.dispose()
        self._passing.dispose()


def sqlite_url(folder: Path) -> str:
    """The address of the database in a folder.

    Raises `UsageError` where the folder lies on a network file system: SQLite's locks do not hold there.
    """
    kind = file_system_of(folder)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise UsageError(
            f"{folder} lies on a network file system ({kind}), where SQLite can lose jobs; "
            "name a folder on a local disk, or use --database postgresql://…"
        )
    return f"sqlite:///{folder.resolve() / SQLITE_FILE}"


def with_password(url: str, password: str) -> str:
    """The address of a database with this password in it. Raises `UsageError` for what is no address."""
    try:
        return make_url(url).set(password=password).render_as_string(hide_password=False)
    except ArgumentError:
        raise _no_address() from None


def file_system_of(path: Path, *, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The kind of file system that a path lies on, such as ext4; None where the machine does not tell."""
    if not sys.platform.startswith("linux") or not mounts.exists():
        return None
    place, best, kind = path.resolve(), -1, None
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _, mounted, name, *_ = line.split(" ")
        root = Path(mounted.replace("\\040", " "))
        if place.is_relative_to(root) and len(root.parts) >= best:
            best, kind = len(root.parts), name
    return kind


def _engine(url: str, **options: Any) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise UsageError(f"--database {parsed.get_backend_name()} is not supported; use postgresql://…")
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(parsed, hide_parameters=True, **options)  # values hold names of files
    except ArgumentError:
        raise _no_address() from None
    except ModuleNotFoundError as error:
        raise MissingPartError(
            f'--database needs the package {error.name}, which is not installed; run: pip install "hilum[postgresql]"'
        ) from error


def _no_address() -> UsageError:
    return UsageError("--database is no address of a database; such as postgresql://user@host/hilum")


def _set_up_sqlite(engine: Engine, *, begin: str, synchronous: str = "FULL") -> None:
    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late and lock too little
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            f"busy_timeout={int(_WAIT_S * 1000)}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


@contextmanager
def _errors_told() -> Generator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]  # further lines may show a row
        raise OutputError(f"the database of jobs cannot be used ({reason}); check its disk and its server") from error
