"""A table of a report: what the page shows and the CSV file holds alike, but for the digits."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from hilum.evaluation.predictions.estimate_text import estimate_text, remarks
from hilum.statistics.estimate import Estimate

Cell = str | int | float | Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """`rows` hold as many cells as `columns`; `key` names the file, `note` is what a reader must know.

    `folded` tables stand behind a click on the page, because they are long. Estimates and other fractions are shown to
    `decimals`; what needs another precision is text.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False
    decimals: int = 3

    @property
    def flush_right(self) -> tuple[bool, ...]:
        """Of each column, whether it holds a number, or nothing but dashes."""
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns)
        return tuple(any(map(is_number, cells)) or all(cell is None for cell in cells) for cells in map(list, columns))


def cell_text(cell: Cell, decimals: int = 3) -> str:
    """A cell as the page shows it: fractions to `decimals`, a dash where there is no value.

    An estimate has three decimals and its interval in brackets here; tables set it in two parts.
    """
    if cell is None:
        return "–"
    if isinstance(cell, Estimate):
        return estimate_text(cell)
    if isinstance(cell, float):
        return f"{cell:.{decimals}f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def cell_remarks(cell: Cell) -> str:
    """What is to be known of a cell's interval; empty where there is none, or nothing."""
    return remarks(cell) if isinstance(cell, Estimate) else ""


def is_number(cell: Cell) -> bool:
    """Whether a cell is no text."""
    return cell is not None and not isinstance(cell, str)


def is_estimate(cell: Cell) -> bool:
    """Whether a cell has an interval of its own line."""
    return isinstance(cell, Estimate)


def counted(count: int, thing: str) -> str:
    """`1 label`, `14 labels`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def table_csv(table: ReportTable) -> bytes:
    """The table as CSV in UTF-8, to all digits.

    A column of estimates becomes three: value, `_low` and `_high`; a fourth, `_note`, stands where one of them has a
    note, or replicates without a value.
    """
    columns = [[row[place] for row in table.rows] for place in range(len(table.columns))]
    parts = [_parts(cells) for cells in columns]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([f"{column}{part}" for column, own in zip(table.columns, parts, strict=True) for part in own])
    for row in table.rows:
        writer.writerow([value for own, cell in zip(parts, row, strict=True) for value in _values(cell)[: len(own)]])
    return stream.getvalue().encode()


def _parts(cells: list[Cell]) -> tuple[str, ...]:
    estimates = [cell for cell in cells if isinstance(cell, Estimate)]
    if not estimates:
        return ("",)
    return ("", "_low", "_high", "_note") if any(map(remarks, estimates)) else ("", "_low", "_high")


def _values(cell: Cell) -> list[str]:
    """Value, bounds and note; as many of them are written as the column has parts."""
    if isinstance(cell, Estimate):
        low, high = cell.interval or ("", "")
        return [repr(cell.value), str(low), str(high), remarks(cell)]
    return ["" if cell is None else repr(cell) if isinstance(cell, float) else str(cell), "", "", ""]
