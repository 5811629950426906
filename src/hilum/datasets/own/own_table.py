"""A table of one's own, one row an image: any CSV beside its pictures, or `table.csv` (or .csv.gz) in their folder.

Which columns are the picture, the patient and the labels is guessed (`columns`), said, and asked back where it is not
clear. hilum's own names are never guessed about:

- `image`: the file, relative to the table; `patient`: an identifier, the same for all images of one person.
- `truth:LABEL`: 1, 0 or empty (not labelled), one column a label; `-1` (uncertain) is masked like empty.
- `study`, `split` (the official part: train, val, test, ...), `held_out` (1 or 0: whether the image is kept for
  judging, whatever its split is called), `view` (PA, AP, LL for any lateral, oblique, decubitus, other), `age_years`,
  `sex` (F, M, O), `stratum` (what a split balances beside the labels), `mask` (a mask of the lungs, relative to the
  table): optional.

Label columns are those of the predictions file, so that one table serves both. Other columns are not read. Without a
column of patients each image counts as one of its own.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.datasets.own.columns import NOTHING_STATED, Columns, StatedColumns, guess_columns
from hilum.datasets.own.patient_cells import age_in, not_understood, sex_in, view_in
from hilum.datasets.own.pictures import Pictures
from hilum.datasets.records.csv_rows import find_table, read_lines, read_rows
from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.held_out import part_role
from hilum.datasets.records.label_values import was_cleaned
from hilum.datasets.records.listing import Listing
from hilum.datasets.records.record import Record
from hilum.errors import DataError

NAME = "table.csv"

_YES_OR_NO = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


def read_own_table(
    folder: Path, *, stated: StatedColumns = NOTHING_STATED, say: Callable[[str], None] | None = None
) -> tuple[Record, ...]:
    """The images of the table in `folder` that are there, in its order; `folder` may be the table itself, of any name.

    `stated` is what its user says of its columns; `say` is told, in a line or two, what was guessed and
    what was not understood. Raises
    `UsageError` for stated columns that are not there, and `DataError` where the table is missing or malformed, its
    columns are not clear, it names an image twice, a name may mean several, or no image is there.
    """
    table = _read(_table(folder), stated=stated)
    records = tuple(_record(row, path=path, table=table) for row, path in table.there)
    if not records:
        column, rows = table.columns.image, table.rows
        raise DataError(
            f"None of the {len(rows)} pictures that the column {column} of {table.path} names lies in "
            f"{table.path.parent}, such as {rows[0][column]}; put the table beside its pictures, and let "
            "paths begin there"
        )
    if say is not None and table.columns.guessed:
        say(_shown(table, records=records))
    for kind in ("age", "sex", "view"):
        where = f"the column {table.columns.others.get(kind)} of {table.path}"
        caution = not_understood(kind, (table.cell(row, kind) for row, _ in table.there), where=where)
        if say is not None and caution is not None:
            say(caution)
    return records


def list_own_table(folder: Path, *, stated: StatedColumns = NOTHING_STATED) -> Listing:
    """What the table names, and how many ages were thrown away."""
    table = _read(_table(folder), stated=stated)
    paths = {id(row): path for row, path in table.there}
    return Listing(
        images={
            table.pictures.name_of(paths[id(row)]) if id(row) in paths else row[table.columns.image]: table.cell(
                row, "split"
            )
            for row in table.rows
        },
        ages_cleaned=sum(was_cleaned(table.cell(row, "age")) for row in table.rows),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The table at `path`: its rows, which columns are what, and the rows whose picture is there, with its path."""

    path: Path
    rows: Sequence[Mapping[str, str]]
    columns: Columns
    pictures: Pictures
    there: Sequence[tuple[Mapping[str, str], Path]]

    def cell(self, row: Mapping[str, str], kind: str) -> str:
        """What the row says in the column of this kind; empty where there is none."""
        name = self.columns.others.get(kind)
        return "" if name is None else row[name]


def _table(folder: Path) -> Path:
    """The table that is meant: itself, `table.csv` in the folder, or the one CSV there."""
    if folder.is_file():
        return folder
    tables = tables_in(folder)
    return tables[0] if len(tables) == 1 else find_table(folder, names=(NAME,))


def tables_in(folder: Path) -> tuple[Path, ...]:
    """`table.csv` (or .gz) where the folder has it, else every CSV in the folder itself."""
    own = tuple(path for path in (folder / NAME, folder / f"{NAME}.gz") if path.is_file())
    return own[:1] or tuple(sorted(path for path in folder.iterdir() if is_csv(path)))


def is_csv(path: Path) -> bool:
    """Whether a file's name is that of a table: `.csv` or `.csv.gz`, in any case."""
    return path.name.casefold().endswith((".csv", ".csv.gz")) and not path.name.startswith(".") and path.is_file()


def rows_of(path: Path) -> list[dict[str, str]]:
    """Every row of a CSV by column, whether commas, semicolons or tabs part it.

    Raises `DataError` where two columns have one name or a row has more cells than columns, and as `read_rows` does.
    """
    first = (read_lines(path) or [""])[0]
    delimiter = max(",", ";", "\t", key=first.count) if "," not in first else ","
    for name, count in Counter(cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))).items():
        if name and count > 1:
            raise DataError(f"Give each column of {path} a name of its own: {name!r} stands there {count} times")
    return read_rows(path, needed=(), delimiter=delimiter, surplus_refused=True)


