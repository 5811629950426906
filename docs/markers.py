"""Replace what stands between two markers of a Markdown page; the rest of the page is written by hand."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def replaced(page: str, *, name: str, text: str) -> str:
    """The page with `text` between its `<!-- NAME:begin -->` and `<!-- NAME:end -->`; each must stand there once."""
    pattern = re.compile(rf"(<!-- {name}:begin[^>]*-->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"expected one pair of markers '{name}'")
    return pattern.sub(lambda match: f"{match[1]}\n{text.strip()}\n\n{match[2]}", page)


def write_or_check(pages: dict[str, dict[str, str]], *, check: bool) -> int:
    """Write the parts (page -> marker -> text), or with `check` only say which pages are out of date; 0 is good."""
    stale = []
    for path, parts in pages.items():
        before = after = (ROOT / path).read_text(encoding="utf-8")
        for name, text in parts.items():
            after = replaced(after, name=name, text=text)
        if after != before and check:
            stale.append(path)
        elif after != before:
            (ROOT / path).write_text(after, encoding="utf-8")
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run make reference and make results\n")
    return int(bool(stale))


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )
