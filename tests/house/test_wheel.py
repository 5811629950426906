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
BASE_LIMIT_MB = 300
BUNDLE_LIMIT_MB = 10
BUNDLES_LIMIT_MB = 30

pytestmark = pytest.mark.slow

# What the fresh environment is asked: its packages, their licences, and how many bytes they take.
SURVEY = """
import importlib.metadata, json, pathlib, sysconfig
site = pathlib.Path(sysconfig.get_path("purelib"))
def licence(meta):
    classifiers = [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    return " ".join([meta.get("License-Expression") or "", (meta.get("License") or "")[:200], *classifiers])
packages = {d.metadata["Name"].lower(): licence(d.metadata) for d in importlib.metadata.distributions()}
names = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "wheel")
tools = {p for name in names for p in site.glob(name + "*")}
size = sum(f.stat().st_size for top in site.iterdir() if top not in tools
           for f in ([top] if top.is_file() else top.rglob("*")) if f.is_file())
print(json.dumps({"packages": packages, "bytes": size}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run, and give standard output; a failure shows both streams."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "COV_"))
    }
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
    source = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "hilum").rglob("*.py")}
    assert source <= set(sizes), f"left out of the wheel: {sorted(source - set(sizes))}"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_wheel_alone_reads_a_phantom(wheel: Path, tmp_path: Path, version: str) -> None:
    run(interpreter(version), "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-input", "--quiet", "--prefer-binary", wheel, cwd=tmp_path)

    survey = json.loads(run(python, "-c", SURVEY, cwd=tmp_path))
    assert not {"torch", "torchvision", "lightning", "timm", "scipy", "matplotlib"} & set(survey["packages"])
    assert survey["bytes"] <= BASE_LIMIT_MB * MB, f"the base takes {survey['bytes'] / MB:.0f} MB"
    assert survey["bytes"] > 10 * MB, "the survey looked in the wrong folder"
    copyleft = {name: text for name, text in survey["packages"].items() if "GPL" in text and "LGPL" not in text}
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
