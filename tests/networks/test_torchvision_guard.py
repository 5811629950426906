"""Each test starts a fresh interpreter: what is imported first is the subject."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest


def _run(code: str, *, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    first = f"import sys; sys.path.insert(0, {str(path)!r}); " if path is not None else ""
    return subprocess.run(
        [sys.executable, "-c", first + code], capture_output=True, text=True, timeout=300, check=False
    )


def _fake_torchvision(folder: Path, *, body: str, extension: bytes | None = None) -> Path:
    """A package called torchvision that stands before the installed one."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(body)
    if extension is not None:
        (package / "_C.so").write_bytes(extension)
    return folder


DESCRIBES = """
import torch
@torch.library.register_fake("torchvision::nms")
def nms(dets, scores, iou_threshold): ...
@torch.library.register_fake("torchvision::qnms")
def qnms(dets, scores, iou_threshold): ...
"""


def test_networks_can_be_imported_and_torchvision_used() -> None:
    done = _run(
        "from hilum.networks.pooled_classifier import PooledClassifier; import torch, torchvision, timm;"
        "print(PooledClassifier('mobilenet_v2', labels=3).eval()(torch.zeros(1, 3, 32, 32)).shape[1])"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "3"


@pytest.mark.parametrize("extension", [None, b"no shared library"])
def test_operators_that_torchvision_lacks_are_declared(tmp_path: Path, extension: bytes | None) -> None:
    folder = _fake_torchvision(tmp_path, body=DESCRIBES, extension=extension)
    without = _run("import torchvision", path=folder)
    assert "operator torchvision::nms does not exist" in without.stderr
    done = _run(
        "import hilum.networks, torchvision, torch, gc; gc.collect();"
        "print(torchvision.__file__); print(torch.ops.torchvision.nms.default, torch.ops.torchvision.qnms.default)",
        path=folder,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        str(folder / "torchvision" / "__init__.py"),
        "torchvision.nms.default torchvision.qnms.default",
    ]


def test_a_declared_operator_does_nothing_silently(tmp_path: Path) -> None:
    folder = _fake_torchvision(tmp_path, body=DESCRIBES)
    done = _run(
        "import hilum.networks, torch; torch.ops.torchvision.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)", path=folder
    )
    assert done.returncode == 1
    assert "torchvision::nms" in done.stderr.splitlines()[-1] or "NotImplementedError" in done.stderr


def test_nothing_is_declared_where_torchvision_is_imported_already(tmp_path: Path) -> None:
    folder = _fake_torchvision(tmp_path, body="")
    done = _run(
        "import torchvision, torch; from hilum.networks.torchvision_guard import declare_missing_operators;"
        "print(declare_missing_operators(), hasattr(torch.ops.torchvision, 'nms'))",
        path=folder,
    )
    assert done.stdout.strip() == "None False", done.stderr


def test_nothing_is_declared_where_the_operators_are_there(tmp_path: Path) -> None:
    """As with a torchvision that fits: a second declaration would be an error."""
    folder = _fake_torchvision(tmp_path, body="", extension=b"no shared library")
    done = _run(
        "import torch; library = torch.library.Library('torchvision', 'DEF');"
        "[library.define(f'{n}(Tensor a, Tensor b, float c) -> Tensor') for n in ('nms', 'qnms')];"
        "from hilum.networks.torchvision_guard import declare_missing_operators; print(declare_missing_operators())",
        path=folder,
    )
    assert done.stdout.strip() == "None", done.stderr


def test_nothing_is_declared_without_torchvision() -> None:
    done = _run(
        "import importlib.util; find = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name: None if name == 'torchvision' else find(name);"
        "import torch; from hilum.networks.torchvision_guard import declare_missing_operators;"
        "print(declare_missing_operators())"
    )
    assert done.stdout.strip() == "None", done.stderr
    assert importlib.util.find_spec("torchvision") is not None
