"""CheXpert v1.0 and its small version (Irvin et al. 2019): 223,648 chests of 64,740 patients, fourteen observations.

Layout (Stanford's release, and the column names of its tables): `train.csv` and `valid.csv` beside `train/` and
`valid/`, with `Path` = `CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg`, then Sex, Age,
Frontal/Lateral, AP/PA and the observations: 1, 0, -1 (uncertain) or blank (not mentioned). Whatever stands before
`train/` or `valid/` in `Path` is left out, so the folder may be called as one likes. Not tried on real files. The later
test set (668 images) and the parts in which the full version is now handed out are not read; put the parts together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.files import file_sha256, some_of
from hilum.datasets.records.label_values import UncertainPolicy, clean_age, settle_uncertain, was_cleaned
from hilum.datasets.records.listing import Count, Listing
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.findings import finding
from hilum.radiograph import View
from hilum.stated import sex_in

LICENCE = "CheXpert v1.0, Irvin et al. 2019, Stanford research use agreement"
COLUMNS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture",
    "Support Devices",
)  # fmt: skip
"""The release's own names and order; records carry hilum's names (`Effusion`)."""

LABELS = tuple(finding(name).name for name in COLUMNS)
OFFICIAL = {"train": Count(images=223_414, patients=64_540), "valid": Count(images=234, patients=200)}

HELD_OUT = "valid"
"""The part that radiologists read, on which papers test: nothing is fitted or chosen on it."""

_NEEDED = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *COLUMNS)
_FRONTAL: Mapping[str, View] = {"AP": "AP", "PA": "PA"}
_VALUES = {"1": 1.0, "0": 0.0}


_SETTING = "chexpert."
_MEMBER = re.compile(r"members\.[^.]+\.")
"""What the settings of an ensemble's member begin with."""

