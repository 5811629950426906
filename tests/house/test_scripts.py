"""What benchmarks and scripts of the docs import of hilum is there: nothing else would notice before one is run."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(path for folder in ("benchmarks", "docs") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_script_imports_of_hilum_is_there(script: Path) -> None:
    tree = ast.parse(script.read_text(encoding="utf-8"))
    lacking = [
        f"{node.module}.{name.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "hilum"
        for name in node.names
        if not _is_there(node.module or "", name.name)
    ]
    assert lacking == []


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) > 40


def _is_there(module: str, name: str) -> bool:
    if hasattr(importlib.import_module(module), name):
        return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True
