"""The output folder of a batch: made, locked, and freed of what a killed run left unfinished."""

from __future__ import annotations

from pathlib import Path

from hilum.output.layout import object_path, object_paths, output_paths
from hilum.output.lock import Held, held_folder
from hilum.there import is_file, is_there
from hilum.whole_files import remove_file


class OutputFolder(Held):
    """Holds the folder at `path` from construction until `close`; one process at a time.

    Raises `OutputError` where another process holds it, or where it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = held_folder(path)

    def has_outputs(self, relative: str, *, objects: bool = False, pictures: bool = True) -> bool:
        """Whether all outputs of the image at `relative` are there; with `objects` a DICOM report must be, too.

        Without `pictures` its JSON is all that must be there, and nothing that shows the picture may be.

        An image that was stopped between its outputs is not in the journal, so one object stands for all.
        """
        paths = output_paths(relative).in_folder(self.path)
        reports = [self.path / object_path(relative, "sr")] if objects else []
        json, *shown = paths
        right = (is_file(path) if pictures else not is_there(path) for path in shown)
        return is_file(json) and all(right) and all(map(is_file, reports))

    def remove_outputs(self, relative: str) -> None:
        """Remove the outputs of the image at `relative`: a reading that no longer holds must not be found."""
        objects = (self.path / path for path in object_paths(relative))
        for path in (*output_paths(relative).in_folder(self.path), *objects):
            remove_file(path)

    def close(self) -> None:
        """Give the folder free."""
        self._lock.close()
