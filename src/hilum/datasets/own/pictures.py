"""Where the pictures of somebody's table lie: beside it, below it, or where the table says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.files import PICTURES
from hilum.errors import DataError


class Pictures:
    """The pictures in `folder` and below it, by what a table may call them.

    A table names a picture by its path from the table's folder, by an absolute path, by the file's name, or by that
    name without its ending. The folder is searched once, and only where a path does not lead to a file. Of pictures of
    one name the one that lies nearest to the table is meant.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._named: Mapping[str, tuple[Path, ...]] | None = None

    def find(self, value: str) -> Path | None:
        """The picture that `value` names, or None. Raises `DataError` where it names several that lie equally near."""
        if not value:
            return None
        path = self.folder / value  # an absolute path stays what it is
        if path.suffix.lower() in PICTURES and path.is_file():
            return path
        found = self._below.get(Path(value).name, ())
        least = min((len(path.parts) for path in found), default=0)
        found = tuple(path for path in found if len(path.parts) == least)
        if len(found) > 1:
            raise DataError(
                f"{len(found)} pictures below {self.folder} are called {Path(value).name}, such as {found[0]} and "
                f"{found[1]}; write their folders into the table too"
            )
        return found[0] if found else None

    def has(self, value: str) -> bool:
        """Whether `value` names at least one picture."""
        try:
            return self.find(value) is not None
        except DataError:
            return True

    def name_of(self, path: Path) -> str:
        """What a record calls the picture: its path from the folder, else the file's name alone."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.name

    @property
    def _below(self) -> Mapping[str, tuple[Path, ...]]:
        if self._named is None:
            named: dict[str, tuple[Path, ...]] = {}
            for path in sorted(self.folder.rglob("*")):
                if path.suffix.lower() in PICTURES and not path.name.startswith("."):
                    for name in {path.name, path.stem}:
                        named[name] = (*named.get(name, ()), path)
            self._named = named
        return self._named
