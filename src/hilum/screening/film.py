"""One row of a plan: the film's name, what is said of the patient, and how its bytes are had when a reader asks."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import DataError, FileAccessError, UsageError
from hilum.imaging.decode import read_file
from hilum.imaging.pixels.limits import Limits
from hilum.output.patients import STATEMENTS, stated_of
from hilum.screening.object_store import MissingFilmError, is_url, read_object
from hilum.stated import Stated

_NAME = "path"


@dataclass(frozen=True, slots=True)
class FilmRow:
    """A film as the plan lists it: its name, relative to the plan's root, and the texts of `age`, `sex` and `view`."""

    name: str
    said: Mapping[str, str]

    def line(self) -> bytes:
        """The row as a line of JSON: a text where nothing is said, else an object."""
        value = {_NAME: self.name, **self.said} if self.said else self.name
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape") + b"\n"

    @property
    def stated(self) -> Stated:
        """What is said of the film. Raises `UsageError` for a text that is not understood."""
        return stated_of(self.said, where=self.name)


def film_row(line: bytes) -> FilmRow:
    """The row of a line. Raises `DataError` for a line that is none."""
    try:
        value = json.loads(line.decode("utf-8", "surrogateescape"))
        if isinstance(value, str):
            return FilmRow(value, {})
        return FilmRow(value.pop(_NAME), {name: value[name] for name in STATEMENTS if name in value})
    except (ValueError, AttributeError, KeyError) as error:
        raise DataError(f"The plan's list of films is damaged at the line {line[:80]!r}; plan again") from error


def place_of_film(name: str, *, root: str) -> str:
    """Where a film lies: its name as it stands where that says it all, else below the root."""
    if is_url(name) or posixpath.isabs(name) or Path(name).is_absolute():
        return name
    return f"{root.rstrip('/')}/{name}" if is_url(root) else str(Path(root) / name)


class Film:
    """A film that is opened when it is read, and called by its name in the plan."""

    def __init__(self, row: FilmRow, *, root: str, limits: Limits) -> None:
        self.name = row.name
        self.place = place_of_film(row.name, root=root)
        self._limits = limits

    def read(self, size: int = -1, /) -> bytes:
        """All of its bytes, whatever `size` is, if they are within the limits.

        Raises `MissingFilmError` where there is no such file, and what `read_file` and `read_object` raise.
        """
        del size
        if is_url(self.place):
            return read_object(self.place, limits=self._limits)
        try:
            with Path(self.place).open("rb") as file:
                return file.read(self._limits.max_bytes + 1)
        except FileNotFoundError:
            raise MissingFilmError("there is no such file") from None
        except NotADirectoryError:  # a film in a ZIP archive has no file of its own
            return read_file(Path(self.place), limits=self._limits)
        except OSError as error:
            raise FileAccessError(f"cannot be read ({(error.strerror or str(error)).lower()})") from None


def check_said(row: FilmRow, *, where: str) -> FilmRow:
    """The row, whose texts are understood. Raises `UsageError` that says `where` in the manifest one is not."""
    if row.said:
        stated_of(row.said, where=where)
    if not row.name:
        raise UsageError(f"{where}: this row names no film; fill in its path, or remove the row")
    return row
