"""SIIM-ACR Pneumothorax Segmentation 2019 (Kaggle): chests of ChestX-ray14, with pneumothorax outlined.

Layout (the challenge's page): `train-rle.csv` or `stage_2_train.csv` (ImageId, EncodedPixels: -1 where there is none;
one row an outline), and the pictures as DICOM, `IMAGE_ID.dcm`, anywhere below. Not tried on real files. The outlines
are not read, and the challenge's test came without labels.

The name of a file is an image's, not a patient's, so each counts as its own. The pictures are ChestX-ray14's,
converted: never call the one external to the other (`duplicates` knows byte-identical and resized pictures again).
"""

from __future__ import annotations

from pathlib import Path

from hilum.datasets.records.chest_of_header import chest_of_header
from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.dicom_header import read_header
from hilum.datasets.records.files import pictures_by_stem, some_of
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record

LICENCE = "SIIM-ACR Pneumothorax Segmentation Challenge 2019, images of ChestX-ray14 (NIH Clinical Center)"
LABEL = "Pneumothorax"

_NONE = "-1"


def read_siim_pneumothorax(folder: Path) -> tuple[Record, ...]:
    """The images that the table names and that are there, in its order; the one label is Pneumothorax.

    Raises `DataError` where the table or every image is missing, or a header cannot be read.
    """
    outcomes = _outcomes(folder)
    pictures = pictures_by_stem(folder, release="the SIIM-ACR challenge")
    records = tuple(
        chest_of_header(
            path,
            header=read_header(path),
            image=f"{image}.dcm",
            study=image,
            source="siim_pneumothorax",
            official="train",
            labels={LABEL: outcome},
            boxes=(),
        )
        for image, outcome in outcomes.items()
        if (path := pictures.get(image)) is not None
    )
    return some_of(records, folder=folder, such_as=f"{next(iter(outcomes), 'IMAGE_ID')}.dcm")


def list_siim_pneumothorax(folder: Path) -> Listing:
    """What the table names."""
    images = _outcomes(folder)
    return Listing(
        images={f"{image}.dcm": "train" for image in images},
        counts={"train": Count(images=len(images), patients=len(images))},
    )


def _outcomes(folder: Path) -> dict[str, float]:
    table = find_table(folder, names=("train-rle.csv", "stage_2_train.csv"))
    found: dict[str, float] = {}
    for row in read_rows(table, needed=("ImageId", "EncodedPixels")):
        outlined = float(row["EncodedPixels"] not in ("", _NONE))
        found[row["ImageId"]] = max(found.get(row["ImageId"], 0.0), outlined)
    return found
