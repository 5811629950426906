"""What an earlier run of hilum wrote, known by what it holds, so that it is never read as a radiograph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from hilum.errors import HilumError

_PICTURES = {".overlay.png": ".json", ".mask.png": ".lungs.json", ".lungs.png": ".lungs.json"}
"""The ending of each picture that `hilum read` and `hilum segment` write, and that of the JSON beside it."""

_SCHEMAS = (b'"schema": "hilum.reading/', b'"schema": "hilum.lungs/')
_HEAD_BYTES = 4096

_REPORT, _REPORT_SCHEMA = "report.json", b'"schema": "hilum.report/'

Beside = Callable[[str, int], bytes]
"""The first so many bytes of the file of this name in the same folder. Raises `OSError` or a `HilumError`."""


def is_own_output(path: PurePath, *, beside: Beside) -> bool:
    """Whether `path` is a picture that hilum wrote: it ends like one, and the JSON beside it is hilum's."""
    for picture, json in _PICTURES.items():
        if path.name.endswith(picture):
            try:
                head = beside(path.name.removesuffix(picture) + json, _HEAD_BYTES)
            except (OSError, HilumError):
                continue
            return any(schema in head for schema in _SCHEMAS)
    return False


def is_report(folder: Path) -> bool:
    """Whether `folder` is a report of `hilum evaluate` or `hilum judge`, whose figures are no radiographs."""
    try:
        with (folder / _REPORT).open("rb") as file:
            return _REPORT_SCHEMA in file.read(_HEAD_BYTES)
    except OSError:
        return False
