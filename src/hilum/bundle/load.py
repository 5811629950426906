"""Loading a bundle: nothing in it is used before its bytes have the hash that the card gives.

A file NAME of the card may lie in the folder as NAME.gz; its hash is that of what is inside. What reading never needs
(`LATE`) is found when the bundle is loaded, and read and hashed when it is asked for.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from hilum.bundle.card import CARD_SCHEMA, Card
from hilum.errors import BundleError
from hilum.there import is_file, is_folder
from hilum.version import __version__

CARD_NAME = "card.json"
PACKED_SUFFIX = ".gz"
TRAINING_IMAGES = "training-images.bin"
"""The file by which a bundle knows the images that it was trained and validated on; see `seen_images`."""

LATE = frozenset({TRAINING_IMAGES})
CARD_LIMIT_BYTES = 4 * 1024 * 1024
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SCHEMA = re.compile(r"hilum\.card/(\d+)")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle: its folder, its card, and the SHA-256 of `card.json`, which holds the hashes of all else.

    `unpacked` keeps the verified bytes of the files that lie compressed.
    """

    folder: Path
    card: Card
    sha256: str
    unpacked: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def read(self, name: str) -> bytes:
        """The bytes of one of the card's files, kept or hashed again so that what is used is what was verified.

        Raises `BundleError` where the card does not name the file, or a file that lies as it is is gone or altered.
        """
        if name not in self.card.files:
            raise BundleError(f"The bundle {self.folder} has no file {name!r}. It has: {sorted(self.card.files)}")
        return self.unpacked.get(name) or _verified(self.folder, name, self.card.files[name])


def wrong_kind(card: Card, *, expected: str) -> BundleError:
    """The error for a bundle that was taken for one of the kind `expected`."""
    return BundleError(f"{card.name} is a model of kind {card.kind}; one of kind {expected} is needed")


def load_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`, with its card understood and every file's SHA-256 checked.

    Raises `BundleError` with the reason: no folder, no card, a card of another schema or with unknown fields, a file
    that is missing, cut short or altered, a file name that leaves the folder. A file of `LATE` is only looked for.
    """
    if not is_folder(folder):
        raise BundleError(f"There is no model in the folder {folder}. List the installed models with `hilum models`")
    content = _file_bytes(folder, CARD_NAME, limit=CARD_LIMIT_BYTES)
    card = parse_card(content, source=folder / CARD_NAME)
    unpacked = {}
    for name, sha256 in card.files.items():
        check_file_name(name, source=folder / CARD_NAME)
        if name in LATE:
            _check_is_there(folder, name)
            continue
        verified = _verified(folder, name, sha256)
        if not is_file(folder / name):
            unpacked[name] = verified
    return Bundle(folder, card, hashlib.sha256(content).hexdigest(), unpacked)


def parse_card(content: bytes, *, source: Path) -> Card:
    """The card that the bytes of `card.json` hold; `source` names them in messages.

    Raises `BundleError` for text that is no JSON, repeated keys, NaN, unknown fields and unknown schema versions.
    """
    try:
        fields = json.loads(content, object_pairs_hook=_no_repeats, parse_constant=_no_constants)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{source} is not valid JSON ({error}). Copy the bundle again") from error
    if not isinstance(fields, dict):
        raise BundleError(f"{source} must hold a JSON object, not {type(fields).__name__}. Copy the bundle again")
    _check_schema(fields.get("schema"), source=source)
    return checked_card(fields, source=source)


def checked_card(fields: Mapping[str, object], *, source: Path | str) -> Card:
    """The card of these fields; `source` names them in messages. Raises `BundleError` with the first that is wrong."""
    try:
        return Card.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "card"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise BundleError(
            f"{source} is not a card that hilum {__version__} can read: {where}: {first['msg']}{more}"
        ) from error


def check_file_name(name: str, *, source: Path) -> None:
    """Refuse a file name that is not plain: separators, `..`, drives, leading dots or the card itself."""
    if _FILE_NAME.fullmatch(name) is None or name == CARD_NAME:
        raise BundleError(
            f"{source} names the file {name!r}, which is not a plain name beside the card. Do not use this bundle"
        )


def _check_schema(schema: object, *, source: Path) -> None:
    if schema == CARD_SCHEMA:
        return
    known = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if known is None:
        raise BundleError(f"{source} has the schema {schema!r} instead of {CARD_SCHEMA}: this is not a hilum bundle")
    if int(known[1]) > int(CARD_SCHEMA.rpartition("/")[2]):
        raise BundleError(
            f"Install a newer hilum, from a clone or a wheel of it: {source} needs one that reads {schema}; this is "
            f"hilum {__version__}, which reads {CARD_SCHEMA}"
        )
    raise BundleError(
        f"{source} has the schema {schema}, which no version of hilum reads; this one reads {CARD_SCHEMA}"
    )


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return fields


def _no_constants(constant: str) -> object:
    raise ValueError(f"{constant} is not a number")


def _check_is_there(folder: Path, name: str) -> None:
    if not is_file(folder / name) and not is_file(folder / f"{name}{PACKED_SUFFIX}"):
        raise BundleError(f"The bundle {folder} has no {name}. Copy the bundle again")


def _verified(folder: Path, name: str, sha256: str) -> bytes:
    packed = folder / f"{name}{PACKED_SUFFIX}"
    content = _unpacked(packed) if is_file(packed) else _file_bytes(folder, name, limit=None)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise BundleError(
            f"{folder / name} was cut short or altered: its SHA-256 should be {sha256[:12]}… but is {found[:12]}… in "
            f"{len(content)} bytes. Copy the bundle again"
        )
    return content


def _unpacked(path: Path) -> bytes:
    try:
        return gzip.decompress(_file_bytes(path.parent, path.name, limit=None))
    except (OSError, EOFError, zlib.error) as error:
        raise BundleError(f"{path} was cut short or altered ({error}). Copy the bundle again") from error


def _file_bytes(folder: Path, name: str, *, limit: int | None) -> bytes:
    path = folder / name
    try:
        if limit is not None and path.stat().st_size > limit:
            raise BundleError(f"{path} has {path.stat().st_size} bytes, over the limit of {limit}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BundleError(f"The bundle {folder} has no {name}. Copy the bundle again") from error
    except OSError as error:
        raise BundleError(f"Cannot read {path} of the bundle: {error.strerror or error}") from error
