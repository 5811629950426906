"""The import contract holds for the tree as it is, and breaks where a forbidden import is planted."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRAINS = {"networks", "training", "systems", "datasets", "evaluation"}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    # PYTHONPATH stands before the editable install, so that the copy is what gets judged.
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200"}
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources and of the contract, to plant imports in."""
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.onnx.gz", "*.egg-info")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_the_contract(tree: Path) -> None:
    result = lint_imports(tree)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


PLANTED = [
    pytest.param("reading", "import torch", "hilum.reading.planted -> torch", id="reading-torch"),
    pytest.param("report", "import lightning", "hilum.report.planted -> lightning", id="report-lightning"),
    pytest.param("imaging", "import scipy", "hilum.imaging.planted -> scipy", id="imaging-scipy"),
    pytest.param(
        "report", "import hilum.evaluation", "hilum.report.planted -> hilum.evaluation", id="report-evaluation"
    ),
    pytest.param("imaging", "import hilum.reading", "hilum.imaging.planted -> hilum.reading", id="upward"),
    pytest.param("systems", "import optuna", "hilum.systems.planted -> optuna", id="systems-optuna"),
    pytest.param("report", "import sqlalchemy", "hilum.report.planted -> sqlalchemy", id="report-sqlalchemy"),
    pytest.param("screening", "import torch", "hilum.screening.planted -> torch", id="screening-torch"),
    pytest.param("training/recipe", "import ray", "hilum.training.recipe.planted -> ray", id="recipe-ray"),
    *(
        pytest.param(low.replace(".", "/"), f"import hilum.{high}", f"hilum.{low}.planted -> hilum.{high}", id=low)
        for low, high in {
            "training": "systems",
            "systems.sdfn": "systems.gate",
            "training.recipe": "training.loop",
            "evaluation.predictions": "evaluation.report",
            "reading.gate": "reading.specialists",
            "datasets.records": "datasets.releases",
            "imaging.pixels": "imaging.dicom",
            "cli.options": "cli.read",
            "results": "training",
            "screening": "evaluation",
            "service.store": "systems",
        }.items()
    ),
]


@pytest.mark.parametrize(("room", "statement", "named"), PLANTED)
def test_a_planted_import_breaks_the_contract(tree: Path, room: str, statement: str, named: str) -> None:
    (tree / "src" / "hilum" / room / "planted.py").write_text(f'"""Planted by a test."""\n\n{statement}\n')
    result = lint_imports(tree)
    assert result.returncode == 1, result.stdout + result.stderr
    # where the layer's own line names no module, the report names the two rooms
    rooms = f"hilum.{room.replace('/', '.')} is not allowed to import {statement.removeprefix('import ')}"
    said = " ".join(result.stdout.split())
    assert named in said or rooms in said, result.stdout


@pytest.fixture(scope="module")
def contracts() -> dict[str, dict[str, list[str]]]:
    """The contracts of pyproject.toml, by name."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def test_every_contract_has_a_planted_import(contracts: dict[str, dict[str, list[str]]]) -> None:
    """Of every contract some layer, source or module holds a planted room."""
    rooms = {f"hilum.{param.values[0]}".replace("/", ".") for param in PLANTED}
    for name, contract in contracts.items():
        held = {*contract.get("layers", ()), *contract.get("source_modules", ()), *contract.get("modules", ())}
        assert rooms & {one.strip() for layer in held for one in layer.split("|")}, name


def test_every_room_has_its_place(contracts: dict[str, dict[str, list[str]]]) -> None:
    """A room that the layers do not name could import anything."""
    layers = contracts["Imports run downward only"]["layers"]
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    source = ROOT / "src" / "hilum"
    rooms = {
        f"hilum.{path.stem}" for path in source.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"hilum.__init__"} <= placed


def test_every_published_system_is_kept_from_the_others(contracts: dict[str, dict[str, list[str]]]) -> None:
    """`chestxray14` is no system: it holds what those that are trained on that release share."""
    systems = ROOT / "src" / "hilum" / "systems"
    folders = {f"hilum.systems.{path.name}" for path in systems.iterdir() if (path / "__init__.py").exists()}
    kept = set(contracts["Published systems do not know each other"]["modules"])
    assert folders - {"hilum.systems.chestxray14"} == kept


def test_every_room_that_reads_is_kept_from_torch(contracts: dict[str, dict[str, list[str]]]) -> None:
    """`cli` stands above both halves and loads what trains only when asked (test_no_torch.py)."""
    source = ROOT / "src" / "hilum"
    rooms = {path.name for path in source.iterdir() if (path / "__init__.py").exists()}
    reads = {f"hilum.{room}" for room in rooms - TRAINS - {"cli"}}
    contract = contracts["What reads never reaches what trains"]
    assert reads <= set(contract["source_modules"])
    assert {f"hilum.{room}" for room in TRAINS} <= set(contract["forbidden_modules"])
