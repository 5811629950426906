"""Names for the outputs of a batch that say nothing of their files: hashes of the bytes."""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from hilum.errors import UsageError
from hilum.output.folder import OutputFolder
from hilum.output.inputs import STANDARD_INPUT, InputFile
from hilum.output.journal import RELATIVE_PATH, Record, records
from hilum.output.resume import is_read_once, sha256_of

NAME = "image"
"""What a neutral name begins with."""

_NEUTRAL = re.compile(rf"{NAME}-([0-9a-f]{{12}}|unreadable)(-[0-9]+)?")


_OTHERS = {
    True: "{folder} holds results under the names of their files; name an empty folder for anonymous ones",
    False: "{folder} holds anonymous results; name another folder for results under the names of their files",
}
"""What is said where anonymous results are to be written, or others, and the folder holds the other kind."""


def neutral_files(files: Iterable[InputFile], *, max_bytes: int) -> tuple[InputFile, ...]:
    """The same files, their outputs named `image-` and the first 12 digits of the SHA-256 of their bytes.

    The name stays the same in the next run, whatever files lie beside it, and whoever has the file can tell its results
    by its hash. A file whose bytes another one has too gets a number besides; one that cannot be read has that alone.
    Standard input and pipes give their bytes once: at most `max_bytes` and one more are kept, and read later.
    """
    seen: Counter[str] = Counter()
    named = []
    for file in map(lambda each: _held(each, max_bytes=max_bytes), files):
        sha256 = sha256_of(file)
        stem = f"{NAME}-{'unreadable' if sha256 is None else sha256[:12]}"
        seen[stem] += 1
        relative = stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"
        named.append(replace(file, relative=relative, sha256=sha256))
    return tuple(named)


def _held(file: InputFile, *, max_bytes: int) -> InputFile:
    """The file, with its bytes where they can be had only once and can be had."""
    if not is_read_once(file):
        return file
    try:
        if file.name == STANDARD_INPUT:
            return _with_bytes(file, sys.stdin.buffer, max_bytes=max_bytes)
        with Path(file.name).open("rb") as stream:
            return _with_bytes(file, stream, max_bytes=max_bytes)
    except OSError:
        return file  # reading it says why


def _with_bytes(file: InputFile, stream: BinaryIO, *, max_bytes: int) -> InputFile:
    data = stream.read(max_bytes + 1)  # one more than allowed is enough to refuse it
    return replace(file, data=data, sha256=hashlib.sha256(data).hexdigest() if len(data) <= max_bytes else None)


def is_neutral(record: Record) -> bool:
    """Whether a journal's record is of an anonymous result: its source bears the neutral name of its outputs."""
    relative = record[RELATIVE_PATH]
    return _NEUTRAL.fullmatch(relative) is not None and record["source"]["name"] == relative


def records_of_one_kind(folder: OutputFolder, *, anonymous: bool) -> Iterator[Record]:
    """The journal's records, one at a time; raises `UsageError` at one of the other kind: a named one, or anonymous.

    The two never meet in one folder, so that what was made to be given away holds no name.
    """
    for record in records(folder.path):
        if is_neutral(record) != anonymous:
            raise UsageError(_OTHERS[anonymous].format(folder=folder.path))
        yield record
