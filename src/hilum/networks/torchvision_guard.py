"""Lets torchvision be imported where its compiled operators do not fit the torch that is installed.

A CPU build of torch beside a CUDA build of torchvision fails at `import torchvision` with "operator torchvision::nms
does not exist", and takes timm, Lightning and torchmetrics down with it. Declaring the two operators that torchvision
describes at import (`nms` and `qnms`) before its first import cures that; hilum calls neither. Where the compiled
operators load, nothing is declared.
"""

from __future__ import annotations

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
    operator raises torch's "no kernel" error.
    """
    if "torchvision" in sys.modules or _own_operators_load():
        return None
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS.values():
        library.define(schema)  # type: ignore[no-untyped-call]
    return library


def _own_operators_load() -> bool:
    """Whether torchvision is absent, or its compiled operators load with this torch.

    They are loaded the way torchvision itself does it a moment later; loading a library twice is harmless, whereas
    declaring an operator that a library then declares again is an error.
    """
    package = importlib.util.find_spec("torchvision")
    if package is None or package.origin is None:
        return True
    finder = importlib.machinery.FileFinder(
        str(Path(package.origin).parent),
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
    )
    extension = finder.find_spec("_C")
    if extension is not None and extension.origin is not None:
        try:
            torch.ops.load_library(extension.origin)  # type: ignore[no-untyped-call]
        except OSError:
            return False
    return all(hasattr(torch.ops.torchvision, name) for name in _SCHEMAS)
