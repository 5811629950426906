"""Write the notebooks of docs/notebooks from the Python files beside them: `python docs/make_notebooks.py [--check]`.

A source is plain Python, so that a change can be read: `# %%` begins a cell of code, `# %% [markdown]` one of text,
whose lines are comments. Outputs are not kept: a test executes every cell.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from markers import ROOT

FOLDER = ROOT / "docs" / "notebooks"
_CELL = re.compile(r"^# %%( \[markdown\])?$", re.MULTILINE)


def notebook(source: str) -> dict[str, Any]:
    """The notebook (nbformat 4.5) of a source; raises `ValueError` where it does not begin with a cell."""
    before, *parts = _CELL.split(source)
    if before.strip() or not parts:
        raise ValueError("a notebook's source begins with '# %%' or '# %% [markdown]'")
    cells = [
        _cell(number, text.strip("\n"), is_text=kind is not None)
        for number, (kind, text) in enumerate(zip(parts[::2], parts[1::2], strict=True))
    ]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(number: int, text: str, *, is_text: bool) -> dict[str, Any]:
    about: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}}
    if is_text:
        lines = [line.removeprefix("#").removeprefix(" ") for line in text.splitlines()]
        return {"cell_type": "markdown", **about, "source": _lines("\n".join(lines))}
    return {"cell_type": "code", "execution_count": None, **about, "outputs": [], "source": _lines(text)}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def place_of(source: Path) -> Path:
    """Where the notebook of a source stands."""
    return source.with_name(f"{source.stem.replace('_', '-')}.ipynb")


def main() -> int:
    """Write, or check with `--check`."""
    stale = []
    for source in sorted(FOLDER.glob("*.py")):
        text = json.dumps(notebook(source.read_text(encoding="utf-8")), indent=1, ensure_ascii=False) + "\n"
        place = place_of(source)
        if "--check" not in sys.argv[1:]:
            place.write_text(text, encoding="utf-8")
        elif not place.is_file() or place.read_text(encoding="utf-8") != text:
            stale.append(place.name)
    if stale:
        sys.stderr.write(f"{', '.join(stale)}: not what the source says; run `make notebooks`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
