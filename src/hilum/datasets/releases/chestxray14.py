"""ChestX-ray14 (Wang et al. 2017, NIH Clinical Center): 112,120 frontal chests of 30,805 patients, fourteen labels.

Layout (the release's README and FAQ): `images/00000013_005.png` or `images_001/images/` to `images_012/images/`,
`train_val_list.txt`, `test_list.txt`, `Data_Entry_2017_v2020.csv` or the older `Data_Entry_2017.csv`, and
`BBox_List_2017.csv`, whose header `Bbox [x,y,w,h]` falls apart into columns; its boxes are in the 1024-pixel frame.
Tables may be gzipped; pictures are found by stem, so converted copies count. Tried on the real tables (v2020) and on
pictures of the official train_val list; the older table's ages (`058Y`, and impossible ones such as 414) are not tried
on the real file.

Boxed images all lie in the official test set; a release where one does not is refused (traps list, 18). RSNA's
pneumonia challenge and NIH-Google are subsets of this release (traps list, 14): see `duplicates`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hilum.datasets.records.csv_rows import find_table, read_lines, read_rows, to_number
from hilum.datasets.records.files import file_sha256, pictures_by_stem, some_of
from hilum.datasets.records.label_values import clean_age, was_cleaned
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import LabelledBox, Record
from hilum.errors import DataError
from hilum.findings import finding
from hilum.geometry import Box
from hilum.radiograph import Sex, View
from hilum.stated import sex_in

LICENCE = "ChestX-ray14, Wang et al. 2017, NIH Clinical Center, unrestricted use"
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural Thickening", "Pneumonia", "Pneumothorax",
)  # fmt: skip
"""The fourteen of every published mean; records also carry No Finding, which is none of them (traps list, 13)."""

OWN_ORDER = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip
"""The fourteen by the release's own names, in the order of Wang et al. 2017, as published networks give them."""

NO_FINDING = "No Finding"
BOX_FRAME = (1024, 1024)
OFFICIAL = {"train_val": Count(images=86_524, patients=28_008), "test": Count(images=25_596, patients=2_797)}

_TABLES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
_LISTS = {"train_val": "train_val_list.txt", "test": "test_list.txt"}
_BOX_COLUMNS = ("Bbox [x", "y", "w", "h]")
"""What the commas of the header `Bbox [x,y,w,h]` make of it."""

