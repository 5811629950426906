"""The folder of a data set, as a command names it."""

from __future__ import annotations

from pathlib import Path

from hilum.errors import DataError
from hilum.there import is_folder, is_there


def folder_of(name: str, folder: Path) -> Path:
    """The folder, which is there. Raises `DataError` that says what lies there instead."""
    if is_folder(folder):
        return folder
    if is_there(folder):
        raise DataError(f"{folder} is a file; name the folder of {name} that holds it: {folder.parent}")
    raise DataError(f"No folder {folder}; give the path of the folder that holds {name}")
