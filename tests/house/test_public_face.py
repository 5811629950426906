"""The names that users import: all there, typed by one stub, lazy, and enough for every page of the documentation."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hilum
from hilum.training import recipe as recipe_face

FACES = {"hilum", "hilum.errors", "hilum.training.recipe", "hilum.training.study", "hilum.evaluation.study"}


def stub_names(root: Path) -> dict[str, str]:
    """Each name that the stub gives, and the module that it says the name is from."""
    tree = ast.parse((root / "src" / "hilum" / "__init__.pyi").read_text(encoding="utf-8"))
    return {
        alias.name: f"hilum.{node.module}" for node in tree.body if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip


def test_every_name_of_the_stub_is_there_and_no_other(root: Path) -> None:
    names = stub_names(root)
    assert set(hilum.__all__) == set(names)
    for name, module in names.items():
        assert getattr(hilum, name) is getattr(sys.modules[module], name)
    assert set(names) <= set(dir(hilum))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = hilum.nothing_like_this


def test_importing_hilum_loads_nothing_heavy() -> None:
    code = (
        "import sys, hilum; hilum.__version__; print(sorted(m for m in sys.modules if m in {'numpy', 'onnxruntime'}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_every_name_for_recipes_is_there() -> None:
    assert sorted(recipe_face.__all__) == recipe_face.__all__
    assert all(hasattr(recipe_face, name) for name in recipe_face.__all__)


def test_pages_use_the_public_faces_alone(page: Any) -> None:
    for block in page.blocks:
        modules = re.findall(r"^>? ?from (hilum[\w.]*) import|^>? ?import (hilum[\w.]*)", block.text, re.MULTILINE)
        deeper = {first or second for first, second in modules} - FACES
        assert not deeper, f"{page.path.name}, line {block.line}: {sorted(deeper)}"
