"""The image files of a release's folder, by path and by stem, and their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeVar

from hilum.datasets.records.hash_memory import current_memory
from hilum.errors import DataError

_Record = TypeVar("_Record")

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
PICTURES = SUFFIXES | {".dcm", ".dicom", ".dic"}
"""Suffixes of pictures and DICOM files."""


def image_files(folder: Path, *, release: str, deep: bool = False) -> tuple[Path, ...]:
    """Every picture in `folder` (and below it where `deep`), sorted by path; hidden files are left out.

    Raises `DataError` where there is none: an empty release is a wrong path.
    """
    found = sorted(
        path
        for path in (folder.rglob("*") if deep else folder.glob("*"))
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    if not found:
        raise DataError(f"{folder} holds no pictures of {release}. Give the folder of the data set itself")
    return tuple(found)


def pictures_by_stem(folder: Path, *, release: str) -> dict[str, Path]:
    """Every picture or DICOM file below `folder` by its stem, since converted copies keep only that, in order of paths.

    Hidden files are left out. Raises `DataError` where there is none, and where two files share a stem: it would be
    chance which one is read.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in PICTURES or path.name.startswith("."):
            continue
        first = found.setdefault(path.stem, path)
        if first != path:
            raise DataError(f"{path.stem} is in {folder} twice: {first} and {path}. Keep one copy")
    if not found:
        raise DataError(
            f"{folder} holds no pictures of {release}, nor do the folders below it. Give the folder of the data set "
            "itself"
        )
    return found


def some_of(records: tuple[_Record, ...], *, folder: Path, such_as: str) -> tuple[_Record, ...]:
    """`records`, of those pictures of a release's tables that are in `folder`.

    Raises `DataError` where there is none: the folder is another one, or its files have other names than the tables
    give, `such_as` that of one of them.
    """
    if not records:
        raise DataError(
            f"{folder} holds no picture that the data set's tables name, such as {such_as}. Give the folder of the "
            "data set itself, and keep its files' names"
        )
    return records


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, remembered from an earlier run within `remembered_hashes`."""
    memory = current_memory()
    return hashlib.sha256(path.read_bytes()).hexdigest() if memory is None else memory.sha256(path)
