"""The names by which a study is declared, read and run: all there, and typed by one stub."""

import ast
from pathlib import Path

import hilum.evaluation.study as face
from hilum.training import study as runs


def test_every_name_of_the_stub_is_there_and_no_other() -> None:
    tree = ast.parse(Path(face.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    names = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(face.__all__) == sorted(names)
    assert all(hasattr(face, name) for name in names)
    assert all(hasattr(runs, name) for name in runs.__all__)
