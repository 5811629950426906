"""`hilum doctor` tells what is there, what is broken and what to run."""

import importlib.metadata
import shutil
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.load import TRAINING_IMAGES
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.shelf import shelf
from hilum.cli import installation
from hilum.cli.doctor import Check, checks_of_models, exit_code
from hilum.version import __version__


def test_versions_are_those_installed(hilum: Any) -> None:
    said = hilum("doctor").stdout
    for package in ("numpy", "pydicom", "pillow", "typer"):
        assert f"{package} " in said
        assert importlib.metadata.version(package) in said
    assert __version__ in said
    assert f"onnxruntime {onnxruntime.__version__}" in said


def test_shipped_model_that_is_altered_is_broken_and_a_local_one_is_not_fatal(tmp_path: Path) -> None:
    shipped, local = tmp_path / "shipped", tmp_path / "local"
    for folder in (shipped, local):
        folder.mkdir()
        ToyBundle().write(folder / "toy")
    good = tuple(checks_of_models(shelf(local=local, shipped=shipped)))
    assert [check.state for check in good] == ["good", "good"]
    assert all("hashes verified" in check.words for check in good)
    assert exit_code(good) == 0
    (local / "toy" / "model.onnx").write_bytes(b"altered")
    assert exit_code(tuple(checks_of_models(shelf(local=local, shipped=shipped)))) == 0
    shutil.copy(local / "toy" / "model.onnx", shipped / "toy" / "model.onnx")
    broken = tuple(checks_of_models(shelf(local=local, shipped=shipped)))
    assert [check.state for check in broken] == ["broken", "absent"]
    assert "altered" in broken[0].words
    assert exit_code(broken) == 1


def test_installation_without_a_model_is_broken(tmp_path: Path) -> None:
    (check,) = checks_of_models(shelf(shipped=tmp_path))
    assert check == Check(
        "model (shipped)",
        "broken",
        "this installation has none; install hilum again from the clone or wheel that it came from: pip install "
        "--force-reinstall PATH",
    )


def test_base_and_parts_come_from_the_metadata() -> None:
    base = {package.name for package in installation.base_packages()}
    assert {"numpy", "onnxruntime", "pydicom"} <= base
    parts = {part.name: part for part in installation.optional_parts()}
    assert {"lab", "train"} <= set(parts)
    assert "dev" not in parts
    lab = {package.name for package in parts["lab"].packages}
    assert lab < {package.name for package in parts["train"].packages}  # train includes lab
    assert parts["train"].install_command == 'pip install "hilum[train]"'


def test_missing_packages_of_a_part_are_named() -> None:
    part = installation.OptionalPart("x", (installation.Package("a", "1"), installation.Package("b", None)))
    assert part.missing == ("b",)
    assert installation.version_of("a-package-that-nobody-has") is None


@pytest.mark.parametrize(("states", "code"), [(("good", "absent"), 0), (("good", "broken"), 1)])
def test_exit_code(states: tuple[Any, ...], code: int) -> None:
    assert exit_code(tuple(Check("x", state, "") for state in states)) == code


def test_what_loading_leaves_unread_is_verified_too(tmp_path: Path) -> None:
    toy = ToyBundle()
    files = {**toy.files(), TRAINING_IMAGES: b"hashes"}
    folder = tmp_path / "toy"
    write_bundle(folder, card=toy.card().model_copy(update={"files": file_hashes(files)}), files=files)
    assert next(checks_of_models(shelf(shipped=tmp_path))).state == "good"
    (folder / TRAINING_IMAGES).write_bytes(b"other hashes")
    broken = next(checks_of_models(shelf(shipped=tmp_path)))
    assert broken.state == "broken"
    assert "altered" in broken.words
