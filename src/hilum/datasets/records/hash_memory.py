"""Hashes of files from earlier runs, so that a release of a hundred thousand images is not read whole at every start.

A hash is taken over only where the file's path, size, time of change and time of status change are what they were, to
the nanosecond; a file changed within the last seconds is hashed and not remembered, since its next change could fall
into the same tick of the file system's clock. Within `remembered_hashes` the adapters' `file_sha256` looks here; it is
a context, not an argument, because every adapter of every release would hand it through.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from hilum.errors import OutputError

MEMORY_NAME = "hashes.sqlite"
SETTLED_NS = 3 * 10**9
"""How long a file must have been left alone before its hash is remembered."""

_BATCH = 1_000
_WAIT_S = 60.0
_TABLE = (
    "CREATE TABLE IF NOT EXISTS hashes "
    "(path TEXT PRIMARY KEY, size INTEGER, changed INTEGER, status INTEGER, sha256 TEXT) WITHOUT ROWID"
)
_FIND = "SELECT sha256 FROM hashes WHERE path = ? AND size = ? AND changed = ? AND status = ?"
_KEEP = "INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?)"

Row = tuple[str, int, int, int, str]


@dataclass(slots=True, eq=False)
class HashMemory:
    """The open memory; `hashed` counts the files that had to be read."""

    _database: sqlite3.Connection
    _new: list[Row] = field(default_factory=list)
    hashed: int = 0

    def sha256(self, path: Path) -> str:
        """The SHA-256 of the file's bytes, remembered or computed. Raises `OSError` where it cannot be read."""
        before = path.stat()
        key = (str(path.absolute()), before.st_size, before.st_mtime_ns, before.st_ctime_ns)
        found = self._database.execute(_FIND, key).fetchone()
        if found is not None:
            return str(found[0])
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.hashed += 1
        settled = time.time_ns() - max(before.st_mtime_ns, before.st_ctime_ns) > SETTLED_NS
        after = path.stat()
        if settled and (after.st_size, after.st_mtime_ns, after.st_ctime_ns) == key[1:]:
            self._new.append((*key, digest))
            if len(self._new) >= _BATCH:
                self.save()
        return digest

    def save(self) -> None:
        """Write what is new, in one transaction: a kill leaves all of it or none."""
        with self._database:
            self._database.executemany(_KEEP, self._new)
        self._new.clear()


_CURRENT: ContextVar[HashMemory | None] = ContextVar("hilum_hash_memory", default=None)


@contextmanager
def remembered_hashes(folder: Path) -> Iterator[HashMemory]:
    """Within this context `file_sha256` remembers, in `folder`, which is made where it is not there.

    Several processes may remember at once. Raises `OutputError` where the memory cannot be written or is no database.
    """
    path = folder / MEMORY_NAME
    try:
        with closing(_connect(path)) as database:
            memory = HashMemory(database)
            token = _CURRENT.set(memory)
            try:
                yield memory
            finally:
                _CURRENT.reset(token)
                memory.save()
    except sqlite3.Error as error:
        raise _cannot(path, error) from error


def current_memory() -> HashMemory | None:
    """The memory of the context, or None outside."""
    return _CURRENT.get()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot(path, error) from error
    database = sqlite3.connect(path, timeout=_WAIT_S)
    try:
        database.execute(_TABLE)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _cannot(path: Path, error: Exception) -> OutputError:
    return OutputError(
        f"Cannot save the hashes of images in {path}: {error}. Remove the file, or name another folder with --cache"
    )
