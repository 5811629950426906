"""The balance of Barnett 2023: healthy training pictures in four groupings, each copied with one change.

The paper numbers the healthy pictures of the official train folder and copies 1 to 600 enlarged by 30%, 1 to 600 again
turned upside down, 601 to 1200 rotated by 20 degrees, and 1201 to the end mirrored. Of 1,341 that makes 3,282 beside
3,875 with pneumonia. It says neither in which order the files are numbered nor what becomes of the frame. Here they are
numbered in the order of their names, an enlarged picture is cut to its middle (whatever enlarges it whole is undone
where the network's input is made), and a rotation, counter-clockwise, keeps the frame and leaves its corners black.

Copies are made of the native pixels, brought to the network's input, and lie as PNG in the study's folder: they are
patients' pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import Split
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import PreprocessSpec, apply_steps
from hilum.radiograph import Pixels
from hilum.report.windowing import encode_png, to_grey8
from hilum.training.recipe.recipe import TRAIN
from hilum.whole_files import write_whole

Change = Literal["enlarged", "upside down", "rotated", "mirrored"]

OFFICIAL = "train"
"""The official folder whose healthy pictures are numbered."""
ENLARGED = 1.3
ROTATED_DEG = 20.0

Copies = Mapping[str, tuple[Record, ...]]
"""By the name of an original, its altered copies."""

MakeCopies = Callable[[], Copies]
"""Makes the copies when they are first asked for: a folder is the study's by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """The healthy pictures `first` to `last`, counted from 1, are copied with `change`; `last` None is the end."""

    first: int
    last: int | None
    change: Change

    def holds(self, number: int) -> bool:
        """Whether the picture with this number is one of them."""
        return self.first <= number and (self.last is None or number <= self.last)

    def in_words(self) -> str:
        """`1-600 enlarged`."""
        return f"{self.first}-{'end' if self.last is None else self.last} {self.change}"


GROUPINGS = (
    Grouping(first=1, last=600, change="enlarged"),
    Grouping(first=1, last=600, change="upside down"),
    Grouping(first=601, last=1200, change="rotated"),
    Grouping(first=1201, last=None, change="mirrored"),
)
FEW = (
    Grouping(first=1, last=4, change="enlarged"),
    Grouping(first=1, last=4, change="upside down"),
    Grouping(first=5, last=8, change="rotated"),
    Grouping(first=9, last=None, change="mirrored"),
)
"""For a smoke run, which has a few healthy pictures."""


def numbered(records: Sequence[Record]) -> dict[str, int]:
    """The number of each healthy picture of the official train folder, from 1, in the order of their names."""
    healthy = sorted(one.image for one in records if one.official == OFFICIAL and one.labels.get(LABEL) == 0.0)
    return {image: place for place, image in enumerate(healthy, start=1)}


def altered_copies(
    records: Sequence[Record], *, groupings: Sequence[Grouping], spec: PreprocessSpec, folder: Path, jobs: int = 1
) -> Copies:
    """The copies of all healthy pictures among `records`, made in `folder` where they do not lie there yet.

    Files are named by what they were made of: a copy of another picture or size is never taken for one of these.
    `jobs` pictures are altered at the same time. Raises what decoding raises, and `OutputError` where a file cannot be
    written.
    """
    numbers = numbered(records)
    wanted = [
        (record, grouping.change)
        for record in records
        if record.image in numbers
        for grouping in groupings
        if grouping.holds(numbers[record.image])
    ]
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="hilum-copy") as pool:
        made = list(pool.map(partial(_copy, spec=spec, folder=folder), wanted))
    copies: dict[str, tuple[Record, ...]] = {}
    for (record, _), copy in zip(wanted, made, strict=True):
        copies[record.image] = (*copies.get(record.image, ()), copy)
    return copies


def with_copies(split: Split, *, copies: Copies) -> Split:
    """The split whose part `train` has the copies of its pictures too; no other part has any."""
    own = split.parts[TRAIN]
    added = [copy for record in own for copy in copies.get(record.image, ())]
    return replace(split, parts={**split.parts, TRAIN: (*own, *added)})


def alter(pixels: Pixels, *, change: Change) -> Pixels:
    """Pixels (H, W) in [0, 1], changed, in a frame of the same size."""
    rows, columns = pixels.shape
    match change:
        case "upside down":
            return np.ascontiguousarray(pixels[::-1])
        case "mirrored":
            return np.ascontiguousarray(pixels[:, ::-1])
        case "rotated":
            turned = Image.fromarray(pixels).rotate(ROTATED_DEG, Image.Resampling.BILINEAR)
            return np.asarray(turned, np.float32)
        case "enlarged":
            width, height = columns / ENLARGED, rows / ENLARGED
            left, top = (columns - width) / 2, (rows - height) / 2
            middle = (left, top, left + width, top + height)
            larger = Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BILINEAR, box=middle)
            return np.clip(np.asarray(larger, np.float32), 0.0, 1.0)


def _copy(wanted: tuple[Record, Change], *, spec: PreprocessSpec, folder: Path) -> Record:
    record, change = wanted
    steps = hashlib.sha256("".join(step.model_dump_json() for step in spec.steps).encode()).hexdigest()
    path = folder / change.replace(" ", "-") / f"{record.sha256[:32]}-{steps[:8]}.png"
    if not path.is_file():
        pixels = decode(read_file(record.path), name=record.image).pixels
        grey, _ = apply_steps(alter(pixels, change=change), spec=spec)
        write_whole(path, encode_png(to_grey8(grey)))
    return replace(record, path=path, image=f"{record.image} {change}", sha256=file_sha256(path))
