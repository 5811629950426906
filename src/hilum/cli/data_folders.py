"""`--data NAME=FOLDER`: which release lies where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hilum.datasets.adapters import ADAPTERS
from hilum.datasets.record import Record
from hilum.errors import DataError, UsageError


def read_release(pairs: Sequence[str], *, release: str) -> tuple[Record, ...]:
    """The records of `release` from the one pair that names it.

    Raises `UsageError` for a pair that is not NAME=FOLDER, names another release, or is missing.
    """
    folders: dict[str, Path] = {}
    for pair in pairs:
        name, equals, folder = pair.partition("=")
        if not equals or name not in ADAPTERS:
            raise UsageError(f"expected --data NAME=FOLDER with NAME among {', '.join(ADAPTERS)}, came {pair!r}")
        folders[name] = Path(folder)
    if set(folders) != {release}:
        raise UsageError(f"expected --data {release}=FOLDER and nothing else, came {', '.join(pairs) or 'none'}")
    if not folders[release].is_dir():
        raise DataError(f"expected the folder of {release} at {folders[release]}, came no such folder; give its path")
    return ADAPTERS[release](folders[release])
