"""Lung boxes and flags that were drawn before, kept on disk by the hash of the file and by what drew them.

A box is data in the record: it is drawn once by a lung bundle (`training/data/lung_boxes.py`) and kept here, and
preprocessing only cuts it out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hilum.errors import OutputError
from hilum.geometry import Box

MEMORY_NAME = "lung-boxes.sqlite"

_BATCH = 32
_WAIT_S = 60.0
_TABLE = (
    "CREATE TABLE IF NOT EXISTS drawings (drawer TEXT, sha256 TEXT, x REAL, y REAL, width REAL, height REAL, "
    "trusted INTEGER, flags TEXT, PRIMARY KEY (drawer, sha256)) WITHOUT ROWID"
)
_FIND = "SELECT x, y, width, height, trusted, flags FROM drawings WHERE drawer = ? AND sha256 = ?"
_KEEP = "INSERT OR REPLACE INTO drawings VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

Row = tuple[str, str, float, float, float, float, bool, str]


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """The box around the lungs in native pixels of one file, whether the drawing was trusted, and its flags."""

    box: Box
    trusted: bool
    flags: tuple[str, ...]

    @property
    def usable(self) -> Box | None:
        """The box where it was trusted: what a record carries."""
        return self.box if self.trusted else None


@dataclass(slots=True, eq=False)
class LungBoxMemory:
    """The open memory of one drawer's boxes."""

    _database: sqlite3.Connection
    _drawer: str
    _new: list[Row] = field(default_factory=list)

    def find(self, sha256: str) -> DrawnBox | None:
        """The box of the file with this hash, or None where it was not drawn yet."""
        row = self._database.execute(_FIND, (self._drawer, sha256)).fetchone()
        return None if row is None else DrawnBox(Box(*row[:4]), bool(row[4]), tuple(json.loads(row[5])))

    def keep(self, sha256: str, drawn: DrawnBox) -> None:
        """Remember a box; a kill loses the last few."""
        box = drawn.box
        flags = json.dumps(drawn.flags)
        self._new.append((self._drawer, sha256, box.x, box.y, box.width, box.height, drawn.trusted, flags))
        if len(self._new) >= _BATCH:
            self.save()

    def save(self) -> None:
        """Write what is new, in one transaction: a kill leaves all of it or none."""
        with self._database:
            self._database.executemany(_KEEP, self._new)
        self._new.clear()


@contextmanager
def remembered_boxes(folder: Path | None, *, drawer: str) -> Iterator[LungBoxMemory]:
    """The memory of `drawer` in `folder`, which is made where it is not there; None remembers nothing after the end.

    `drawer` names everything that decides a box. What was kept is saved also where the context ends in an exception.
    Several processes may remember at once. Raises `OutputError` where the memory cannot be written or is no database.
    """
    path = None if folder is None else folder / MEMORY_NAME
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(":memory:" if path is None else path, timeout=_WAIT_S)) as database:
            database.execute(_TABLE)
            memory = LungBoxMemory(database, drawer)
            try:
                yield memory
            finally:
                memory.save()
    except (sqlite3.Error, FileExistsError, NotADirectoryError, PermissionError) as error:
        raise OutputError(
            f"cannot remember lung boxes in {path}: {error}; remove the file, or name another folder with --cache"
        ) from error