NO_FINDING = finding("No Finding").name
_NO_DISEASE = frozenset({NO_FINDING, finding("Support Devices").name})
"""What may stand beside No Finding: the release calls a chest with a tube alone free of findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChexpertPolicy:
    """What labels that are not 1 or 0 become.

    `uncertain` is for every label whose entry in `by_label` (hilum's names) is None; labels that are not given there
    get None. `not_mentioned` is for blanks: `ignore` masks them (a missing label is not a negative), `zeros` calls
    them negative, as most published work does. A blank No Finding is negative under both where a finding is positive.
    """

    uncertain: UncertainPolicy = "ignore"
    by_label: Mapping[str, UncertainPolicy | None] = field(default_factory=dict)
    not_mentioned: Literal["ignore", "zeros"] = "ignore"

    def __post_init__(self) -> None:
        unknown = set(self.by_label) - set(LABELS)
        if unknown:
            raise ValueError(f"Unknown label {', '.join(sorted(unknown))}. CheXpert has: {', '.join(LABELS)}")
        object.__setattr__(self, "by_label", {label: self.by_label.get(label) for label in LABELS})
        for label in LABELS:
            settle_uncertain(self.of(label))

    def of(self, label: str) -> UncertainPolicy:
        """What becomes of an uncertain `label`."""
        own = self.by_label[label]
        return self.uncertain if own is None else own

    @property
    def in_words(self) -> str:
        """The policy as a protocol says it."""
        others = [f"{label} {self.of(label)}" for label in LABELS if self.of(label) != self.uncertain]
        own = f" ({', '.join(others)})" if others else ""
        return f"uncertain labels of CheXpert: {self.uncertain}{own}, not mentioned: {self.not_mentioned}"

    @classmethod
    def of_settings(cls, settings: Mapping[str, object]) -> ChexpertPolicy | None:
        """The policy of a run's flat settings (`chexpert.uncertain` and so on), or None where they hold none.

        Those of an ensemble hold it for each member (`members.NAME.chexpert.uncertain`) that reads the release. Raises
        `DataError` where members have different ones, or the settings hold another one than can be.
        """
        found: dict[str, dict[str, object]] = {}
        for key, value in settings.items():
            whose, there, name = key.rpartition(_SETTING)
            if there and (not whose or _MEMBER.fullmatch(whose)):
                found.setdefault(whose, {})[name] = value
        policies = {whose: cls._of(own) for whose, own in found.items() if "uncertain" in own}
        first = next(iter(policies.values()), None)
        if any(policy != first for policy in policies.values()):
            said = "; ".join(f"{whose.rstrip('.')}: {policy.in_words}" for whose, policy in policies.items())
            raise DataError(f"The members of this ensemble learnt from different labels ({said}). Train it again")
        return first

    @classmethod
    def _of(cls, own: Mapping[str, object]) -> ChexpertPolicy:
        by_label = {key.removeprefix("by_label."): own[key] for key in own if key.startswith("by_label.")}
        try:
            return cls(uncertain=own["uncertain"], by_label=by_label, not_mentioned=own["not_mentioned"])  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"The settings {_SETTING}* of this run cannot be used ({error}). Train again") from error

    def value(self, text: str, *, label: str) -> float | None:
        """1.0, 0.0, a smoothed value or NaN for a cell of the table; None where the cell is none of the release's."""
        if not text:
            return settle_uncertain(self.not_mentioned)
        number = text.removesuffix(".0")
        return settle_uncertain(self.of(label)) if number == "-1" else _VALUES.get(number)

    def labels(self, row: Mapping[str, str], *, of: str) -> dict[str, float]:
        """Every label of a row with the columns `COLUMNS`: 1.0, 0.0, a smoothed value or NaN.

        Raises `DataError`, naming the picture or study `of`, where a cell is none of the release's.
        """
        labels = {
            label: self._label(row[column], column=column, of=of) for label, column in zip(LABELS, COLUMNS, strict=True)
        }
        if math.isnan(labels[NO_FINDING]) and any(labels[label] == 1.0 for label in set(LABELS) - _NO_DISEASE):
            labels[NO_FINDING] = 0.0  # the release leaves it blank; what excludes it is known
        return labels

    def _label(self, text: str, *, column: str, of: str) -> float:
        value = self.value(text, label=finding(column).name)
        if value is None:
            raise DataError(
                f"{column} of {of} is {text!r}, not 1, 0, -1 or empty. Use the table that comes with the data set"
            )
        return value


def read_chexpert(folder: Path, *, policy: ChexpertPolicy | None = None) -> tuple[Record, ...]:
    """The pictures that `train.csv` and `valid.csv` name and that are there, in the order of the tables.

    Raises `DataError` where a table or every picture is missing, or a cell is none of the release's.
    """
    chosen = policy or ChexpertPolicy()
    rows = _rows(folder)
    records = tuple(
        _record(row, image=image, folder=folder, policy=chosen) for image, row in rows if (folder / image).is_file()
    )
    return some_of(records, folder=folder, such_as=next((image for image, _ in rows), "train/"))


def list_chexpert(folder: Path) -> Listing:
    """What the tables in `folder` name, and how many ages were thrown away."""
    rows = _rows(folder)
    parts = {image: image.partition("/")[0] for image, _ in rows}
    patients = {part: {i.split("/")[1] for i, p in parts.items() if p == part} for part in OFFICIAL}
    return Listing(
        images=parts,
        counts={
            part: Count(images=sum(p == part for p in parts.values()), patients=len(patients[part]))
            for part in OFFICIAL
        },
        ages_cleaned=sum(was_cleaned(row["Age"]) for _, row in rows),
    )


def _rows(folder: Path) -> list[tuple[str, dict[str, str]]]:
    tables = [find_table(folder, names=(f"{part}.csv",)) for part in OFFICIAL]
    return [(_image(row["Path"], table=table), row) for table in tables for row in read_rows(table, needed=_NEEDED)]


def _image(path: str, *, table: Path) -> str:
    parts = path.split("/")
    start = next((index for index, part in enumerate(parts) if part in OFFICIAL), len(parts))
    if len(parts) - start != 4 or not parts[start + 1].startswith("patient"):
        raise DataError(
            f"{table} holds the path {path!r}, which is not like "
            "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg. Use the table that comes with the data "
            "set"
        )
    return "/".join(parts[start:])


def _record(row: Mapping[str, str], *, image: str, folder: Path, policy: ChexpertPolicy) -> Record:
    part, patient, study, _ = image.split("/")
    view: View = "LL" if row["Frontal/Lateral"] == "Lateral" else _FRONTAL.get(row["AP/PA"], "unknown")
    return Record(
        path=folder / image,
        image=image,
        patient=f"chexpert:{patient}",
        study=f"chexpert:{patient}/{study}",
        source="chexpert",
        official=part,
        held_out=part == HELD_OUT,
        labels=policy.labels(row, of=image),
        stratum=view,
        sha256=file_sha256(folder / image),
        view=view,
        age_years=clean_age(row["Age"]),
        sex=sex_in(row["Sex"]),
        is_xray=True,
        xray_type="chest",
    )
