"""A run's folder, held by one process at a time and freed of what a killed run left unfinished."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hilum.output.lock import held_folder
from hilum.training.recipe.processes import is_first_process

BUNDLE, DRAFT = "bundle", "draft"
"""Where a run's bundle lies, and where it is tried before."""


@contextmanager
def hold_run(folder: Path) -> Iterator[None]:
    """Hold the folder, made where it is not there; of several processes that train together only the first holds it.

    Raises `OutputError` where another process holds it, or it cannot be made.
    """
    if not is_first_process():
        yield
        return
    with held_folder(folder):
        for unfinished in (*folder.glob(f".{DRAFT}.*"), *folder.glob(f".{BUNDLE}.*")):
            shutil.rmtree(unfinished, ignore_errors=True)
        yield
