"""The store: queue, readings, opinions and audit over one database and one folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import HilumError, OutputError, UsageError
from hilum.output.lock import FolderLock
from hilum.service.store.audit import Audit
from hilum.service.store.belonging import check_belonging
from hilum.service.store.database import Database, sqlite_url
from hilum.service.store.files import StoredFiles
from hilum.service.store.opinions import Opinions
from hilum.service.store.queue import Queue
from hilum.service.store.readings import HOUR_S, Readings

_DAY_S = 24 * HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How a store works.

    `database`: the address of a PostgreSQL database, or None for SQLite in the folder.
    `capacity`: how many files may wait or be read at once.
    `keep_days`: how long images, pages and overlays stay once they were read. With 0 the image goes as soon as it was
    read, and what was drawn of it an hour later.

    Raises `UsageError` for a value outside its range.
    """

    database: str | None = None
    capacity: int = 1000
    keep_days: float = 0.0

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise UsageError(f"the queue needs room for at least 1 file, not {self.capacity}")
        if self.keep_days < 0.0:
            raise UsageError(f"images can be kept for 0 days or more, not {self.keep_days:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What the service keeps; `close` lets go of the database."""

    folder: Path
    options: StoreOptions
    database: Database
    files: StoredFiles
    queue: Queue
    readings: Readings
    opinions: Opinions
    audit: Audit

    def close(self) -> None:
        """Let go of every connection to the database."""
        self.database.close()


def open_store(
    folder: Path,
    *,
    options: StoreOptions | None = None,
    migrate: bool = True,
    check: bool = True,
    clock: Callable[[], float] = time.time,
) -> Store:
    """Open the store in a folder, which is made where it is missing, for this user alone.

    `migrate`: bring the tables to this version. `check`: see that folder and database belong together; a database that
    belongs to no folder yet is this one's from then on. A process that the service itself started leaves out both, and
    who only counts the second. `clock` gives seconds since 1970. Raises `UsageError` for a folder on a network file
    system and for a database of another folder, and `OutputError` where folder or database cannot be used.
    """
    chosen = options or StoreOptions()
    _make(folder)
    database = Database(chosen.database or sqlite_url(folder))
    try:
        if migrate:
            database.migrate()
        if check:
            check_belonging(folder, database=database)
    except HilumError:
        database.close()
        raise
    files = StoredFiles(folder)
    keep_bytes = chosen.keep_days > 0.0
    return Store(
        folder=folder,
        options=chosen,
        database=database,
        files=files,
        queue=Queue(database=database, files=files, capacity=chosen.capacity, keep_bytes=keep_bytes, clock=clock),
        readings=Readings(
            database=database,
            files=files,
            keep_bytes=keep_bytes,
            keep_s=chosen.keep_days * _DAY_S if keep_bytes else HOUR_S,
            clock=clock,
        ),
        opinions=Opinions(database=database, clock=clock),
        audit=Audit(database=database, clock=clock),
    )


def hold_store(folder: Path) -> FolderLock:
    """Hold the folder of a store, which is made where it is missing; for the process that serves or listens.

    Raises `OutputError` where another one does, or the folder cannot be made.
    """
    _make(folder)
    return FolderLock(
        folder,
        held=f"Another hilum serve or hilum listen uses {folder}. End it, or name another folder with --folder; hilum "
        "serve with --from and --to does both",
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}); name another folder") from error
