"""A folder's results of other files that are called alike: of `a/IM1.png` and `b/IM1.png`, read one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hilum.output.inputs import STANDARD_INPUT, InputFile, absolute_path
from hilum.output.journal import RELATIVE_PATH, Record, is_failure
from hilum.output.neutral_files import is_neutral
from hilum.output.resume import sha256_of
from hilum.there import is_file

READ_FROM = "read_from"
"""The key, added to a reading's line whose source is named relative to a folder: that folder."""


@dataclass(frozen=True, slots=True)
class ReadBefore:
    """The file behind results that a folder holds: its absolute path, and the SHA-256 of its bytes."""

    path: Path
    sha256: str

    def is_another(self, path: Path, *, sha256: str | None) -> bool:
        """Whether the file at the absolute `path` is neither this one, changed or not, nor a copy of it."""
        return sha256 != self.sha256 and path != self.path and os.path.realpath(path) != os.path.realpath(self.path)


def with_place(record: Record) -> Record:
    """The record of a reading, with the folder from which its source is named, where the name does not tell it."""
    name = record["source"]["name"]
    told = is_neutral(record) or Path(name).is_absolute() or path_of(name) is None
    return record if told else {**record, READ_FROM: str(Path.cwd())}


def path_of(name: str) -> Path | None:
    """The absolute path of a source that is a file, or lies in an archive; None for one in memory."""
    path = absolute_path(Path(name))
    return path if name != STANDARD_INPUT and any(map(is_file, (path, *path.parents))) else None


def read_before(found: Iterable[Record]) -> Iterator[tuple[str, ReadBefore]]:
    """The `relative_path` of each reading among a journal's records whose source was a file, with that file."""
    for record in found:
        if is_failure(record) or is_neutral(record):
            continue
        path = Path(record.get(READ_FROM, "")) / record["source"]["name"]
        if path.is_absolute():
            yield record[RELATIVE_PATH], ReadBefore(path=absolute_path(path), sha256=record["source"]["sha256"])


def called_alike(files: Iterable[InputFile], *, found: Iterable[Record]) -> dict[InputFile, ReadBefore]:
    """The files whose results would take the place of those of another file among a journal's records, with that one.

    A file that changed is the same one, and so is a copy of its bytes: their results may be replaced.
    """
    before = dict(read_before(found))
    return {
        file: known
        for file in files
        if (known := before.get(file.relative)) is not None
        and (path := path_of(file.name)) is not None
        and path != known.path
        and known.is_another(path, sha256=sha256_of(file))
    }


def alike_text(name: str, *, known: ReadBefore, folder: Path) -> str:
    """Why the file called `name` gets no results in `folder`, and what to do."""
    return (
        f"{name}: {folder} holds the results of another file of this name, {known.path}, which would be lost. Name "
        "another output folder, or read both files in one run"
    )