def _read(path: Path, *, stated: StatedColumns) -> _Table:
    rows = rows_of(path)
    pictures = Pictures(path.parent)
    columns = guess_columns(rows, table=path, pictures=pictures, stated=stated)
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        image = row[columns.image]
        if not image:
            raise DataError(f"Line {line} of {path} names no picture; correct the row")
        if columns.patient is not None and not row[columns.patient]:
            raise DataError(f"Line {line} of {path} has no patient in {columns.patient} for {image}; correct the row")
        if image in seen:
            raise DataError(f"{image} stands twice in {path}, again in line {line}; keep one row for each picture")
        seen.add(image)
    there = _there(rows, columns=columns, path=path, pictures=pictures)
    return _Table(path=path, rows=rows, columns=columns, pictures=pictures, there=there)


def _there(
    rows: Sequence[Mapping[str, str]], *, columns: Columns, path: Path, pictures: Pictures
) -> list[tuple[Mapping[str, str], Path]]:
    """The rows whose picture is there, with its path. Raises `DataError` where two rows name one file."""
    there = []
    before: dict[Path, tuple[int, str]] = {}
    for line, row in enumerate(rows, start=2):
        image = row[columns.image]
        found = pictures.find(image)
        if found is None:
            continue
        first, other = before.setdefault(found.resolve(), (line, image))
        if first != line:
            raise DataError(
                f"Keep one row for each picture: line {first} of {path} ({other}) and line {line} ({image}) both name "
                f"{found}"
            )
        there.append((row, found))
    return there


def _record(row: Mapping[str, str], *, path: Path, table: _Table) -> Record:
    columns, image = table.columns, table.pictures.name_of(path)
    study, patient = table.cell(row, "study"), None if columns.patient is None else row[columns.patient]
    return Record(
        path=path,
        image=image,
        patient=f"table:{image if patient is None else patient}",
        patient_is_known=patient is not None,
        study=f"table:{study}" if study else None,
        source="table",
        official=table.cell(row, "split") or None,
        held_out=_held_out(row, table=table),
        labels={label: _value(row, label=label, table=table) for label in columns.labels},
        stratum=table.cell(row, "stratum"),
        sha256=file_sha256(path),
        view=view_in(table.cell(row, "view")),
        age_years=age_in(table.cell(row, "age")),
        sex=sex_in(table.cell(row, "sex")),
        masks=_masks(row, table=table),
    )


def _value(row: Mapping[str, str], *, label: str, table: _Table) -> float:
    column = table.columns.labels[label]
    value = column.read(row[column.name])
    if value is None:
        raise DataError(
            f"{row[column.name]!r} in {column.name} of {row[table.columns.image]} in {table.path} is none of 1, 0, "
            "yes, no, -1 (uncertain) and nothing; correct the row"
        )
    return value


def _held_out(row: Mapping[str, str], *, table: _Table) -> bool | None:
    """What the column says; None where it says nothing and the split does. A split that says nothing is refused."""
    image, said, part = row[table.columns.image], table.cell(row, "held_out"), table.cell(row, "split")
    if said:
        found = _YES_OR_NO.get(said.casefold())
        if found is None:
            raise DataError(f"{said!r} in held_out of {image} in {table.path} is none of 1, 0 and nothing; correct it")
        return found
    if part and part_role(part) is None:
        raise DataError(
            f"{part!r} in {table.columns.others['split']} of {image} in {table.path} does not say what the image is "
            "for (train, val, test, ...); rename it, or add a column held_out with 1 for what is kept for judging and "
            "0 for the rest"
        )
    return None


def _masks(row: Mapping[str, str], *, table: _Table) -> dict[str, Path]:
    mask = table.cell(row, "mask")
    if not mask:
        return {}
    path = table.path.parent / mask
    if not path.is_file():
        raise DataError(f"There is no mask {mask} of {row[table.columns.image]} in {path.parent}; correct the row")
    return {"lungs": path}


def _shown(table: _Table, *, records: Sequence[Record]) -> str:
    """What was taken for what, in one line."""
    columns = table.columns
    people = len({record.patient for record in records})
    patients = "no column of patients" if columns.patient is None else f"patients in {columns.patient} ({people:,})"
    counts = {
        label: [sum(r.labels[label] == value for r in records) for value in (1.0, 0.0)] for label in columns.labels
    }
    labels = [f"{label} ({positive:,} of {positive + negative:,})" for label, (positive, negative) in counts.items()]
    also = f"; also {', '.join(columns.others.values())}" if columns.others else ""
    unused = f"; not used: {', '.join(columns.unused)}" if columns.unused else ""
    return (
        f"{table.path.name}: pictures in {columns.image} ({len(records):,} of {len(table.rows):,} are there), "
        f"{patients}, labels {', '.join(labels)}{also}{unused}"
    )
