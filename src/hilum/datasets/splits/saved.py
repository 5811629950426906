"""A split as a JSON file: which image, by name and content, is in which part; read back only onto the same images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import Split
from hilum.errors import DataError, OutputError
from hilum.whole_files import fill_whole

SCHEMA = "hilum.split/1"


def save_split(split: Split, *, path: Path) -> None:
    """Write `split` to `path`, whole or not at all. Raises `OutputError` where it cannot be written."""
    content = {
        "schema": SCHEMA,
        "protocol": split.protocol,
        "sha256": split.sha256,
        "parts": {name: [_line(record) for record in part] for name, part in split.parts.items()},
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill_whole(path, fill=lambda file: _write(file, json.dumps(content, indent=1)))
    except OSError as error:
        raise OutputError(
            f"Cannot write the split to {path}: {error.strerror or error}. Name another folder"
        ) from error


def load_split(path: Path, *, records: Sequence[Record]) -> Split:
    """The split at `path`, bound to `records`, which may hold more images than it names.

    Raises `DataError` where the file is no split, was altered, or names an image that is absent or has other content.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        schema, protocol, sha256 = (str(content[key]) for key in ("schema", "protocol", "sha256"))
        parts = {str(name): [tuple(map(str, line)) for line in part] for name, part in content["parts"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} does not hold a split ({type(error).__name__}: {error}). Make it again") from error
    if schema != SCHEMA:
        raise DataError(
            f"{path} has the format {schema}; this hilum reads {SCHEMA}. Make the split again with this hilum"
        )
    known = {_line(record): record for record in records}
    absent = next((line for part in parts.values() for line in part if line not in known), None)
    if absent is not None:
        raise DataError(
            f"The data do not hold every image of {path} with the same content; missing: {' '.join(absent[:2])}. Give "
            "the same data set, or make the split again"
        )
    split = Split({name: tuple(known[line] for line in part) for name, part in parts.items()}, protocol)
    if split.sha256 != sha256:
        raise DataError(f"{path} was altered: its split is {split.sha256}, but it says {sha256}. Make it again")
    return split


def _line(record: Record) -> tuple[str, ...]:
    return record.source, record.image, record.patient, record.sha256


def _write(file: BinaryIO, text: str) -> None:
    file.write(text.encode())
