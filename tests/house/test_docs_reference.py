"""The generated parts of the pages are what the code, the cards, the ledger and the benchmark say today."""

import ast
import importlib.util
import json
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
from PIL import Image

from hilum import Reader, errors
from hilum.evaluation.bundles.ledger import broken_links, looks, read_ledger
from hilum.report.schema import reading_schema

Check = Callable[[str], None]


@pytest.fixture
def check(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs a script of docs/ with `--check`, in this process, which has imported most of what it needs."""

    def run(script: str) -> None:
        monkeypatch.syspath_prepend(root / "docs")
        monkeypatch.setattr(sys, "argv", [script, "--check"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(root / "docs" / script), run_name="__main__")
        assert not ended.value.code, capsys.readouterr().err

    return run


def test_reference_is_up_to_date(check: Check) -> None:
    check("make_reference.py")


@pytest.mark.parametrize(
    "script",
    [
        "make_attention.py",
        "make_sdfn.py",
        "make_chest14.py",
        "make_chest_adult.py",
        "make_conformance.py",
        "make_coverage.py",
        "make_lungs.py",
        "make_paediatric.py",
        "make_pneumonia.py",
        "make_rooms.py",
    ],
)
def test_tables_and_pictures_that_scripts_write_are_up_to_date(check: Check, script: str) -> None:
    check(script)


def test_readme_results_are_up_to_date(check: Check) -> None:
    check("make_results.py")


def test_every_error_kind_has_advice(root: Path) -> None:
    page = (root / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    advice = page.partition("## What to do")[2]
    kinds = {value.kind for value in vars(errors).values() if isinstance(value, type)} - {errors.HilumError.kind}
    assert len(kinds) >= 5
    for kind in kinds:
        assert f"| `{kind}` |" in advice, f"errors.md says nothing on what to do about {kind!r}"


def test_the_examples_satisfy_the_schema(root: Path) -> None:
    page = (root / "docs" / "reference" / "reading-json.md").read_text(encoding="utf-8")
    examples = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]
    assert len(examples) == 3
    schema = reading_schema()
    reading, ratio, failure = examples
    for whole in (reading, failure):
        jsonschema.validate(whole, schema)
    jsonschema.validate(ratio, {"$defs": schema["$defs"], "$ref": "#/$defs/cardiothoracic_ratio"})
    assert ratio["value"] == pytest.approx(ratio["heart"]["px"] / ratio["thorax"]["px"], abs=1e-3)


def test_every_look_is_in_the_results(root: Path) -> None:
    ledger = root / "LEDGER.jsonl"
    assert broken_links(ledger) == ()
    found = [look.fields for look in looks(read_ledger(ledger))]
    page = (root / "docs" / "results.md").read_text(encoding="utf-8")
    section = page.partition("<!-- looks:begin")[2].partition("<!-- looks:end")[0]
    for look in found:
        assert look.get("auroc") is None or f"{look['auroc']:.3f}" in section
        assert str(look["bundle_sha256"] or look["predictions_sha256"])[:8] in section
    assert not found or f"{len(found)} times" in section or (len(found) == 1 and "once" in section)


def test_the_readme_can_be_read_in_one_sitting(root: Path) -> None:
    assert len((root / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.fixture(scope="module")
def markers(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("markers", root / "docs" / "markers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_markers_replace_and_keep_the_rest(markers: ModuleType) -> None:
    page = "before\n<!-- a:begin (note) -->\nold\n<!-- a:end -->\nafter\n"
    assert markers.replaced(page, name="a", text="new \\1") == (
        "before\n<!-- a:begin (note) -->\n\nnew \\1\n\n<!-- a:end -->\nafter\n"
    )


def test_markers_that_are_missing_are_an_error(markers: ModuleType) -> None:
    with pytest.raises(ValueError, match="one pair"):
        markers.replaced("no markers", name="a", text="new")


def test_a_table_escapes_bars(markers: ModuleType) -> None:
    assert markers.table(("a", "b"), [("x|y", "z\nz")]) == "| a | b |\n| --- | --- |\n| x\\|y | z z |"


@pytest.mark.parametrize(("name", "width"), [("page.png", 1366), ("gate.png", 1298)])
def test_the_pictures_are_of_the_shipped_models(root: Path, name: str, width: int) -> None:
    with Image.open(root / "docs" / "images" / name) as picture:
        assert picture.width == width
        assert set(picture.text["models"].split()) == {model.sha256 for model in Reader().models}


def test_the_trail_page_names_every_step(root: Path) -> None:
    """Each name of a `TrailStep` that the sources make stands in the table of concepts/trail.md, and no other."""
    made: set[str] = set()
    for path in (root / "src" / "hilum").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TrailStep":
                made |= {first.value for first in node.args[:1] if isinstance(first, ast.Constant)}
    page = (root / "docs" / "concepts" / "trail.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == made
