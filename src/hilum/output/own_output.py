"""What an earlier run of hilum wrote, known by what it holds, so that it is never read as a radiograph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePath, PurePosixPath

from hilum.errors import HilumError

_PICTURES = {
    ".overlay.jpg": ".json",
    ".overlay.png": ".json",
    ".sc.dcm": ".json",
    ".mask.png": ".lungs.json",
    ".heart.png": ".lungs.json",
    ".lungs.png": ".lungs.json",
}
"""The ending of each picture that `hilum read` and `hilum segment` write or wrote, and that of the JSON beside it."""

_SCHEMAS = (b'"schema": "hilum.reading/', b'"schema": "hilum.lungs/')
_HEAD_BYTES = 4096

_REPORTS = {"report.json": b'"schema": "hilum.report/', "comparison.json": b'"schema": "hilum.comparison/'}
"""The JSON of each report, whose figures lie beside it and in folders beside it."""

OWN_OUTPUT, REPORT = "written by an earlier run of hilum", "a report that hilum wrote"
"""Why such a picture and such a folder are passed over."""

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


def is_report(beside: Beside) -> bool:
    """Whether the folder is a report of `hilum evaluate`, `judge` or `compare`, whose figures are no radiographs."""
    return any(_holds(schema, name, beside) for name, schema in _REPORTS.items())


def report_folders(names: Iterable[str], *, head: Beside) -> frozenset[PurePosixPath]:
    """The folders that are such reports among the files of an archive; `head` reads one by its name."""
    paths = [PurePosixPath(name) for name in names]
    found = [path for path in paths if path.name in _REPORTS]
    return frozenset(path.parent for path in found if _holds(_REPORTS[path.name], str(path), head))


def _holds(schema: bytes, name: str, beside: Beside) -> bool:
    try:
        return schema in beside(name, _HEAD_BYTES)
    except (OSError, HilumError):
        return False
