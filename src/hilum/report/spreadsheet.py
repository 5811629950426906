"""Text as a cell of a table that spreadsheets open: they run what looks like a formula."""

from __future__ import annotations

from hilum.report.wording import printable

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, in the widths of East Asian text too."""


def safe_cell(text: str) -> str:
    """`text` on one line; where a spreadsheet would take it for a formula, behind an apostrophe."""
    line = printable(text)
    return f"'{line}" if line.lstrip().startswith(_FORMULA) else line
