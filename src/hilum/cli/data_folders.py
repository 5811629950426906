"""`--data NAME=FOLDER`: which release lies where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hilum.datasets.adapters import ADAPTERS
from hilum.datasets.record import Record
from hilum.errors import DataError, UsageError
from hilum.evaluation.gate_study import STUDY_NAME


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


def gate_folder(pairs: Sequence[str]) -> Path:
    """The folder that holds all of a gate's releases, from the one pair `gate=FOLDER`.

    Raises `UsageError` for anything else, and `DataError` where there is no such folder.
    """
    name, equals, folder = pairs[0].partition("=") if len(pairs) == 1 else ("", "", "")
    if not equals or name != "gate":
        raise UsageError(f"expected --data gate=FOLDER and nothing else, came {', '.join(pairs) or 'none'}")
    if not Path(folder).is_dir():
        raise DataError(f"expected the folder of the gate's releases at {folder}, came no such folder; give its path")
    return Path(folder)


def needed_study(folder: Path | None) -> Path:
    """The study's folder; raises `UsageError` where none was named or it holds no tables."""
    if folder is None or not (folder / STUDY_NAME).is_file():
        raise UsageError(f"expected --study FOLDER with {STUDY_NAME}, came {folder}; run `hilum study gate` first")
    return folder
