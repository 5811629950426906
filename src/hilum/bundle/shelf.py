"""The shelf: the bundles that ship in the wheel, and those in the user's own folder.

A specialist plugs in by lying on the shelf: its card says which X-ray type it reads.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hilum.bundle.load import CARD_NAME, Bundle, load_bundle
from hilum.errors import BundleError
from hilum.nearest import nearest_words
from hilum.there import is_file
from hilum.user_folders import user_folder

SHIPPED_FOLDER = Path(__file__).parent / "shipped"
MODELS_VARIABLE = "HILUM_MODELS"
RUN_NAME, BUNDLE_NAME = "run.json", "bundle"
"""What a run of `hilum train` holds: the record by which it is known, and the bundle once it ended."""
SHIPPED_LUNGS = "lung-regions"
"""The name of the lung bundle that ships."""

Origin = Literal["shipped", "local"]


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """One place on the shelf: the bundle, or `problem`, the one line that says why it cannot be used."""

    folder: Path
    origin: Origin
    bundle: Bundle | None
    problem: str | None

    @property
    def name(self) -> str:
        """The card's name, or the folder's where the card cannot be read."""
        return self.folder.name if self.bundle is None else self.bundle.card.name


def local_models_folder(environment: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """Where the user's own bundles lie: `HILUM_MODELS`, else the platform's folder for a user's data.

    `environment` is passed in (`os.environ` at the edge), so that nothing below the ports reads it.
    """
    if environment.get(MODELS_VARIABLE):
        return Path(environment[MODELS_VARIABLE]).expanduser()
    return user_folder("data", environment=environment, platform=platform) / "models"


def shelf(*, local: Path | None = None, shipped: Path = SHIPPED_FOLDER) -> tuple[ShelfEntry, ...]:
    """Every bundle that ships and every one in `local`, in order of folder names, shipped ones first.

    A folder counts where it holds a card. Every file is verified; a broken bundle is an entry with its problem.
    """
    entries = _entries(shipped, "shipped")
    return entries if local is None else entries + _entries(local, "local")


def names_on_shelf(*, local: Path | None = None, shipped: Path = SHIPPED_FOLDER) -> tuple[str, ...]:
    """The names in the cards of all bundles, unverified, so that they are there at once; a folder's where none is."""
    folders = [*_folders(shipped), *([] if local is None else _folders(local))]
    return tuple(dict.fromkeys(map(_name_in_card, folders)))


def _name_in_card(folder: Path) -> str:
    try:
        return str(json.loads((folder / CARD_NAME).read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return folder.name


def find(name: str, *, local: Path | None = None, shipped: Path = SHIPPED_FOLDER) -> Bundle:
    """The one bundle on the shelf with this name, or the one whose name differs by its case alone.

    Raises `BundleError` where there is none (the names that exist are listed), where it is broken, and where two
    bundles have the name: a local one never takes a shipped one's place unseen.
    """
    entries = shelf(local=local, shipped=shipped)
    matches = [entry for entry in entries if entry.name == name]
    matches = matches or [entry for entry in entries if entry.name.casefold() == name.casefold()]
    if not matches:
        names = sorted({entry.name for entry in entries})
        near = nearest_words(name, among=names)
        raise BundleError(f"Unknown model {name!r}{near}. Available: {', '.join(names) or 'none'}, or a folder")
    if len(matches) > 1:
        places = " and ".join(str(entry.folder) for entry in matches)
        raise BundleError(f"Two models have the name {name!r}: {places}. Rename or remove one")
    return _usable(matches[0])


def named_bundle(name_or_folder: str, *, local: Path | None = None) -> Bundle:
    """The bundle in a folder, or the one on the shelf with this name; a folder is known by its card or a separator.

    A run's folder of `hilum train` stands for the bundle in it. Raises `BundleError` where there is none, or it is
    broken.
    """
    folder = Path(name_or_folder)
    if is_file(folder / RUN_NAME) and not is_file(folder / CARD_NAME):
        if not is_file(folder / BUNDLE_NAME / CARD_NAME):
            raise BundleError(f"The run {folder} holds no model yet; give its `hilum train` command again to go on")
        return load_bundle(folder / BUNDLE_NAME)
    if is_file(folder / CARD_NAME) or len(folder.parts) > 1 or name_or_folder.endswith(os.sep):
        return load_bundle(folder)
    return find(name_or_folder, local=local)


def lung_bundle(name_or_folder: str | None, *, local: Path | None = None, option: str = "--lungs") -> Bundle:
    """The bundle that draws lungs: the one named, or the only one on the shelf.

    Raises `BundleError`, which names the `option` that tells which, where there is none, or several.
    """
    if name_or_folder is not None:
        return named_bundle(name_or_folder, local=local)
    bundles = [entry.bundle for entry in shelf(local=local) if entry.bundle is not None]
    found = [bundle for bundle in bundles if bundle.card.role == "lungs"]
    if len(found) != 1:
        names = ", ".join(bundle.card.name for bundle in found) or "none"
        raise BundleError(f"One model must draw the lungs, but there are {names}. Name one with {option}")
    return found[0]


def shipped_bundles(*, shipped: Path = SHIPPED_FOLDER) -> tuple[Bundle, ...]:
    """All bundles that ship; raises `BundleError` where one is broken, since the installation is then not whole."""
    return tuple(_usable(entry) for entry in shelf(shipped=shipped))


def shipped_gate(*, shipped: Path = SHIPPED_FOLDER) -> Bundle:
    """The gate that ships; raises `BundleError` where none does, or a bundle that ships is broken."""
    for bundle in shipped_bundles(shipped=shipped):
        if bundle.card.role == "gate":
            return bundle
    raise BundleError(f"No X-ray check lies in {shipped}, though one ships with hilum. Install hilum again")


def _usable(entry: ShelfEntry) -> Bundle:
    if entry.bundle is None:
        raise BundleError(entry.problem or f"the bundle {entry.folder} cannot be used")
    return entry.bundle


def _entries(folder: Path, origin: Origin) -> tuple[ShelfEntry, ...]:
    return tuple(_entry(child, origin) for child in _folders(folder))


def _folders(folder: Path) -> list[Path]:
    try:
        found = sorted(child for child in folder.iterdir() if (child / CARD_NAME).is_file())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BundleError(f"Cannot list the models in {folder}: {error.strerror or error}") from error
    return [child for child in found if not child.name.startswith(".")]


def _entry(folder: Path, origin: Origin) -> ShelfEntry:
    try:
        return ShelfEntry(folder, origin, load_bundle(folder), None)
    except BundleError as error:
        return ShelfEntry(folder, origin, None, str(error))
