"""VinDr-PCXR v1.0.0 (Pham et al. 2022, PhysioNet): 9,125 chests of children, 15 diseases and 36 boxed findings.

Layout (PhysioNet's page): `train/` and `test/` with `IMAGE_ID.dicom`, `image_labels_train.csv` (image_id, rad_ID, one
column a disease) and `annotations_train.csv` (image_id, rad_ID, class_name, x_min, y_min, x_max, y_max; a row without
coordinates is No finding), and the same for test. The release's misspellings (`Brocho-pneumonia`, `Diagphramatic
hernia`, `Diffuse aveolar opacity`) are aliases in `findings`. Not tried on real files.

DICOM headers hold age and sex, and no patient: each study counts as its own child. A boxed finding that an image has no
box of is negative there, for one radiologist looked for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hilum.datasets.records.chest_of_header import chest_of_header
from hilum.datasets.records.corner_box import box_rows, corner_box
from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.dicom_header import Header, read_header
from hilum.datasets.records.files import some_of
from hilum.datasets.records.label_values import was_cleaned
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import LabelledBox, Record
from hilum.errors import DataError
from hilum.findings import finding

LICENCE = "VinDr-PCXR v1.0.0, Pham et al. 2022, PhysioNet credentialed health data use agreement 1.5.0"
DISEASES = (
    "No Finding", "Bronchitis", "Broncho-pneumonia", "Other disease", "Bronchiolitis", "Situs inversus", "Pneumonia",
    "Pleuro-pneumonia", "Diaphragmatic hernia", "Tuberculosis", "Congenital emphysema",
    "Congenital pulmonary airway malformation", "Hyaline membrane disease", "Mediastinal tumor", "Lung tumor",
)  # fmt: skip
"""The columns of the image labels, in hilum's names."""

BOXED = (
    "Boot-shaped heart", "Peribronchovascular interstitial opacity", "Reticulonodular opacity", "Bronchial thickening",
    "Enlarged pulmonary artery", "Cardiomegaly", "Diffuse alveolar opacity", "Other opacity", "Other lesion",
    "Consolidation", "Mediastinal shift", "Anterior mediastinal mass", "Dextrocardia", "Effusion",
    "Stomach on the right side", "Atelectasis", "Lung hyperinflation", "Egg on string sign",
    "Interstitial lung disease", "Infiltration", "Lung cavity", "Pneumothorax", "Edema", "Pleural Thickening",
    "Other nodule/mass", "Clavicle fracture", "Chest wall mass", "Lung cyst", "Emphysema", "Bronchiectasis",
    "Expanded edges of the anterior ribs", "Fibrosis", "Paravertebral mass", "Aortic enlargement", "Calcification",
    "Intrathoracic digestive structure",
)  # fmt: skip
"""The findings that radiologists boxed, in hilum's names."""

TEN_LABELS = (
    "Reticulonodular opacity", "Peribronchovascular interstitial opacity", "Other opacity", "Bronchial thickening",
    "Bronchitis", "Broncho-pneumonia", "Bronchiolitis", "Pneumonia", "Other disease", "No Finding",
)  # fmt: skip
"""The ten of the Distribution-Balanced loss study; its mean includes No Finding (traps list, 13)."""

OFFICIAL = {"train": Count(images=7_728, patients=7_728), "test": Count(images=1_397, patients=1_397)}


def read_vindr_pcxr(folder: Path) -> tuple[Record, ...]:
    """The DICOM files that the tables name and that are there, in the order of the tables; labels are all 51.

    Raises `DataError` where a table or every file is missing, a row is malformed, or a header cannot be read.
    """
    records = tuple(
        _record(path, image=image, part=part, row=row, boxes=boxes.get(image, []))
        for part in OFFICIAL
        for boxes in [_box_rows(folder, part=part)]
        for image, row in _label_rows(folder, part=part).items()
        if (path := folder / part / f"{image}.dicom").is_file()
    )
    return some_of(records, folder=folder, such_as="train/IMAGE_ID.dicom or test/IMAGE_ID.dicom")


def list_vindr_pcxr(folder: Path) -> Listing:
    """What the tables in `folder` name; ages are counted where the file is there."""
    rows = {part: _label_rows(folder, part=part) for part in OFFICIAL}
    boxes = [row for part in OFFICIAL for found in _box_rows(folder, part=part).values() for row in found]
    there = [path for part, images in rows.items() for i in images if (path := folder / part / f"{i}.dicom").is_file()]
    return Listing(
        images={f"{part}/{image}.dicom": part for part, images in rows.items() for image in images},
        counts={part: Count(images=len(images), patients=len(images)) for part, images in rows.items()},
        ages_cleaned=sum(was_cleaned(read_header(path).age) for path in there),
        boxes=len(boxes),
        boxed_images=len({row["image_id"] for row in boxes}),
    )


def _label_rows(folder: Path, *, part: str) -> dict[str, dict[str, str]]:
    table = find_table(folder, names=(f"image_labels_{part}.csv",))
    rows: dict[str, dict[str, str]] = {}
    for row in read_rows(table, needed=("image_id",)):
        named = {finding(name).name: value for name, value in row.items() if name not in ("image_id", "rad_ID")}
        if set(named) != set(DISEASES) or not set(named.values()) <= {"0", "1", "0.0", "1.0"}:
            raise DataError(
                f"{table} holds a value other than 0 and 1 for one of the 15 diseases. Use the table that comes with "
                "the data set"
            )
        if rows.setdefault(row["image_id"], named) is not named:
            raise DataError(f"{table} has two rows for {row['image_id']}. Use the table that comes with the data set")
    return rows


def _box_rows(folder: Path, *, part: str) -> dict[str, list[dict[str, str]]]:
    return box_rows(find_table(folder, names=(f"annotations_{part}.csv",)))


def _record(path: Path, *, image: str, part: str, row: Mapping[str, str], boxes: list[dict[str, str]]) -> Record:
    header = read_header(path)
    found = tuple(_box(box, header=header) for box in boxes)
    seen = {box.label for box in found}
    labels = {name: float(value) for name, value in row.items()} | {name: float(name in seen) for name in BOXED}
    return chest_of_header(
        path,
        header=header,
        image=f"{part}/{image}.dicom",
        study=image,
        source="vindr_pcxr",
        official=part,
        held_out=part == "test",
        labels=labels,
        boxes=found,
    )


def _box(row: Mapping[str, str], *, header: Header) -> LabelledBox:
    label = finding(row["class_name"]).name
    if label not in BOXED:
        raise DataError(
            f"The box of {row['image_id']} has the label {row['class_name']!r}, which is not a boxed finding of "
            "VinDr-PCXR. Use the table that comes with the data set"
        )
    return corner_box(row, label=label, header=header)
