"""Which files of a batch need no reading: the journal has them, of the same bytes, models and settings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from hilum.output.folder import OutputFolder
from hilum.output.inputs import InputFile
from hilum.output.journal import RELATIVE_PATH, is_failure, records


def already_read(
    files: Iterable[InputFile], *, folder: OutputFolder, settings_sha256: str, frame: int | None
) -> frozenset[str]:
    """The `relative` of each file that is read, with all its outputs in place.

    A failure is tried again. `settings_sha256` covers models, settings and hilum's version; the bytes of a file are
    compared by SHA-256, and the frame must be the one asked for (an only frame is the first).
    """
    known = {
        record[RELATIVE_PATH]: record["source"]["sha256"]
        for record in records(folder.path)
        if not is_failure(record)
        and record["hilum"]["settings_sha256"] == settings_sha256
        and (record["source"]["frame"] or 1) == (frame or 1)
    }
    return frozenset(
        file.relative
        for file in files
        if file.relative in known
        and folder.has_outputs(file.relative)
        and _sha256(Path(file.name)) == known[file.relative]
    )


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None  # reading it says what is wrong
