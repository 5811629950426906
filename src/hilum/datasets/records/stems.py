"""A release's pictures by stem, in any folder and with any suffix: converted copies keep only the stem."""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.records.files import SUFFIXES
from hilum.errors import DataError

PICTURES = SUFFIXES | {".dcm", ".dicom", ".dic"}


def pictures_by_stem(folder: Path, *, release: str) -> dict[str, Path]:
    """Every picture or DICOM file below `folder` by its stem, in the order of the paths; hidden files are left out.

    Raises `DataError` where there is none, and where two files share a stem: it would be chance which one is read.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in PICTURES or path.name.startswith("."):
            continue
        first = found.setdefault(path.stem, path)
        if first != path:
            raise DataError(
                f"expected one picture of {path.stem} in {folder}, came {first} and {path}; keep one copy a folder"
            )
    if not found:
        raise DataError(f"expected the pictures of {release} below {folder}, came none; give the release's own folder")
    return found
