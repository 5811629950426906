"""Cells of a table's row that stand under no column, as a decimal comma makes them of one number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SURPLUS = None
"""Under what a `csv.DictReader` puts cells beyond the last column; a text could be a column's name, an empty one is."""

_DIGITS = re.compile(r"[0-9]+(?:[eE][+-]?[0-9]+)?%?")


def without_nameless_end(columns: Sequence[str] | None) -> list[str]:
    """The header's names up to the last that says something: what stands to the right of it is surplus."""
    named = list(columns or ())
    while named and not named[-1].strip():
        named.pop()
    return named


def surplus_text(cells: Iterable[str] | None, *, nameless: int) -> str | None:
    """What is wrong with a row that has these cells to the right of its last named column, and the fix.

    None where nothing is. The first `nameless` of them stand under columns without a name: there a note may stand, but
    no digits, which a decimal comma could have parted from their number.
    """
    wrong = [
        text
        for place, cell in enumerate(cells or ())
        if (text := cell.strip()) and (place >= nameless or _DIGITS.fullmatch(text))
    ]
    if not wrong:
        return None
    said = f"more cells than columns ({', '.join(wrong)[:40]})"
    return f"{said}. Write decimals with a point, or put the cell into quotes"
