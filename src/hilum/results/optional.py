"""Libraries that hilum does without until somebody asks for what they do."""

from __future__ import annotations

import importlib
from types import ModuleType

from hilum.errors import MissingPartError


def import_first(*names: str, purpose: str) -> ModuleType:
    """The first of the modules that is installed.

    Raises `MissingPartError` with the command that installs the first one where none is.
    """
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    packages = [name.partition(".")[0] for name in names]
    wanted = " or ".join(packages)
    raise MissingPartError(f"{purpose} needs {wanted}, which is not installed. Run: pip install {packages[0]}")
