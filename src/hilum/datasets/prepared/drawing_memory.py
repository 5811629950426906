"""What was drawn of lungs before, kept on disk by the hash of the file and by what drew it.

Each kind of drawing (a box, a mask) is a table of its own in one database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from hilum.errors import OutputError

MEMORY_NAME = "lung-boxes.sqlite"

_BATCH = 32
_WAIT_S = 60.0

T = TypeVar("T")
Cells = Sequence[Any]
"""What a row of a table holds beside its key, as sqlite takes and gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingTable(Generic[T]):
    """One kind of drawing: its table, the columns of that with their types, and the way there and back."""

    name: str
    columns: tuple[str, ...]
    cells: Callable[[T], Cells]
    drawing: Callable[[Cells], T]

    @property
    def create(self) -> str:
        """The statement that makes the table where it is not there."""
        columns = ", ".join(("drawer TEXT", "sha256 TEXT", *self.columns))
        return f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}, PRIMARY KEY (drawer, sha256)) WITHOUT ROWID"

    @property
    def find(self) -> str:
        """The statement that finds the cells of a drawing."""
        names = ", ".join(column.split()[0] for column in self.columns)
        return f"SELECT {names} FROM {self.name} WHERE drawer = ? AND sha256 = ?"

    @property
    def keep(self) -> str:
        """The statement that writes a row."""
        return f"INSERT OR REPLACE INTO {self.name} VALUES (?, ?{', ?' * len(self.columns)})"


@dataclass(slots=True, eq=False)
class DrawingMemory(Generic[T]):
    """The open memory of what one drawer drew."""

    _database: sqlite3.Connection
    _table: DrawingTable[T]
    _drawer: str
    _new: list[tuple[Any, ...]] = field(default_factory=list)

    def find(self, sha256: str) -> T | None:
        """The drawing of the file with this hash, or None where it was not drawn yet."""
        row = self._database.execute(self._table.find, (self._drawer, sha256)).fetchone()
        return None if row is None else self._table.drawing(row)

    def keep(self, sha256: str, drawn: T) -> None:
        """Remember a drawing; a kill loses the last few."""
        self._new.append((self._drawer, sha256, *self._table.cells(drawn)))
        if len(self._new) >= _BATCH:
            self.save()

    def save(self) -> None:
        """Write what is new, in one transaction: a kill leaves all of it or none."""
        with self._database:
            self._database.executemany(self._table.keep, self._new)
        self._new.clear()


@contextmanager
def remembered_drawings(folder: Path | None, *, table: DrawingTable[T], drawer: str) -> Iterator[DrawingMemory[T]]:
    """The memory of `drawer` in `folder`, which is made where it is not there; None remembers nothing after the end.

    `drawer` names everything that decides a drawing. What was kept is saved also where the context ends in an
    exception. Several processes may remember at once. Raises `OutputError` where the memory cannot be written or is no
    database.
    """
    path = None if folder is None else folder / MEMORY_NAME
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(":memory:" if path is None else path, timeout=_WAIT_S)) as database:
            database.execute(table.create)
            memory = DrawingMemory(database, table, drawer)
            try:
                yield memory
            finally:
                memory.save()
    except (sqlite3.Error, FileExistsError, NotADirectoryError, PermissionError) as error:
        raise OutputError(
            f"Cannot save the drawings of lungs in {path}: {error}. Remove the file, or name another folder with "
            "--cache"
        ) from error
