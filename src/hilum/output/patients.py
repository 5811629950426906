"""A table of patients: what the user says of many images, one row each, in a `patients.csv` beside or in their folder.

Columns: `image` (or `file`), and of `age`, `sex`, `view` and `assume_scope` those that are known. A row names its image
by the path from the table's folder, or by as much of the path's end as tells it from every other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from hilum.errors import HilumError, UsageError
from hilum.imaging.decode import read_file
from hilum.imaging.files.archive import is_archive, list_archive
from hilum.imaging.pixels.limits import DEFAULT_LIMITS
from hilum.output.image_content import PATIENTS
from hilum.output.inputs import InputFile, absolute_path
from hilum.stated import Stated, parse_age, parse_sex, parse_view, parse_yes_or_no, says_nothing
from hilum.surplus_cells import SURPLUS, surplus_text, without_nameless_end
from hilum.there import is_file
from hilum.utf8 import not_utf8

_IMAGE_COLUMNS = ("image", "file")


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One row: the image as the table names it, what is said of it, and the line it stands on, from 1."""

    image: str
    stated: Stated
    line: int


@dataclass(frozen=True, slots=True)
class PatientTable:
    """A table as it was read; `unused` are the names of columns that say nothing to hilum."""

    path: Path
    rows: tuple[PatientRow, ...]
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchedPatients:
    """What the tables say of each input, by its `relative`, and the rows of which no input is the image."""

    stated: Mapping[str, Stated]
    unmatched: tuple[tuple[PatientTable, PatientRow], ...]


def find_tables(arguments: Sequence[str]) -> tuple[Path, ...]:
    """The tables of what the user names: in each folder or ZIP archive, else beside it; beside each file."""
    found: dict[Path, None] = {}
    for argument in map(Path, arguments):
        place = absolute_path(argument)
        table = next((one / PATIENTS for one in (place, place.parent) if _holds_table(one)), None)
        if table is not None:
            found[table] = None
    return tuple(found)


def _holds_table(place: Path) -> bool:
    if not is_file(place):
        return is_file(place / PATIENTS)
    try:
        return is_archive(place) and PATIENTS in list_archive(place).files
    except (HilumError, OSError):
        return False  # reading it says what is wrong


def read_patients(path: Path) -> PatientTable:
    """The table at `path`, with commas, semicolons or tabs.

    Raises `UsageError`, in one line with the number of the row's line, where it is no such table or a value is not
    understood.
    """
    try:
        text = read_file(path, limits=DEFAULT_LIMITS).decode("utf-8-sig")
    except HilumError as error:
        raise UsageError(f"Cannot read the table of patients: {error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(not_utf8(path, what="the table of patients")) from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey=SURPLUS, strict=True)
    try:
        header = reader.fieldnames or ()
        reader.fieldnames = without_nameless_end(header)
        columns = {name: name.strip().lower() for name in reader.fieldnames if name.strip()}
        _refuse_repeated([name.strip().lower() for name in reader.fieldnames], path=path)
        column = next((name for name, plain in columns.items() if plain in _IMAGE_COLUMNS), None)
        if column is None:
            found = ", ".join(columns.values())[:80] or "an empty file"
            raise UsageError(
                f"{path} has no column named image; found: {found}. Name the columns image, age, sex, view"
            )
        rows = tuple(_rows(reader, columns=columns, nameless=len(header) - len(reader.fieldnames), path=path))
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}. Save it as CSV again") from error
    unused = tuple(plain for plain in columns.values() if plain not in (*_IMAGE_COLUMNS, *STATEMENTS))
    return PatientTable(path, rows, unused)


