"""One process holds an output folder: a lock on a file in it, which the system drops when the process dies.

The ledger of looks is held by the same lock.
"""

from __future__ import annotations

import errno
import os
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from hilum.errors import OutputError
from hilum.whole_files import output_error, remove_strays

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME = ".hilum.lock"
_HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
_FAR = 1 << 30
"""Windows locks bytes that others may then not read: one far behind the end of the file."""


class Held(ABC):
    """What is held from its making until `close`, or to the end of a `with`."""

    @abstractmethod
    def close(self) -> None:
        """Give it free; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FolderLock(Held):
    """Holds `folder` from construction until `close` (or the end of a `with`, or of the process).

    The lock file stays behind: removing it could let two processes lock two files of one name. Raises `OutputError`
    where another process holds the folder (in the words of `held`), or where the folder cannot be written.
    """

    def __init__(self, folder: Path, *, held: str | None = None) -> None:
        path = folder / LOCK_NAME
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise output_error(path, error) from error
        try:
            lock_file(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            if error.errno in _HELD:
                other = (
                    f"Another hilum process is writing into {folder}. Wait for it to end or name another --out folder"
                )
                raise OutputError(held or other) from error
            raise OutputError(
                f"Cannot lock {path}: {error.strerror}. Name an --out folder on a file system with locks"
            ) from error

    def close(self) -> None:
        """Give the folder free; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def held_folder(folder: Path) -> FolderLock:
    """The folder, made where it is not there, held, and freed of what a killed run left unfinished.

    Raises `OutputError` where another process holds it, or it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
    lock = FolderLock(folder)
    remove_strays(folder)
    return lock


if sys.platform == "win32":

    def lock_file(descriptor: int, *, wait: bool = False) -> None:
        """As on other systems, of which this one differs in waiting ten seconds at most."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:

    def lock_file(descriptor: int, *, wait: bool = False) -> None:
        """Lock an open file until it is closed or the process ends; `wait` for as long as another process holds it.

        Raises `OSError` where another holds it and nobody waits, and where the file system knows no locks.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
