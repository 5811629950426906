"""Where a plan and its parts lie: a folder, or a prefix of an object store; what appears there appears whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from hilum.errors import FileAccessError, OutputError
from hilum.screening.object_store import ANY_ERROR, is_url, open_store, plain_reason
from hilum.whole_files import fill_whole, remove_strays

GO_ON = "what is read stays; give the same command again"
_BLOCK = 1 << 20


class Place(Protocol):
    """A folder of files, none of which is ever seen half written.

    What reads raises `FileAccessError` where a file is not there or cannot be read, what writes `OutputError`; both say
    that what was done stays.
    """

    def __str__(self) -> str:
        """How a user names it."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def read(self, name: str) -> bytes:
        """All of a file."""

    def read_range(self, name: str, *, start: int, length: int) -> bytes:
        """A stretch of a file."""

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to read from, wherever one likes in it."""

    def names(self, folder: str) -> Iterator[str]:
        """The names of the files in a folder of this place, in no order; none where it is not there."""

    def fill(self, name: str, *, fill: Callable[[BinaryIO], None]) -> None:
        """Let `fill` write a file of any size, which then replaces what had the name."""

    def publish(self, name: str, data: bytes) -> bool:
        """Put a file where none has the name; False where another run was first, whose file stays in a store."""

    def remove_strays(self) -> None:
        """Remove what killed runs left unfinished."""


def place_of(name: str) -> Place:
    """The folder or the prefix of an object store that a user names.

    Raises `MissingPartError` for a store whose library is not installed, and `UsageError` for one that is not known.
    """
    return ObjectPlace(name) if is_url(name) else FolderPlace(Path(name))


class FolderPlace:
    """A folder of a file system, which may be shared by many machines; files are renamed into place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.folder / name).is_file()

    def read(self, name: str) -> bytes:
        """All of a file."""
        with self.opened(name) as file, _readable(self.folder / name):
            return file.read()

    def read_range(self, name: str, *, start: int, length: int) -> bytes:
        """A stretch of a file."""
        with self.opened(name) as file, _readable(self.folder / name):
            file.seek(start)
            return file.read(length)

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """A file to read from."""
        with _readable(self.folder / name):
            file = (self.folder / name).open("rb")
        with file:
            yield file

    def names(self, folder: str) -> Iterator[str]:
        """The names of the files in a folder of this place."""
        with _readable(self.folder / folder):
            try:
                with os.scandir(self.folder / folder) as found:
                    for entry in found:
                        yield entry.name
            except FileNotFoundError:
                return

    def fill(self, name: str, *, fill: Callable[[BinaryIO], None]) -> None:
        """Let `fill` write a file, flush it to disk and rename it."""
        path = self.folder / name
        with _writable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            fill_whole(path, fill=fill)

    def publish(self, name: str, data: bytes) -> bool:
        """Rename a file into place; of two runs with the same bytes, either may be last."""
        self.fill(name, fill=lambda file: cast("None", file.write(data)))
        return True

    def remove_strays(self) -> None:
        """Remove what killed runs left unfinished."""
        remove_strays(self.folder)


class ObjectPlace:
    """A prefix of an object store; a file is put only where none is (`If-None-Match`)."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._store: Any = open_store(url)

    def __str__(self) -> str:
        return self._url

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        with self._reading(name):
            self._store.invalidate_cache()
            return bool(self._store.exists(self._key(name)))

    def read(self, name: str) -> bytes:
        """All of a file."""
        with self._reading(name):
            return cast("bytes", self._store.cat_file(self._key(name)))

    def read_range(self, name: str, *, start: int, length: int) -> bytes:
        """A stretch of a file."""
        with self._reading(name):
            return cast("bytes", self._store.cat_file(self._key(name), start=start, end=start + length))

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """A file to read from."""
        with self._reading(name), self._store.open(self._key(name), "rb") as file:
            yield file

    def names(self, folder: str) -> Iterator[str]:
        """The names of the files in a folder of this place."""
        with self._reading(folder):
            self._store.invalidate_cache()
            try:
                found = self._store.ls(self._key(folder), detail=False)
            except FileNotFoundError:
                return
        for key in found:
            yield str(key).rpartition("/")[2]

    def fill(self, name: str, *, fill: Callable[[BinaryIO], None]) -> None:
        """Let `fill` write a file on this machine, and upload it."""
        with tempfile.TemporaryFile() as file:
            try:
                fill(file)
                file.seek(0)
                with self._store.open(self._key(name), "wb") as upload:
                    while block := file.read(_BLOCK):
                        upload.write(block)
            except ANY_ERROR as error:
                raise self._cannot_write(name, error) from error

    def publish(self, name: str, data: bytes) -> bool:
        """Put a file where none has the name; False where there was one, which stays."""
        try:
            self._store.pipe_file(self._key(name), data, mode="create")
        except FileExistsError:
            return False
        except ANY_ERROR as error:
            if "PreconditionFailed" in repr(error) or "At least one of the pre-conditions" in str(error):
                return False
            raise self._cannot_write(name, error) from error
        return True

    def remove_strays(self) -> None:
        """Nothing is ever left unfinished in a store."""

    def _key(self, name: str) -> str:
        return f"{self._url}/{name}"

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise FileAccessError(f"There is no {self._key(name)}") from error
        except ANY_ERROR as error:
            raise FileAccessError(f"Cannot read {self._key(name)}: {plain_reason(error)}; {GO_ON}") from error

    def _cannot_write(self, name: str, error: Exception) -> OutputError:
        return OutputError(f"Cannot write {self._key(name)}: {plain_reason(error)}; {GO_ON}")


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileAccessError(f"There is no {path}") from error
    except OSError as error:
        raise FileAccessError(f"Cannot read {path}: {error.strerror or error}; check its permissions") from error


@contextlib.contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}; make room, {GO_ON}") from error
