"""Where the pictures of somebody's table lie: beside it, below it, or where the table says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from hilum.datasets.records.files import PICTURES
from hilum.errors import DataError


class Pictures:
    """The pictures in `folder` and below it, by what a table may call them.

    A table names a picture by its path from the table's folder, by an absolute path, by as much of the path's end as
    tells it, or by the file's name alone; the ending may be left out. A folder that is named must be the picture's own:
    `b/1.png` is never `a/1.png`. The folder is searched once, and only where a path does not lead to a file. Of several
    pictures that a name alone may mean, the one that lies nearest to the table is meant.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths: tuple[Path, ...] | None = None
        self._by_end: dict[int, Mapping[tuple[str, ...], Sequence[Path]]] = {}

    def find(self, value: str) -> Path | None:
        """The picture that `value` names, or None. Raises `DataError` where it may be one of several."""
        if not value:
            return None
        path = self.folder / value  # an absolute path stays what it is
        if path.suffix.lower() in PICTURES and path.is_file():
            return path
        parts = PurePosixPath(value.replace("\\", "/")).parts
        found = self._ending_in(parts)
        place = self.folder.joinpath(*parts).parent
        found = [one for one in found if one.parent == place] or found
        if len(parts) == 1:
            least = min((len(one.parts) for one in found), default=0)
            found = [one for one in found if len(one.parts) == least]
        if len(found) > 1:
            raise DataError(
                f"Write more of the path of {value} into the table: {len(found)} pictures below {self.folder} are "
                f"called so, such as {found[0]} and {found[1]}"
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

    def _ending_in(self, parts: tuple[str, ...]) -> Sequence[Path]:
        """The pictures whose path ends in these parts, the last with or without its ending.

        They are sorted once for each number of parts, so that a long table with absent pictures is read in time.
        """
        if len(parts) not in self._by_end:
            by_end: defaultdict[tuple[str, ...], list[Path]] = defaultdict(list)
            for path in self._below():
                folders = path.absolute().parts[-len(parts) : -1]
                for name in {path.name, path.stem}:
                    by_end[*folders, name].append(path)
            self._by_end[len(parts)] = by_end
        return self._by_end[len(parts)].get(parts, ())

    def _below(self) -> tuple[Path, ...]:
        if self._paths is None:
            self._paths = tuple(
                path
                for path in sorted(self.folder.rglob("*"))
                if path.suffix.lower() in PICTURES and not path.name.startswith(".")
            )
        return self._paths
