"""The wheel, alone in a fresh environment without torch, draws a phantom and reads it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000
BASE = {
    "annotated-doc", "annotated-types", "flatbuffers", "hilum", "imagecodecs", "jinja2", "lazy-loader",
    "markdown-it-py", "markupsafe", "mdurl", "numpy", "onnxruntime", "packaging", "pillow", "protobuf", "pydantic",
    "pydantic-core", "pydicom", "pygments", "rich", "shellingham", "typer", "typing-extensions", "typing-inspection",
}  # fmt: skip
"""Every distribution that reading pulls in with the pinned versions; another one is a decision, not an accident."""
HEAVY = {
    "torch", "torchvision", "lightning", "timm", "onnx", "scipy", "scikit-learn", "scikit-image", "pandas", "pyarrow",
    "matplotlib", "opencv-python", "opencv-python-headless", "sympy", "mpmath", "numba", "llvmlite", "openvino",
    "tifffile",
}  # fmt: skip
TOOLS = {"pip", "setuptools", "wheel"}
BUNDLE_LIMIT_MB = 10
BUNDLES_LIMIT_MB = 30

pytestmark = pytest.mark.slow

# What the fresh environment is asked: its packages and their licences. How large they are is others' affair, and
# benchmarks/installation.py measures it.
SURVEY = """
import importlib.metadata, json
def licence(meta):
    classifiers = [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    return " ".join([meta.get("License-Expression") or "", (meta.get("License") or "")[:200], *classifiers])
def name(meta):
    return meta["Name"].lower().replace("_", "-")
print(json.dumps({name(d.metadata): licence(d.metadata) for d in importlib.metadata.distributions()}))
"""


def constraints() -> dict[str, str]:
    """What makes pip take the pinned versions; nothing under `make test-latest`, which sets the variable to nothing."""
    if os.environ.get("PIP_CONSTRAINT") == "":
        return {}
    pins = (ROOT / "constraints.txt").as_uri()  # a URI, since pip would split a path at its spaces
    return {"PIP_CONSTRAINT": pins, "PIP_BUILD_CONSTRAINT": pins}


def run(*command: str | Path, cwd: Path) -> str:
    """Run, and give standard output; a failure shows both streams."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "COV_"))
    } | constraints()
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def interpreter(version: str) -> Path:
    """A Python of this version on the path or under pyenv; the test is skipped, visibly, where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python{version}")
    for path in [*([Path(found)] if found else []), *sorted(pyenv.glob(f"{version}*/bin/python{version}"))]:
        probe = subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if probe.returncode == 0:
            return path
    pytest.skip(f"no Python {version} here")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("hilum-*.whl")
    return built


def test_what_is_inside(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    sizes = {item.filename: item.file_size for item in archive.infolist()}
    assert "hilum/py.typed" in sizes
    assert any(name.endswith(".schema.json") for name in sizes)
    assert any(name.startswith("hilum/report/") and "template" in name for name in sizes)
    assert any("licenses/LICENSE" in name for name in sizes)
    cards = [name for name in sizes if name.endswith("/card.json")]
    assert cards, "the wheel holds no bundle, so it reads nothing"
    total = 0
    for card in cards:
        folder = card.removesuffix("card.json")
        missing = [
            name
            for name in json.loads(archive.read(card))["files"]
            if not {folder + name, f"{folder}{name}.gz"} & set(sizes)
        ]
        assert not missing, f"{card} names {missing}, which the wheel lacks"
        size = sum(size for name, size in sizes.items() if name.startswith(folder))
        assert size <= BUNDLE_LIMIT_MB * MB, f"{folder} takes {size / MB:.1f} MB"
        total += size
    assert total <= BUNDLES_LIMIT_MB * MB
    files = [path for suffix in ("py", "pyi") for path in (ROOT / "src" / "hilum").rglob(f"*.{suffix}")]
    source = {path.relative_to(ROOT / "src").as_posix() for path in files}
    assert source <= set(sizes), f"left out of the wheel: {sorted(source - set(sizes))}"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_wheel_alone_reads_a_phantom(wheel: Path, tmp_path: Path, version: str) -> None:
    run(interpreter(version), "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    # what is imported is compiled then, and most of what is installed is not imported
    words = ("--no-input", "--quiet", "--prefer-binary", "--no-compile")
    run(python, "-m", "pip", "install", *words, wheel, cwd=tmp_path)

    survey: dict[str, str] = json.loads(run(python, "-c", SURVEY, cwd=tmp_path))
    installed = set(survey) - TOOLS
    assert not HEAVY & installed
    assert installed == BASE or not constraints()
    copyleft = {name: text for name, text in survey.items() if "GPL" in text and "LGPL" not in text}
    assert not copyleft

    hilum = tmp_path / "env" / "bin" / "hilum"
    run(hilum, "phantom", "phantoms", cwd=tmp_path)
    run(hilum, "read", "phantoms", "--out", "readings", cwd=tmp_path)
    lines = (tmp_path / "readings" / "readings.jsonl").read_text(encoding="utf-8").splitlines()
    readings = [json.loads(line) for line in lines]
    images = [path for path in (tmp_path / "phantoms").iterdir() if path.name != "truth.json"]
    assert len(readings) == len(images) > 0
    assert all(reading["schema"] == "hilum.reading/1" for reading in readings)
    assert any(reading.get("findings") for reading in readings)
    assert list((tmp_path / "readings").rglob("*.html"))
