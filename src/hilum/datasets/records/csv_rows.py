"""Rows of a release's tables, plain or gzipped, with the columns that the adapter needs."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from hilum.errors import DataError
from hilum.surplus_cells import SURPLUS, surplus_text, without_nameless_end
from hilum.utf8 import not_utf8


def find_table(folder: Path, *, names: Iterable[str]) -> Path:
    """The first of `names` that lies in `folder`, also with `.gz`. Raises `DataError` where none does."""
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise DataError(f"{folder} has no {' or '.join(names)} (or .gz). Give the folder of the data set itself")


def read_rows(
    path: Path, *, needed: Iterable[str], delimiter: str = ",", surplus_refused: bool = False
) -> list[dict[str, str]]:
    """Every row, by column name, stripped of spaces; a byte order mark and cells without a column are left out.

    A release is read as it is. In a table of one's own, `surplus_refused`, cells without a column may be the decimals
    that a comma parted from their number. Raises `DataError` for those, and where the file is no readable table or
    lacks one of the `needed` columns.
    """
    try:
        with _open(path) as lines:
            reader = csv.DictReader(lines, restkey=SURPLUS, delimiter=delimiter)
            header = reader.fieldnames or ()
            reader.fieldnames = without_nameless_end(header)
            columns = [name.strip() for name in reader.fieldnames]
            rows = []
            for row in reader:
                said = surplus_text(row.pop(SURPLUS, None), nameless=len(header) - len(columns))
                if said is not None and surplus_refused:
                    raise DataError(f"{path}, line {reader.line_num}: {said}")
                rows.append({name.strip(): (value or "").strip() for name, value in row.items() if name})
    except UnicodeDecodeError as error:
        raise DataError(not_utf8(path, what="the table")) from error
    except (OSError, EOFError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV table that can be read ({error}). Copy the file again") from error
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(
            f"{path} has no column {missing[0]!r}; found: {', '.join(columns)[:200] or 'an empty file'}. "
            "Add the column, or give the right file"
        )
    return rows


def read_lines(path: Path) -> list[str]:
    """Every line that is not empty, stripped. Raises `DataError` where the file is no text."""
    try:
        with _open(path) as lines:
            return [line.strip() for line in lines if line.strip()]
    except UnicodeDecodeError as error:
        raise DataError(not_utf8(path, what="the table")) from error
    except (OSError, EOFError) as error:
        raise DataError(f"{path} is not a text file that can be read ({error}). Copy the file again") from error


def to_number(text: str, *, where: str) -> float:
    """The finite number that `text` says; `where` names the row. Raises `DataError` for anything else."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"Not a number for {where}: {text!r}. Correct it, or copy the table again")
    return number


def decimal_comma_text(cells: Iterable[str]) -> str | None:
    """What is wrong with cells that are numbers only if commas begin their decimals, and the fix; None otherwise."""
    said = [cell for cell in cells if cell]
    try:
        for cell in said:
            float(cell.replace(",", "."))
    except ValueError:
        return None
    first = next((cell for cell in said if "," in cell), None)
    return None if first is None else f"has decimals with a comma ({first}). Write them with a point"


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