_VIEWS: Mapping[str, View] = {"PA": "PA", "AP": "AP"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the release's table: `findings` are canonical names, `age` is as written."""

    image: str
    patient: str
    findings: frozenset[str]
    age: str
    sex: Sex
    view: View
    official: str

    @property
    def stem(self) -> str:
        """The name without suffix, by which the picture is found."""
        return _stem(self.image)


def read_chestxray14(folder: Path, *, tables: Path | None = None) -> tuple[Record, ...]:
    """The pictures below `folder` that the table names, sorted by name; absent ones have no record.

    `tables` is the folder of the tables where they do not lie in `folder`. Raises `DataError` where a table, a list or
    every picture is missing, where a row is malformed, or where a boxed image is not in the official test list.
    """
    entries = read_entries(tables or folder)
    boxes = read_boxes(tables or folder, entries=entries)
    pictures = pictures_by_stem(folder, release="ChestX-ray14")
    records = tuple(
        _record(entry, path=pictures[entry.stem], boxes=boxes.get(entry.stem, ()))
        for entry in entries
        if entry.stem in pictures
    )
    return some_of(records, folder=folder, such_as="00000013_005.png")


def list_chestxray14(folder: Path) -> Listing:
    """What the tables in `folder` name, and how many ages were thrown away."""
    entries = read_entries(folder)
    boxes = read_boxes(folder, entries=entries)
    return Listing(
        images={entry.image: entry.official for entry in entries},
        counts={part: _count(entry for entry in entries if entry.official == part) for part in _LISTS},
        ages_cleaned=sum(was_cleaned(entry.age) for entry in entries),
        boxes=sum(len(found) for found in boxes.values()),
        boxed_images=len(boxes),
    )


def read_entries(folder: Path) -> tuple[Entry, ...]:
    """Every row of the table with its official part, sorted by image; v2020 is taken where both tables lie there."""
    path = find_table(folder, names=_TABLES)
    rows = read_rows(path, needed=("Image Index", "Finding Labels", "Patient ID", "Patient Age", "View Position"))
    official = _official_parts(folder)
    entries = sorted((_entry(row, official=official, table=path) for row in rows), key=lambda entry: entry.image)
    twice = next((a.image for a, b in pairwise(entries) if a.stem == b.stem), None)
    if twice is not None:
        raise DataError(f"{path} has two rows for {twice}. Use the table that comes with the data set")
    return tuple(entries)


def read_boxes(folder: Path, *, entries: Iterable[Entry]) -> dict[str, tuple[LabelledBox, ...]]:
    """The radiologists' boxes by stem, in the 1024-pixel frame.

    Raises `DataError` where a boxed image is not in the official test list.
    """
    path = find_table(folder, names=("BBox_List_2017.csv",))
    rows = read_rows(path, needed=("Image Index", "Finding Label", *_BOX_COLUMNS))
    official = {entry.stem: entry.official for entry in entries}
    boxes: dict[str, tuple[LabelledBox, ...]] = {}
    for row in rows:
        stem = _stem(row["Image Index"])
        if official.get(stem) != "test":
            raise DataError(
                f"{path} has a box for {row['Image Index']}, which is not in test_list.txt. Copy the lists again"
            )
        box = Box(*(to_number(row[name], where=row["Image Index"]) for name in _BOX_COLUMNS))
        boxes[stem] = (
            *boxes.get(stem, ()),
            LabelledBox(label=finding(row["Finding Label"]).name, box=box, frame=BOX_FRAME),
        )
    return boxes


def _entry(row: Mapping[str, str], *, official: Mapping[str, str], table: Path) -> Entry:
    image = row["Image Index"]
    findings = frozenset(finding(name).name for name in row["Finding Labels"].split("|"))
    if NO_FINDING in findings and len(findings) > 1:
        raise DataError(
            f"{table} gives {image} the labels {row['Finding Labels']}, but No Finding must stand alone. Use the "
            "table that comes with the data set"
        )
    if not findings <= {*LABELS, NO_FINDING}:
        raise DataError(
            f"{table} gives {image} the labels {row['Finding Labels']}, which are not all labels of ChestX-ray14. Use "
            "the table that comes with the data set"
        )
    part = official.get(_stem(image))
    if part is None:
        raise DataError(f"{image} is neither in train_val_list.txt nor in test_list.txt. Copy the lists again")
    sex = row.get("Patient Gender") or row.get("Patient Sex") or ""
    return Entry(
        image=image,
        patient=f"nih:{int(to_number(row['Patient ID'], where=image)):08d}",
        findings=findings,
        age=row["Patient Age"],
        sex=sex_in(sex),
        view=_VIEWS.get(row["View Position"], "unknown"),
        official=part,
    )


def _official_parts(folder: Path) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part, name in _LISTS.items():
        path = find_table(folder, names=(name,))
        for line in read_lines(path):
            if parts.setdefault(_stem(line), part) != part:
                raise DataError(f"{line} is in both official lists. Copy {path} again")
    return parts


def _stem(image: str) -> str:
    """As `Path(image).stem`, which takes seconds over the whole table."""
    return image.rpartition(".")[0] or image


def _count(entries: Iterable[Entry]) -> Count:
    patients = [entry.patient for entry in entries]
    return Count(images=len(patients), patients=len(set(patients)))


def _record(entry: Entry, *, path: Path, boxes: tuple[LabelledBox, ...]) -> Record:
    return Record(
        path=path,
        image=entry.image,
        patient=entry.patient,
        study=f"nih:{entry.stem}",
        source="nih",
        official=entry.official,
        held_out=entry.official == "test",
        labels={name: float(name in entry.findings) for name in (*LABELS, NO_FINDING)},
        stratum=entry.view,
        sha256=file_sha256(path),
        view=entry.view,
        age_years=clean_age(entry.age),
        sex=entry.sex,
        is_xray=True,
        xray_type="chest",
        boxes=boxes,
    )
