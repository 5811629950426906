"""Writing a bundle: whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hilum.bundle.card import Card
from hilum.bundle.load import CARD_NAME, Bundle, check_file_name, load_bundle
from hilum.errors import BundleError
from hilum.whole_files import sync_folder, write_synced


def file_hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file, by name and in order of names: what `Card.files` holds."""
    return {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}


def card_bytes(card: Card) -> bytes:
    """`card.json` as it is written: UTF-8, keys sorted, two spaces of indent, one newline at the end."""
    fields = card.model_dump(mode="json", by_alias=True)
    return (json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def write_bundle(folder: Path, *, card: Card, files: Mapping[str, bytes], replace: bool = False) -> Bundle:
    """Write `files` and the card into `folder`, and return what a fresh load of it gives.

    `card.files` must be `file_hashes(files)`. Everything is written and synced in a temporary folder beside the
    target, loaded once as a reader would, and renamed. A crash leaves a whole bundle or none; one in the instant
    between the two renames of a replacement leaves the old bundle whole in the folder `.<name>.old.*` beside it.

    Raises `BundleError` where the hashes do not match, where the folder exists and `replace` is not set or it holds no
    bundle, and where the disk refuses.
    """
    if dict(card.files) != file_hashes(files):
        raise BundleError(f"card.files must be file_hashes(files) for {folder}, but differ. Pass that as it is")
    for name in files:
        check_file_name(name, source=folder / CARD_NAME)
    if folder.exists():
        check_replaceable(folder, replace=replace)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise BundleError(f"Cannot write a bundle beside {folder}: {error.strerror or error}") from error
    try:
        for name, content in {**files, CARD_NAME: card_bytes(card)}.items():
            write_synced(staging / name, content)
        staging.chmod(0o755)  # mkdtemp makes it private
        load_bundle(staging)
        _rename(staging, folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise BundleError(
            f"Cannot write the bundle {folder}: {error.strerror or error}; nothing was changed"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return load_bundle(folder)


def check_replaceable(folder: Path, *, replace: bool) -> None:
    """Raise `BundleError` where a bundle may not be written into `folder`, which exists."""
    if not replace:
        raise BundleError(f"{folder} exists already. Name a new folder, or pass replace=True to put this in its place")
    if not (folder / CARD_NAME).is_file():
        raise BundleError(
            f"{folder} holds no {CARD_NAME}, so it is not a bundle and is not replaced. Choose another folder"
        )


def _rename(staging: Path, folder: Path) -> None:
    """Put `staging` in `folder`'s place; a folder cannot be renamed over a full one, so the old one steps aside."""
    if not folder.exists():
        staging.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    old = folder.rename(aside / "bundle")
    try:
        staging.rename(folder)
    except BaseException:
        old.rename(folder)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
