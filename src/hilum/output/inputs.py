"""Which files a batch reads: files, folders and ZIP archives as named by the user, searched in sorted order.

A file named explicitly is always read (and fails where it is no image). In a folder, content decides: a file of no
known image format is skipped and listed, unless its suffix claims that it is an image; then it is read, and fails
visibly. Sound DICOM objects that are no radiograph, and what an earlier run of hilum wrote, are skipped too. Hidden
files are left out; linked folders are not followed (they are listed), so no loop of links can trap the search. The
output folder is never searched. A ZIP archive is searched like a folder, an archive in it is not.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from hilum.errors import HilumError, UsageError
from hilum.imaging.files.archive import Listing, is_archive, list_archive, read_head
from hilum.output.image_content import Head, why_not_image
from hilum.output.own_output import OWN_OUTPUT, REPORT, Beside, is_own_output, is_report, report_folders
from hilum.there import is_file, is_folder

STANDARD_INPUT = "-"
_BY_OPTION = "name it with --patients"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read: `name` as the user gave it, `relative` the POSIX path that its outputs are named after.

    A file in a ZIP archive is called `study.zip/inner/path`; `imaging.decode.read_file` reads it by that name.
    `sha256` is that of its bytes where it was computed already; `data` are the bytes of what gives them once, where
    they were taken already.
    """

    name: str
    relative: str
    sha256: str | None = None
    data: bytes | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder in a searched folder that is not read, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a search found; `problems` are one-line messages of what holds no image or cannot be searched."""

    files: tuple[InputFile, ...]
    skipped: tuple[SkippedFile, ...]
    problems: tuple[str, ...]


def find_inputs(
    arguments: Sequence[str], *, out: Path | None, frame: int | None = None, table: str = _BY_OPTION
) -> Inputs:
    """The files behind the user's arguments, each once, in the order given and sorted within each folder.

    `relative` is relative to the deepest folder that holds all arguments, so that no two files share it. Files of
    several frames that are no radiographs are passed over in a folder unless `frame` is named. `table` is how a table
    of patients is named. Raises `UsageError` where `out` is, or holds, a folder to search, and where `-` stands beside
    other arguments.
    """
    if STANDARD_INPUT in arguments:
        if len(arguments) > 1:
            raise UsageError("'-' (standard input) cannot be read together with files. Read them in two runs")
        return Inputs((InputFile(STANDARD_INPUT, "stdin"),), (), ())
    found: dict[Path, str] = {}
    search = _Search(out=out, frame=frame, table=table)
    for argument in map(Path, arguments):
        if is_folder(argument):
            _refuse_output_over_input(argument, out=out)
            paths = search.images(argument)
        elif is_file(argument) and is_archive(argument):
            paths = search.images(argument)
        else:
            paths = [argument]
        for path in paths:
            found.setdefault(absolute_path(path), str(path))
    base = _common_folder([Path(argument) for argument in arguments])
    files = tuple(InputFile(name, absolute.relative_to(base).as_posix()) for absolute, name in found.items())
    return Inputs(files, tuple(search.skipped), tuple(search.problems))


def absolute_path(path: Path) -> Path:
    """The path from the root, without `.` and `..`; links stay, since two links are two inputs."""
    return Path(os.path.normpath(path.absolute()))


class _Search:
    def __init__(self, *, out: Path | None, frame: int | None, table: str) -> None:
        self.skipped: list[SkippedFile] = []
        self.problems: list[str] = []
        self._out = _real(out) if out is not None else None
        self._frame, self._table = frame, table
        self._looked_at = 0

    def images(self, place: Path) -> list[Path]:
        """The images in the folder or archive `place`; one without any adds a problem."""
        self._looked_at = 0
        problems_before = len(self.problems)
        found = list(self._walk(place) if is_folder(place) else self._in_archive(place))
        if not found and len(self.problems) == problems_before:
            self.problems.append(
                f"No image found in {place}: none of its {self._looked_at} files has a format that hilum reads (PNG, "
                "JPEG, TIFF, BMP, WebP, DICOM). Name a folder with images"
            )
        return found

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            listed = sorted(folder.iterdir())
        except OSError as error:
            self.problems.append(f"Cannot search {folder}: {error.strerror}. Check its permissions")
            return
        for path in listed:
            if path.name.startswith("."):
                continue
            if is_folder(path):
                yield from self._enter(path)
            elif is_searchable(path):
                yield from self._in_archive(path)
            elif self._is_wanted(path, reason=why_skipped(path, frame=self._frame, table=self._table)):
                yield path

    def _enter(self, folder: Path) -> Iterator[Path]:
        reason = why_not_entered(folder)
        if reason is not None:
            self._skip(folder, reason)
        elif _real(folder) != self._out:
            yield from self._walk(folder)

    def _in_archive(self, path: Path) -> Iterator[Path]:
        try:
            listing = list_archive(path)
        except HilumError as error:
            self.problems.append(str(error))
            return
        self.problems += _problems(path, listing)
        for name in listing.links:
            self._skip(path / name, "link in a ZIP archive, not followed")
        reports = report_folders(listing.files, head=partial(_head_in_archive, path))
        for name in listing.files:
            inner = path / name
            if not reports.isdisjoint(PurePosixPath(name).parents):
                self._looked_at += 1
                self._skip(inner, "part of a report that hilum wrote")
                continue
            head = partial(_head_in_archive, path, name)
            beside = partial(_head_beside_in_archive, path, name)
            if _is_inner_archive(head):
                self._looked_at += 1
                self._skip(inner, "ZIP archive in a ZIP archive, not opened")
            elif self._is_wanted(
                inner, reason=_why_skipped(inner, head=head, beside=beside, frame=self._frame, table=self._table)
            ):
                yield inner

    def _is_wanted(self, path: Path, *, reason: str | None) -> bool:
        self._looked_at += 1
        if reason is not None:
            self._skip(path, reason)
        return reason is None

    def _skip(self, path: Path, reason: str) -> None:
        self.skipped.append(SkippedFile(str(path), reason))


def is_searchable(path: Path) -> bool:
    """Whether a file of a searched folder is a ZIP archive; nothing is asked of what is no regular file."""
    return _is_regular(path) and is_archive(path)


def why_not_entered(folder: Path) -> str | None:
    """Why a folder below the one to search is passed over, or None where it is to be searched."""
    if folder.is_symlink():
        return "linked folder, not followed"
    return REPORT if is_report(partial(_head_beside, folder / "_")) else None


def why_skipped(path: Path, *, frame: int | None, table: str) -> str | None:
    """Why a file of a searched folder is passed over, or None where it is to be read; `table` as of `find_inputs`."""
    if not _is_regular(path):
        return "not a regular file"
    return _why_skipped(path, head=partial(_head, path), beside=partial(_head_beside, path), frame=frame, table=table)


def _why_skipped(path: Path, *, head: Head, beside: Beside, frame: int | None, table: str) -> str | None:
    reason = why_not_image(path, head=head, frame=frame, table=table)
    return OWN_OUTPUT if reason is None and is_own_output(path, beside=beside) else reason


def _problems(path: Path, listing: Listing) -> Iterator[str]:
    """What an archive holds that is not read and should be known, a line each."""
    if listing.encrypted:
        yield (
            f"{path}: {_files(listing.encrypted)} encrypted. Unpack the archive with its password and read the folder"
        )
    if listing.unsafe:
        yield f"{path}: {_files(listing.unsafe)} named so as to lead out of the archive, and not read. Rename them"


def _files(names: Sequence[str]) -> str:
    return f"1 file, {names[0]}, is" if len(names) == 1 else f"{len(names)} files, the first {names[0]}, are"


def _head(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _head_beside(path: Path, name: str, count: int) -> bytes:
    return _head(path.with_name(name), count)


def _head_in_archive(archive: Path, name: str, count: int) -> bytes:
    return read_head(archive, name, count=count)


def _head_beside_in_archive(archive: Path, name: str, other: str, count: int) -> bytes:
    return read_head(archive, PurePosixPath(name).with_name(other).as_posix(), count=count)


def _is_inner_archive(head: Head) -> bool:
    try:
        return head(4) == b"PK\x03\x04"
    except HilumError:
        return False  # reading it fails where everyone sees it


def _refuse_output_over_input(folder: Path, *, out: Path | None) -> None:
    if out is not None and _real(folder).is_relative_to(_real(out)):
        raise UsageError(f"--out {out} is or holds the folder to read, {folder}. Name another folder for the readings")


def _real(path: Path) -> Path:
    """The path without links; of links in a circle, which `Path.resolve` raises for, as far as they lead."""
    return Path(os.path.realpath(path))


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # a broken link or the like: reading it fails where everyone sees it


def _common_folder(arguments: Sequence[Path]) -> Path:
    folders = [absolute_path(path) if is_folder(path) else absolute_path(path).parent for path in arguments]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        raise UsageError("The inputs lie on different drives. Read them in two runs") from error
