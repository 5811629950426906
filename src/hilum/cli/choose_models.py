"""Which bundles a command means: by the name on the shelf, by a folder, or all that ship."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hilum.bundle.load import CARD_NAME, Bundle, load_bundle
from hilum.bundle.shelf import ShelfEntry, find, local_models_folder, shelf


def models_on_shelf() -> tuple[ShelfEntry, ...]:
    """Every bundle that ships with hilum or lies in the user's own folder (`HILUM_MODELS`), broken ones included."""
    return shelf(local=local_models_folder(os.environ))


def choose_bundle(name_or_folder: str) -> Bundle:
    """The bundle in a folder, or the one on the shelf with this name; a folder is known by its card or a separator.

    Raises `BundleError` where there is none or it is broken.
    """
    folder = Path(name_or_folder)
    if (folder / CARD_NAME).is_file() or len(folder.parts) > 1 or name_or_folder.endswith(os.sep):
        return load_bundle(folder)
    return find(name_or_folder, local=local_models_folder(os.environ))


def choose_bundles(names_or_folders: Sequence[str]) -> tuple[Bundle, ...] | None:
    """The bundles chosen with `--model`, or None (the default set) where none was."""
    return tuple(map(choose_bundle, names_or_folders)) or None
