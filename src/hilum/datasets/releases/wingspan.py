"""Wingspan (Dong et al. 2018): adult PA chests with masks of both lung fields and the heart, and measured ratios.

Layout: `images/wing000.jpg`, 512 x 512 pixels, stretched; `lungs/wing000.png` (255 is the patient's right lung, 128 the
left, 0 neither), `heart/wing000.png`, and `ctr.csv` (image, ctr: the cardiothoracic ratio, empty where nobody measured
it). Tried on 198 real chests of that layout, which are a part of the release. Nothing tells patients apart.

The lungs are drawn as fields, beside the heart; in 10 of the 198 the left one is drawn over the heart instead, and
covers 26 to 47% of it (all others at most 9%). Those are told by that share, and have no `lung_definition`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_rows, to_number
from hilum.datasets.records.files import pictures_by_stem, some_of
from hilum.datasets.records.listing import Listing
from hilum.datasets.records.masks import mask_named_as, read_mask
from hilum.datasets.records.record import Record, typed_record
from hilum.errors import DataError
from hilum.reading_result import LungDefinition

LICENCE = "Wingspan chests with masks of lungs and heart, Dong et al. 2018, MIT"
TABLE = "ctr.csv"
STRUCTURES = ("lungs", "heart")
MOST_OF_HEART = 0.2
"""The share of the heart that lungs drawn beside it may cover at most, as the two drawings overlap at their border."""


def read_wingspan(folder: Path) -> tuple[Record, ...]:
    """The chests that the table names and that are there, in its order, with the masks whose folder was copied too.

    Raises `DataError` where the table or every picture is missing, a row is malformed, or some chests have a mask and
    one has none.
    """
    named = _rows(folder)
    pictures = pictures_by_stem(folder / "images", release="Wingspan")
    records = tuple(_record(pictures[image], folder=folder) for image in named if image in pictures)
    return some_of(records, folder=folder / "images", such_as=next(iter(named), "the first"))


def list_wingspan(folder: Path) -> Listing:
    """What the table names."""
    return Listing(images=dict.fromkeys(_rows(folder), ""))


def _rows(folder: Path) -> list[str]:
    """The images that the table names, each with a cardiothoracic ratio within 0 and 1 or none."""
    table = find_table(folder, names=(TABLE,))
    images: list[str] = []
    for row in read_rows(table, needed=("image", "ctr")):
        image = row["image"]
        ratio = to_number(row["ctr"], where=image) if row["ctr"] else None
        if not image or image in images or not (ratio is None or 0 < ratio < 1):
            raise DataError(
                f"{table} names an image twice, or a ratio that is not within 0 and 1: {image!r} with {row['ctr']!r}. "
                "Use the table that comes with the data set"
            )
        images.append(image)
    return images


def _record(path: Path, *, folder: Path) -> Record:
    masks = {name: mask_named_as(path, folder=folder / name) for name in STRUCTURES if (folder / name).is_dir()}
    record = typed_record(path, image=path.stem, group=path.stem, source="wingspan", xray_type="chest", masks=masks)
    return replace(record, view="PA", patient_is_known=False, lung_definition=_definition(masks))


def _definition(masks: Mapping[str, Path]) -> LungDefinition | None:
    """The field; None where the lungs are drawn over the heart, and where one of the two masks is not there."""
    if set(masks) != set(STRUCTURES):
        return None
    lungs = read_mask(masks["lungs"]) > 0
    heart = read_mask(masks["heart"], shape=lungs.shape, of="heart") > 0
    return "field" if lungs[heart].mean() <= MOST_OF_HEART else None
