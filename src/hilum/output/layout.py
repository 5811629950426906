"""Where the outputs of each image stand in the output folder, and which images cannot have theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

ObjectKind = Literal["sr", "pr", "sc", "seg"]
"""DICOM objects: structured report, presentation state, picture (secondary capture), segmentation."""

OBJECT_KINDS: tuple[ObjectKind, ...] = get_args(ObjectKind)

INDEX = "index.html"
READINGS = "readings.jsonl"
TABLE = "readings.csv"
FAILURES = "failures.jsonl"
SKIPPED = "skipped.jsonl"
_THUMBNAILS = ".thumbnails"
_OF_THE_BATCH = frozenset({INDEX, READINGS, TABLE, FAILURES, SKIPPED, _THUMBNAILS})


@dataclass(frozen=True, slots=True)
class OutputPaths:
    """The outputs of one image, as POSIX paths relative to the output folder; the thumbnail is for the index."""

    json: str
    overlay: str
    page: str
    thumbnail: str

    def in_folder(self, folder: Path) -> tuple[Path, ...]:
        """The same under `folder`, in the order of the fields."""
        return folder / self.json, folder / self.overlay, folder / self.page, folder / self.thumbnail


def output_paths(relative: str) -> OutputPaths:
    """The outputs of the image at `relative` (POSIX, with its suffix): `relative` plus one ending each.

    Thumbnails stand in a hidden folder of their own.
    """
    thumbnail = f"{_THUMBNAILS}/{relative}.png"
    return OutputPaths(f"{relative}.json", f"{relative}.overlay.jpg", f"{relative}.html", thumbnail)


def object_path(relative: str, kind: ObjectKind) -> str:
    """Where a DICOM object of the image at `relative` stands, as a POSIX path relative to the output folder."""
    return f"{relative}.{kind}.dcm"


def object_paths(relative: str) -> tuple[str, ...]:
    """Where all DICOM objects of the image may stand."""
    return tuple(object_path(relative, kind) for kind in OBJECT_KINDS)


def clashes(relatives: Iterable[str]) -> dict[str, str]:
    """The images whose outputs cannot stand in the folder, each with the one-line reason.

    Endings are added to the whole name, so the outputs of two images never share a name. What remains is an image
    called `index` (its page would be the index), one in a folder called like a file of the batch, and one whose
    output has the name of a folder that others need.
    """
    listed = tuple(relatives)
    folders = {relative: {parent.as_posix() for parent in PurePosixPath(relative).parents} for relative in listed}
    needed = _OF_THE_BATCH.union(*folders.values())
    found = {}
    for relative in listed:
        paths = output_paths(relative)
        outputs = {paths.json, paths.overlay, paths.page, paths.thumbnail, *object_paths(relative)}
        taken = outputs & needed | folders[relative] & _OF_THE_BATCH
        if taken:
            found[relative] = f"The name of the output {min(taken)} is taken. Rename the image"
    return found
