"""`--data NAME=FOLDER`, given once for each release: the records of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hilum.datasets.adapters import ADAPTERS
from hilum.datasets.record import Record
from hilum.errors import DataError, UsageError


def read_releases(pairs: Sequence[str]) -> tuple[Record, ...]:
    """The records of every pair, in the order of the pairs; one release may lie in several folders.

    Raises `UsageError` for a pair that is not NAME=FOLDER, and `DataError` for a folder that is not there or no such
    release.
    """
    records: list[Record] = []
    for pair in pairs:
        name, equals, folder = pair.partition("=")
        if not equals or name not in ADAPTERS:
            raise UsageError(f"expected --data NAME=FOLDER with NAME among {', '.join(ADAPTERS)}, came {pair!r}")
        if not Path(folder).is_dir():
            raise DataError(f"expected the folder of {name} at {folder}, came no such folder; give its path")
        records += ADAPTERS[name](Path(folder))
    return tuple(records)