def match_patients(
    tables: Iterable[PatientTable], *, files: Sequence[InputFile], anywhere: bool = False
) -> MatchedPatients:
    """Find the image of each row; of two tables the first one's row goes before the other's.

    The end of a path is enough only below the table's folder, so that no image gets the age of another folder's image
    of the same name; with `anywhere`, as for a table that the user names, it is enough everywhere.
    Raises `UsageError` where a row may mean several images, or two rows of a table mean one.
    """
    absolute = {file.relative: PurePosixPath(absolute_path(Path(file.name)).as_posix()) for file in files}
    by_name: dict[str, list[str]] = {}
    for relative, path in absolute.items():
        by_name.setdefault(path.name, []).append(relative)
    stated: dict[str, Stated] = {}
    unmatched = []
    for table in tables:
        own: dict[str, PatientRow] = {}
        for row in table.rows:
            image = _image_of(row, table=table, absolute=absolute, by_name=by_name, anywhere=anywhere)
            if image is None:
                unmatched.append((table, row))
                continue
            if image in own:
                raise _repeated(row, before=own[image], path=table.path)
            own[image] = row
            stated[image] = stated[image].over(row.stated) if image in stated else row.stated
    return MatchedPatients(stated, tuple(unmatched))


def _image_of(
    row: PatientRow,
    *,
    table: PatientTable,
    absolute: Mapping[str, PurePosixPath],
    by_name: Mapping[str, list[str]],
    anywhere: bool,
) -> str | None:
    parts = PurePosixPath(row.image.replace("\\", "/")).parts
    exact = PurePosixPath(absolute_path(table.path.parent / Path(*parts)).as_posix())
    named = by_name.get(parts[-1], ())
    found = [one for one in named if absolute[one] == exact]
    below = PurePosixPath(absolute_path(table.path.parent).as_posix())
    near = [one for one in named if anywhere or absolute[one].is_relative_to(below)]
    found = found or [one for one in near if absolute[one].parts[-len(parts) :] == parts]
    if len(found) > 1:
        raise UsageError(
            f"{table.path}, line {row.line}: {row.image} may be {found[0]} or {found[1]}. Write more of the path"
        )
    return found[0] if found else None


def _rows(
    reader: csv.DictReader[str], *, columns: Mapping[str, str], nameless: int, path: Path
) -> Iterable[PatientRow]:
    for cells in reader:
        values = {plain: (cells[name] or "").strip() for name, plain in columns.items()}
        image = next((values[name] for name in _IMAGE_COLUMNS if values.get(name)), "")
        surplus = surplus_text(cells.get(SURPLUS), nameless=nameless)
        if surplus is not None:
            raise UsageError(f"{path}, line {reader.line_num}: {surplus}")
        if not any(values.values()):
            continue
        if not PurePosixPath(image.replace("\\", "/")).parts:
            raise UsageError(f"{path}, line {reader.line_num}: the name of the image is missing. Fill it in")
        yield PatientRow(image, stated_of(values, where=f"{path}, line {reader.line_num}"), reader.line_num)


def _refuse_repeated(columns: Sequence[str], *, path: Path) -> None:
    for name in (*_IMAGE_COLUMNS, *STATEMENTS):
        if columns.count(name) > 1:
            raise UsageError(f"{path}: the column {name} is there {columns.count(name)} times. Keep one")


def stated_of(values: Mapping[str, str], *, where: str) -> Stated:
    """What texts by the names of `STATEMENTS` say; `where` begins the `UsageError` for one that is not understood."""
    stated = Stated()
    for name, parse in STATEMENTS.items():
        if not says_nothing(values.get(name, "")):
            try:
                stated = parse(stated, values[name])
            except UsageError as error:
                raise UsageError(f"{where}: {error}") from error
    return stated


STATEMENTS: Mapping[str, Callable[[Stated, str], Stated]] = {
    "age": lambda stated, text: replace(stated, age_years=parse_age(text)),
    "sex": lambda stated, text: replace(stated, sex=parse_sex(text)),
    "view": lambda stated, text: replace(stated, view=parse_view(text)),
    "assume_scope": lambda stated, text: replace(stated, assume_scope=parse_yes_or_no(text)),
}
"""The columns that say something of a patient or a picture, and how their texts are understood."""


def _repeated(row: PatientRow, *, before: PatientRow, path: Path) -> UsageError:
    return UsageError(f"{path}, line {row.line}: {row.image} has a row already, on line {before.line}. Remove one")
