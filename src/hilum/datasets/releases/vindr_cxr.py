"""VinDr-CXR v1.0.0 (Nguyen et al. 2022, PhysioNet): 18,000 chests of adults, 22 boxed findings and 6 diagnoses.

Layout (PhysioNet's page): `train/` and `test/` with `IMAGE_ID.dicom`, and in `annotations/` (or beside them)
`image_labels_train.csv` (image_id, rad_id, one column a label; three rows an image, one a radiologist),
`image_labels_test.csv` (one row an image, by consensus), `annotations_train.csv` and `annotations_test.csv` (image_id,
class_name, x_min, y_min, x_max, y_max; a row without coordinates is No finding). Not tried on real files.

A label is positive where more than half of an image's radiologists gave it. The boxes of all of them are kept: of one
finding there may be several, which differ. Files name no patient: each study counts as its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hilum.datasets.records.chest_of_header import chest_of_header
from hilum.datasets.records.corner_box import box_rows, corner_box
from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.dicom_header import read_header
from hilum.datasets.records.files import some_of
from hilum.datasets.records.label_values import was_cleaned
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.findings import finding

LICENCE = "VinDr-CXR v1.0.0, Nguyen et al. 2022, PhysioNet credentialed health data use agreement 1.5.0"
LABELS = (
    "Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture", "Consolidation", "Edema",
    "Emphysema", "Enlarged pulmonary artery", "Interstitial lung disease", "Infiltration", "Lung Opacity",
    "Lung cavity", "Lung cyst", "Mediastinal shift", "Nodule/mass", "Effusion", "Pleural Thickening", "Pneumothorax",
    "Fibrosis", "Rib fracture", "Other lesion",
    "Chronic obstructive pulmonary disease", "Lung tumor", "Pneumonia", "Tuberculosis", "Other disease", "No Finding",
)  # fmt: skip
"""The columns of the image labels, in hilum's names: 22 boxed findings, then what speaks of the whole image."""

OFFICIAL = {"train": Count(images=15_000, patients=15_000), "test": Count(images=3_000, patients=3_000)}

_NOT_LABELS = ("image_id", "rad_id", "rad_ID")
_VALUES = {"0": 0.0, "0.0": 0.0, "1": 1.0, "1.0": 1.0}


def read_vindr_cxr(folder: Path) -> tuple[Record, ...]:
    """The DICOM files that the tables name and that are there, in the order of the tables; labels are all 28.

    Raises `DataError` where a table or every file is missing, a row is malformed, or a header cannot be read.
    """
    records = tuple(
        _record(path, image=image, part=part, labels=labels, boxes=boxes.get(image, []))
        for part in OFFICIAL
        for boxes in [_box_rows(folder, part=part)]
        for image, labels in _labels(folder, part=part).items()
        if (path := folder / part / f"{image}.dicom").is_file()
    )
    return some_of(records, folder=folder, such_as="train/IMAGE_ID.dicom or test/IMAGE_ID.dicom")


def list_vindr_cxr(folder: Path) -> Listing:
    """What the tables in `folder` name; ages are counted where the file is there."""
    named = {part: _labels(folder, part=part) for part in OFFICIAL}
    boxes = {part: _box_rows(folder, part=part) for part in OFFICIAL}
    there = [path for part, all_ in named.items() for i in all_ if (path := folder / part / f"{i}.dicom").is_file()]
    return Listing(
        images={f"{part}/{image}.dicom": part for part, all_ in named.items() for image in all_},
        counts={part: Count(images=len(all_), patients=len(all_)) for part, all_ in named.items()},
        ages_cleaned=sum(was_cleaned(read_header(path).age) for path in there),
        boxes=sum(len(rows) for found in boxes.values() for rows in found.values()),
        boxed_images=sum(len(found) for found in boxes.values()),
    )


def _table(folder: Path, *, name: str) -> Path:
    inner = folder / "annotations"
    return find_table(inner if inner.is_dir() else folder, names=(name,))


def _labels(folder: Path, *, part: str) -> dict[str, dict[str, float]]:
    """By image what more than half of its rows say of each label."""
    table = _table(folder, name=f"image_labels_{part}.csv")
    rows: dict[str, list[dict[str, float]]] = {}
    for row in read_rows(table, needed=("image_id",)):
        named = {finding(name).name: _VALUES.get(value) for name, value in row.items() if name not in _NOT_LABELS}
        known = {name: value for name, value in named.items() if value is not None}
        if set(known) != set(LABELS):
            raise DataError(
                f"{table} gives {row['image_id']} a value other than 0 and 1 for one of the 28 labels. Use the table "
                "that comes with the data set"
            )
        rows.setdefault(row["image_id"], []).append(known)
    return {image: _majority(said) for image, said in rows.items()}


def _majority(said: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(2 * sum(one[name] for one in said) > len(said)) for name in LABELS}


def _box_rows(folder: Path, *, part: str) -> dict[str, list[dict[str, str]]]:
    return box_rows(_table(folder, name=f"annotations_{part}.csv"))


def _record(
    path: Path, *, image: str, part: str, labels: Mapping[str, float], boxes: Sequence[Mapping[str, str]]
) -> Record:
    header = read_header(path)
    found = []
    for row in boxes:
        label = finding(row["class_name"]).name
        if label not in LABELS:
            raise DataError(
                f"The box of {image} has the label {row['class_name']!r}, which is not a boxed finding of VinDr-CXR. "
                "Use the table that comes with the data set"
            )
        found.append(corner_box(row, label=label, header=header))
    return chest_of_header(
        path,
        header=header,
        image=f"{part}/{image}.dicom",
        study=image,
        source="vindr_cxr",
        official=part,
        held_out=part == "test",
        labels=labels,
        boxes=tuple(found),
    )
