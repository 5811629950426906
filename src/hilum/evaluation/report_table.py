"""A table of a report: what the page shows and the CSV file holds alike, but for the digits."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from hilum.statistics.estimate import Estimate

Cell = str | int | float | Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """`rows` hold as many cells as `columns`; `key` names the file, `note` is what a reader must know.

    `folded` tables stand behind a click on the page, because they are long.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False

    @property
    def flush_right(self) -> tuple[bool, ...]:
        """Of each column, whether it holds a number, or nothing but dashes."""
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns)
        return tuple(any(map(is_number, cells)) or all(cell is None for cell in cells) for cells in map(list, columns))


def cell_text(cell: Cell) -> str:
    """A cell as the page shows it: three decimals, an interval in brackets, a dash where there is no value."""
    if cell is None:
        return "–"
    if isinstance(cell, Estimate):
        if cell.interval is None:
            return f"{cell.value:.3f} [?]"
        return f"{cell.value:.3f} [{cell.interval[0]:.3f}, {cell.interval[1]:.3f}]"
    if isinstance(cell, float):
        return f"{cell:.3f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


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
    """The table as CSV in UTF-8; a column of estimates becomes three: value, `_low` and `_high`, to all digits."""
    wide = [any(isinstance(row[place], Estimate) for row in table.rows) for place in range(len(table.columns))]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        [name for place, column in enumerate(table.columns) for name in _names(column, is_wide=wide[place])]
    )
    for row in table.rows:
        writer.writerow([value for place, cell in enumerate(row) for value in _values(cell, is_wide=wide[place])])
    return stream.getvalue().encode()


def _names(column: str, *, is_wide: bool) -> list[str]:
    return [column, f"{column}_low", f"{column}_high"] if is_wide else [column]


def _values(cell: Cell, *, is_wide: bool) -> list[str]:
    if isinstance(cell, Estimate):
        low, high = cell.interval or ("", "")
        return [repr(cell.value), str(low), str(high)]
    plain = "" if cell is None else repr(cell) if isinstance(cell, float) else str(cell)
    return [plain, "", ""] if is_wide else [plain]
