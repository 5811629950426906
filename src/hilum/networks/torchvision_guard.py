"""Lets torchvision be imported where its compiled operators do not fit the torch that is installed.

A CPU build of torch beside a CUDA build of torchvision fails at `import torchvision` with "operator torchvision::nms
does not exist", and takes timm, Lightning and torchmetrics down with it. Declaring the two operators that torchvision
describes at import (`nms` and `qnms`) before its first import cures that; hilum calls neither. Where the compiled
operators load, nothing is declared.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


@functools.cache
def declare_missing_operators() -> torch.library.Library | None:
    """Declare `torchvision::nms` and `torchvision::qnms` where torchvision cannot bring its own.

    The result is the library that holds the declarations, kept for the life of the process, or None where nothing had
    to be declared: torchvision is imported already, is not installed, or loads its own operators. Calling a declared
    operator raises torch's error that it has no kernel.
    """
    package = None if "torchvision" in sys.modules else importlib.util.find_spec("torchvision")
    if package is None or package.origin is None:
        return None
    if _missing():
        _load_own_operators(Path(package.origin).parent)
    missing = _missing()
    if not missing:
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in missing:
        library.define(_SCHEMAS[name])  # type: ignore[no-untyped-call]
    return library


def _missing() -> list[str]:
    return [name for name in _SCHEMAS if not hasattr(torch.ops.torchvision, name)]


def _load_own_operators(folder: Path) -> None:
    """Load torchvision's compiled operators the way it does so itself a moment later, if they load with this torch.

    Loading a library twice is harmless, whereas declaring an operator that a library then declares again is an error.
    """
    loader = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
    extension = importlib.machinery.FileFinder(str(folder), loader).find_spec("_C")
    if extension is not None and extension.origin is not None:
        with contextlib.suppress(OSError):  # built for another torch: torchvision goes on without them, and so do we
            torch.ops.load_library(extension.origin)  # type: ignore[no-untyped-call]
