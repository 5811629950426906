"""Which files of a batch need no reading: the journal has them, of the same bytes, models, settings and statements."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from hilum.errors import DecodeError, HilumError, LimitError, RefusedImageError
from hilum.imaging.files.archive import read_member
from hilum.imaging.pixels.limits import DEFAULT_LIMITS
from hilum.output.folder import OutputFolder
from hilum.output.inputs import STANDARD_INPUT, InputFile
from hilum.output.journal import NO_OBJECTS, RELATIVE_PATH, is_failure, records
from hilum.report.reading_json import stated_to_json
from hilum.stated import Stated

PERMANENT = frozenset(error.kind for error in (DecodeError, RefusedImageError, LimitError))
"""The kinds of failures that come again for the same bytes, however often they are read."""


def already_read(
    files: Iterable[InputFile],
    *,
    folder: OutputFolder,
    settings_sha256: str,
    frame: int | None,
    stated: Callable[[InputFile], Stated],
    objects: bool = False,
    pictures: bool = True,
) -> frozenset[str]:
    """The `relative` of each file that is read, with all its outputs in place, and without `pictures` no others.

    A failure is tried again. `settings_sha256` covers models, settings and hilum's version; the bytes of a file are
    compared by SHA-256, the frame must be the one asked for (an only frame is the first), and `stated`, which tells
    what the user says of a file, must say what was said when it was read. With `objects` its DICOM objects must be
    there, where it can have any.
    """
    read = [
        record
        for record in records(folder.path)
        if not is_failure(record)
        and record["hilum"]["settings_sha256"] == settings_sha256
        and (record["source"]["frame"] or 1) == (frame or 1)
    ]
    known = {record[RELATIVE_PATH]: (record["source"]["sha256"], record.get("stated")) for record in read}
    without = {record[RELATIVE_PATH] for record in read if NO_OBJECTS in record}
    return frozenset(
        file.relative
        for file in files
        if file.relative in known
        and folder.has_outputs(file.relative, objects=objects and file.relative not in without, pictures=pictures)
        and known[file.relative] == (sha256_of(file), stated_to_json(stated(file)))
    )


def failed_before(
    files: Iterable[InputFile], *, folder: OutputFolder, settings_sha256: str, frame: int | None
) -> frozenset[str]:
    """The `relative` of each file that failed before for good, and that would again: of the same bytes and settings.

    Only failures that lie in the bytes themselves count (`PERMANENT`); of what the machine lacked, and of an output
    that could not be written, another try may succeed. The frame must have been asked for as it is now: a file of
    several fails without one, and one of a single frame fails with a later one. A failure whose bytes are not known, or
    whose record does not tell of the frame, counts as none.
    """
    known = {
        record[RELATIVE_PATH]: record["source"].get("sha256")
        for record in records(folder.path)
        if is_failure(record)
        and record["error"]["kind"] in PERMANENT
        and record["hilum"]["settings_sha256"] == settings_sha256
        and record["source"].get("frame", "not told") == frame
    }
    return frozenset(
        file.relative
        for file in files
        if known.get(file.relative) is not None and known[file.relative] == sha256_of(file)
    )


def sha256_of(file: InputFile) -> str | None:
    """The SHA-256 of a file's bytes, also of one in a ZIP archive; None where they cannot be had (reading says why).

    One that was computed already is not computed again. What gives its bytes once is left to whoever reads it.
    """
    if file.sha256 is not None or is_read_once(file):
        return file.sha256
    path = Path(file.name)
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (NotADirectoryError, FileNotFoundError):
        return _sha256_of_member(path)
    except OSError:
        return None


def is_read_once(file: InputFile) -> bool:
    """Whether the file gives its bytes once, as standard input and pipes do."""
    if file.name == STANDARD_INPUT:
        return True
    try:
        mode = Path(file.name).stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _sha256_of_member(path: Path) -> str | None:
    try:
        return hashlib.sha256(read_member(path, limits=DEFAULT_LIMITS)).hexdigest()
    except HilumError:
        return None
