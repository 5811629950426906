"""What reads works in an interpreter that has no torch, no Lightning and nothing of the lab."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fabricate_own_images import fabricate_own_images

# One finder refuses them the way a base install does: with ModuleNotFoundError.
BLOCK = """
import importlib.abc, sys
ABSENT = {"torch", "torchvision", "timm", "lightning", "pytorch_lightning", "torchmetrics", "scipy", "sklearn",
          "matplotlib", "pyarrow", "pandas", "onnx", "onnxscript", "safetensors", "numba", "cv2"}
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None
sys.meta_path.insert(0, Absent())
"""


def run_without_torch(code: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "160", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-c", BLOCK + textwrap.dedent(code)],
        cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def hilum(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run_without_torch(
        f"""
        sys.argv = ["hilum", *{list(arguments)!r}]
        from hilum.cli.main import main
        main()
        """,
        cwd=cwd,
    )


def test_the_block_blocks(tmp_path: Path) -> None:
    """The test's own tool: without it every other test here would pass with torch at hand."""
    result = run_without_torch("import torch", cwd=tmp_path)
    assert result.returncode == 1
    assert "No module named 'torch'" in result.stderr


def test_import_hilum(tmp_path: Path) -> None:
    result = run_without_torch("import hilum; print(hilum.__version__)", cwd=tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("room", ["imaging", "explain", "statistics", "bundle", "reading", "report", "phantom"])
def test_every_module_of_what_reads(tmp_path: Path, room: str) -> None:
    result = run_without_torch(
        f"""
        import importlib, pkgutil
        room = importlib.import_module("hilum.{room}")
        names = [module.name for module in pkgutil.walk_packages(room.__path__, room.__name__ + ".")]
        for name in names:
            importlib.import_module(name)
        print(len(names))
        """,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 0, f"hilum.{room} holds no module, so nothing was tried"


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("read", "--help"), ("models",), ("models", "--help"), ("phantom", "--help"), ("doctor",)],
    ids=" ".join,
)
def test_commands_that_need_no_torch(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = hilum(*arguments, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr


def test_a_phantom_is_drawn_and_read(tmp_path: Path) -> None:
    drawn = hilum("phantom", "phantoms", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    chest = min(
        path for path in (tmp_path / "phantoms").rglob("*.png") if "chest" in path.name or "thorax" in path.name
    )
    read = hilum("read", str(chest), "--json", cwd=tmp_path)
    assert read.returncode == 0, read.stderr
    assert '"hilum.reading/1"' in read.stdout


def test_a_command_that_trains_names_the_missing_part(tmp_path: Path) -> None:
    result = hilum("train", "pneumonia", "--data", "kermany=nowhere", "--out", "out", cwd=tmp_path)
    assert result.returncode == 1
    assert "pip install" in result.stderr
    assert "hilum[train]" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_model_is_calibrated_on_ones_own_images(tmp_path: Path) -> None:
    own = fabricate_own_images(tmp_path)
    done = hilum(
        "models", "calibrate", "toy/", "--data", f"table={own.data}", "--no-gate", "--out", "ours", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ours" / "card.json").is_file()
