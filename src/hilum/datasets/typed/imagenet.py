"""ImageNet photographs: `n01440764/n01440764_10026.JPEG` as released, or a flat folder of `n01440764_tench.jpg`.

The group is the WordNet id, so that no kind of thing stands on both sides of a split.
"""

from __future__ import annotations

import re
from pathlib import Path

from hilum.datasets.records.files import image_files
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError

LICENCE = "ImageNet photographs, Deng et al. 2009, research use"

_NAME = re.compile(r"(?P<wordnet>n\d{8})_")


def read_imagenet(folder: Path) -> tuple[Record, ...]:
    """Every photograph under `folder`, sorted by path. Raises `DataError` for a name without a WordNet id."""
    return tuple(_record(path, folder=folder) for path in image_files(folder, release="ImageNet", deep=True))


def _record(path: Path, *, folder: Path) -> Record:
    match = _NAME.match(path.name)
    if match is None:
        raise DataError(f"The name of {path} is not like n01440764_10026.JPEG. Remove or rename the file")
    return typed_record(
        path, image=path.relative_to(folder).as_posix(), group=match["wordnet"], source="photos", is_xray=False
    )
