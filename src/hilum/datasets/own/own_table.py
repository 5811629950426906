"""A table of one's own, one row an image: `table.csv` (or .csv.gz) in the folder of the pictures, or another there.

Columns, in any order:

- `image`: the file, relative to the table; `patient`: an identifier, the same for all images of one person. Needed.
- `truth:LABEL`: 1, 0 or empty (not labelled), one column a label, at least one; `-1` (uncertain) is masked like empty.
- `study`, `split` (the official part: train, val, test, ...), `held_out` (1 or 0: whether the image is kept for
  judging, whatever its split is called), `view` (PA, AP, LL), `age_years`, `sex` (F, M, O), `stratum` (what a split
  balances beside the labels), `mask` (a mask of the lungs, relative to the table): optional.

Label columns are those of the predictions file, so that one table serves both. Other columns are not read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from hilum.datasets.records.csv_rows import find_table, read_rows
from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.held_out import part_role
from hilum.datasets.records.label_values import clean_age, own_label, was_cleaned
from hilum.datasets.records.listing import Listing
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.radiograph import Sex, View

NAME = "table.csv"
TRUTH = "truth:"

_VIEWS: Mapping[str, View] = {view: view for view in get_args(View)}
_SEXES: Mapping[str, Sex] = {sex: sex for sex in get_args(Sex)}
_YES_OR_NO = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_VALUES = {"": math.nan, "-1": math.nan, "0": 0.0, "1": 1.0}


def read_own_table(folder: Path) -> tuple[Record, ...]:
    """The images of `folder/table.csv` that are there, in its order; `folder` may be the table itself, of any name.

    Raises `DataError` where the table is missing or malformed, names an image twice, or no image is there.
    """
    path = _table(folder)
    rows = _rows(path)
    records = tuple(_record(row, folder=path.parent) for row in rows if (path.parent / row["image"]).is_file())
    if not records:
        raise DataError(f"expected the images that {path} names, came none of {len(rows)}; check the paths")
    return records


def list_own_table(folder: Path) -> Listing:
    """What the table names, and how many ages were thrown away."""
    rows = _rows(_table(folder))
    return Listing(
        images={row["image"]: row.get("split", "") for row in rows},
        ages_cleaned=sum(was_cleaned(row.get("age_years", "")) for row in rows),
    )


def _table(folder: Path) -> Path:
    return folder if folder.is_file() else find_table(folder, names=(NAME,))


def _rows(path: Path) -> list[dict[str, str]]:
    rows = read_rows(path, needed=("image", "patient"))
    seen: set[str] = set()
    for row in rows:
        if not row["image"] or not row["patient"] or row["image"] in seen:
            raise DataError(
                f"expected an image once and its patient in each row of {path}, came {row['image']!r} again"
            )
        if not any(name.startswith(TRUTH) for name in row):
            raise DataError(f"expected a column like truth:Pneumonia in {path}, came {', '.join(row)}; add one a label")
        seen.add(row["image"])
    return rows


def _record(row: Mapping[str, str], *, folder: Path) -> Record:
    path = folder / row["image"]
    labels = {own_label(name.removeprefix(TRUTH)): _value(row, name=name) for name in row if name.startswith(TRUTH)}
    study = row.get("study")
    return Record(
        path=path,
        image=row["image"],
        patient=f"table:{row['patient']}",
        study=f"table:{study}" if study else None,
        source="table",
        official=row.get("split") or None,
        held_out=_held_out(row),
        labels=labels,
        stratum=row.get("stratum", ""),
        sha256=file_sha256(path),
        view=_VIEWS.get(row.get("view", ""), "unknown"),
        age_years=clean_age(row.get("age_years", "")),
        sex=_SEXES.get(row.get("sex", ""), "unknown"),
        masks=_masks(row, folder=folder),
    )


def _value(row: Mapping[str, str], *, name: str) -> float:
    value = _VALUES.get(row[name].removesuffix(".0"))
    if value is None:
        raise DataError(
            f"expected 1, 0, -1 or nothing in {name} of {row['image']}, came {row[name]!r}; correct the row"
        )
    return value


def _held_out(row: Mapping[str, str]) -> bool | None:
    """What the column says; None where it says nothing and the split does. A split that says nothing is refused."""
    said, part = row.get("held_out", ""), row.get("split", "")
    if said:
        found = _YES_OR_NO.get(said.casefold())
        if found is None:
            raise DataError(f"expected 1, 0 or nothing in held_out of {row['image']}, came {said!r}; correct the row")
        return found
    if part and part_role(part) is None:
        raise DataError(
            f"expected a split that says what it is for (train, val, test, ...) of {row['image']}, came {part!r}; "
            "rename it, or add a column held_out with 1 for what is kept for judging and 0 for the rest"
        )
    return None


def _masks(row: Mapping[str, str], *, folder: Path) -> dict[str, Path]:
    mask = row.get("mask")
    if not mask:
        return {}
    if not (folder / mask).is_file():
        raise DataError(f"expected the mask {mask} of {row['image']} in {folder}, came no such file; correct the row")
    return {"lungs": folder / mask}
