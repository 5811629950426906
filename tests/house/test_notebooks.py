"""The notebooks of the documentation are what their sources say, and every cell of them runs."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def run_cells(notebook: dict[str, Any]) -> list[object]:
    """Run the cells of code one after another, as a kernel does; what each cell shows at its end comes back."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]), filename=cell["id"])
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, cell["id"], "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), cell["id"], "eval"), namespace)
            shown.append(value)
            assert value._repr_html_() if hasattr(value, "_repr_html_") else repr(value)
    return shown


def test_there_is_one() -> None:
    assert NOTEBOOKS


def test_they_are_what_their_sources_say(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / "docs" / "make_notebooks.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, [str(path.parents[2] / "src"), os.environ.get("PYTHONPATH", "")]))
    )
    try:
        shown = run_cells(json.loads(path.read_text(encoding="utf-8")))
    finally:
        plt.close("all")
    assert any(type(value).__name__ == "Result" for value in shown)


def test_a_source_becomes_cells(docs_script: Callable[[str], ModuleType]) -> None:
    made = docs_script("make_notebooks").notebook("# %% [markdown]\n# # Title\n#\n# Text\n\n# %%\na = 1\n\nb = 2\n")
    assert [cell["cell_type"] for cell in made["cells"]] == ["markdown", "code"]
    assert made["cells"][0]["source"] == ["# Title\n", "\n", "Text"]
    assert made["cells"][1]["source"] == ["a = 1\n", "\n", "b = 2"]
    with pytest.raises(ValueError, match="begins with"):
        docs_script("make_notebooks").notebook("a = 1\n")
