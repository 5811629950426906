"""RSNA Pneumonia Detection Challenge 2018 (Shih et al. 2019): 26,684 frontal chests, boxes of suspected pneumonia.

Layout (Kaggle's page, stage 2): `stage_2_train_images/PATIENT_ID.dcm`, `stage_2_train_labels.csv` (patientId, x, y,
width, height, Target; one row a box in pixels of the file, or one without a box where Target is 0) and
`stage_2_detailed_class_info.csv` (patientId, class: Normal, `Lung Opacity`, `No Lung Opacity / Not Normal`). The test
images of the challenge came without boxes. Not tried on real files.

The name of a file is an image's, not a patient's, so each counts as its own. All pictures are from ChestX-ray14
(traps list, 14): `duplicates` knows them again by RSNA's mapping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hilum.datasets.records.chest_of_header import chest_of_header
from hilum.datasets.records.csv_rows import find_table, read_rows, to_number
from hilum.datasets.records.dicom_header import read_header
from hilum.datasets.records.files import some_of
from hilum.datasets.records.label_values import was_cleaned
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import LabelledBox, Record
from hilum.errors import DataError
from hilum.geometry import Box

LICENCE = "RSNA Pneumonia Detection Challenge 2018, Shih et al. 2019, images of ChestX-ray14 (NIH Clinical Center)"
BOXED = "Pneumonia"
"""What is boxed: a lung opacity that is suspicious of pneumonia."""
CLASSES = ("Normal", "Lung Opacity", "No Lung Opacity / Not Normal")
OFFICIAL = {"train": Count(images=26_684)}

_IMAGES = "stage_2_train_images"
_PLACES = ("x", "y", "width", "height")


def read_rsna_pneumonia(folder: Path) -> tuple[Record, ...]:
    """The images of `stage_2_train_images` that the tables name, in their order; labels are Pneumonia and No Finding.

    Raises `DataError` where a table or every image is missing, a row is malformed, or a header cannot be read.
    """
    rows, classes = _rows(folder), _classes(folder)
    records = tuple(
        _record(path, image=image, rows=found, kind=classes.get(image))
        for image, found in rows.items()
        if (path := folder / _IMAGES / f"{image}.dcm").is_file()
    )
    return some_of(records, folder=folder, such_as=f"{_IMAGES}/PATIENT_ID.dcm")


def list_rsna_pneumonia(folder: Path) -> Listing:
    """What the tables in `folder` name; ages are counted where the file is there."""
    rows = _rows(folder)
    boxed = [row for found in rows.values() for row in found if row["x"]]
    there = [path for image in rows if (path := folder / _IMAGES / f"{image}.dcm").is_file()]
    return Listing(
        images={f"{image}.dcm": "train" for image in rows},
        counts={"train": Count(images=len(rows), patients=len(rows))},
        ages_cleaned=sum(was_cleaned(read_header(path).age) for path in there),
        boxes=len(boxed),
        boxed_images=len({row["patientId"] for row in boxed}),
    )


def _rows(folder: Path) -> dict[str, list[dict[str, str]]]:
    table = find_table(folder, names=("stage_2_train_labels.csv",))
    rows: dict[str, list[dict[str, str]]] = {}
    for row in read_rows(table, needed=("patientId", *_PLACES, "Target")):
        if row["Target"] != ("1" if row["x"] else "0"):
            raise DataError(
                f"{table} gives {row['patientId']} the Target {row['Target']!r}, which must be 1 with a box or 0 "
                "without one. Use the challenge's own table"
            )
        rows.setdefault(row["patientId"], []).append(row)
    return rows


def _classes(folder: Path) -> dict[str, str]:
    table = find_table(folder, names=("stage_2_detailed_class_info.csv",))
    found = {row["patientId"]: row["class"] for row in read_rows(table, needed=("patientId", "class"))}
    for image, kind in found.items():
        if kind not in CLASSES:
            raise DataError(
                f"{table} gives {image} the class {kind!r}; known classes: {', '.join(CLASSES)}. Use the challenge's "
                "own table"
            )
    return found


def _record(path: Path, *, image: str, rows: Sequence[Mapping[str, str]], kind: str | None) -> Record:
    header = read_header(path)
    if not (header.width and header.height):
        raise DataError(f"The header of {image}.dcm has no Rows and Columns. Copy the file again")
    boxes = tuple(
        LabelledBox(
            label=BOXED,
            box=Box(*(to_number(row[name], where=image) for name in _PLACES)),
            frame=(header.width, header.height),
        )
        for row in rows
        if row["x"]
    )
    labels = {BOXED: float(bool(boxes))}
    if kind is not None:
        labels["No Finding"] = float(kind == "Normal")
    return chest_of_header(
        path,
        header=header,
        image=f"{image}.dcm",
        study=image,
        source="rsna",
        official="train",
        labels=labels,
        boxes=boxes,
    )
