"""The journal of an output folder: `readings.jsonl` holds every file once, `failures.jsonl` the failed ones again.

A line is appended after the outputs that it speaks of are whole on disk. A run that is killed leaves whole lines and
at most one torn last line, which the next run drops; reading a file again replaces its line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from hilum.errors import OutputError
from hilum.output.layout import FAILURES, READINGS
from hilum.whole_files import output_error, write_whole

Record = dict[str, Any]
"""One parsed line: the JSON object of a reading or a failure, with `relative_path` and, it may be, a reason added."""

RELATIVE_PATH = "relative_path"
"""The key, added to each line, that names the outputs and identifies a file in the journal."""


NO_OBJECTS = "no_dicom_objects"
"""The key of a line whose image has none of the DICOM objects that were asked for: why it has none."""


class Journal:
    """The two files of one output folder, open for appending from construction until `close`.

    Whoever makes one holds the folder's lock. Lines of the files in `replacing`, torn lines and repeated lines are
    removed first, in one step a file. Raises `OutputError` where the folder is full or cannot be written.
    """

    def __init__(self, folder: Path, *, replacing: Collection[str]) -> None:
        _rewrite(folder, replacing=replacing)
        self._readings = Appender(folder / READINGS, advice="use --resume")
        self._failures = Appender(folder / FAILURES, advice="use --resume")

    def add(self, record: Record) -> None:
        """Append one reading or failure, whole or not at all."""
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        self._readings.append(line)
        if is_failure(record):
            self._failures.append(line)

    def close(self) -> None:
        """Flush both files to disk and close them."""
        self._readings.close()
        self._failures.close()


def is_failure(record: Record) -> bool:
    """Whether a record says that its file could not be read."""
    return "error" in record


def records(folder: Path) -> Iterator[Record]:
    """The journal's records in order, one at a time; lines that are torn or are no record are passed over.

    Raises `OutputError` where `readings.jsonl` exists and cannot be opened.
    """
    for _, record in _lines(folder):
        yield record


def _lines(folder: Path) -> Iterator[tuple[bytes, Record]]:
    path = folder / READINGS
    try:
        with path.open("rb") as file:
            for line in file:
                record = _parse(line)
                if record is not None:
                    yield line, record
    except FileNotFoundError:
        return
    except OSError as error:
        raise output_error(path, error) from error


def _parse(line: bytes) -> Record | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    known = isinstance(record, dict) and isinstance(record.get(RELATIVE_PATH), str)
    return record if known else None


def _rewrite(folder: Path, *, replacing: Collection[str]) -> None:
    last = {record[RELATIVE_PATH]: number for number, record in enumerate(records(folder))}
    kept = {number for relative, number in last.items() if relative not in replacing}

    def chosen(wanted: Callable[[Record], bool]) -> Iterator[bytes]:
        for number, (line, record) in enumerate(_lines(folder)):
            if number in kept and wanted(record):
                yield line

    failures = b"".join(chosen(is_failure))
    write_whole(folder / READINGS, chosen(lambda _: True))
    write_whole(folder / FAILURES, failures)


class Appender:
    """A file that only grows, by whole lines; unbuffered, so that a line is with the system once `append` returns.

    `advice` is what helps, after room was made, where the disk is full.
    """

    def __init__(self, path: Path, *, advice: str) -> None:
        self._path, self._advice = path, advice
        try:
            self._file = FileIO(path, "ab")
        except OSError as error:
            raise output_error(path, error) from error

    def append(self, line: bytes) -> None:
        """Append one line, whole or not at all. Raises `OutputError` where the disk is full or cannot be written."""
        size = self._file.seek(0, os.SEEK_END)
        try:
            written = self._file.write(line)
        except OSError as error:
            raise output_error(self._path, error) from error
        if written != len(line):
            self._file.truncate(size)
            raise OutputError(f"Cannot write {self._path}: the disk is full. Make room, then {self._advice}")

    def close(self) -> None:
        """Flush to disk and close; a second call does nothing."""
        if self._file.closed:
            return
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise output_error(self._path, error) from error
