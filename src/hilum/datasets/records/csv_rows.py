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


def find_table(folder: Path, *, names: Iterable[str]) -> Path:
    """The first of `names` that lies in `folder`, also with `.gz`. Raises `DataError` where none does."""
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise DataError(f"expected {' or '.join(names)} (or .gz) in {folder}, came none; give the release's own folder")


def read_rows(path: Path, *, needed: Iterable[str], delimiter: str = ",") -> list[dict[str, str]]:
    """Every row, by column name, stripped of spaces; a byte order mark and columns beyond the header are left out.

    Raises `DataError` where the file is no readable table or lacks one of the `needed` columns.
    """
    try:
        with _open(path) as lines:
            reader = csv.DictReader(lines, restkey="", delimiter=delimiter)
            columns = [name.strip() for name in reader.fieldnames or ()]
            rows = [{(key or "").strip(): (value or "").strip() for key, value in _named(row)} for row in reader]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"expected a CSV table in {path}, came {error}; copy the file again") from error
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(
            f"expected the column {missing[0]!r} in {path}, came {', '.join(columns)[:200] or 'an empty file'}; "
            "check that it is the release's own table"
        )
    return rows


def read_lines(path: Path) -> list[str]:
    """Every line that is not empty, stripped. Raises `DataError` where the file is no text."""
    try:
        with _open(path) as lines:
            return [line.strip() for line in lines if line.strip()]
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"expected a text file in {path}, came {error}; copy the file again") from error


def to_number(text: str, *, where: str) -> float:
    """The finite number that `text` says; `where` names the row. Raises `DataError` for anything else."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"expected a number for {where}, came {text!r}; take the release's own table")
    return number


def _named(row: dict[str, str]) -> Iterable[tuple[str, str]]:
    return ((key, value) for key, value in row.items() if key)


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
