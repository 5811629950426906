"""Which files a batch reads: files and folders as named by the user, folders searched recursively in sorted order.

A file named explicitly is always read (and fails where it is no image). In a folder, content decides: a file of no
known image format is skipped and listed, unless its suffix claims that it is an image; then it is read, and fails
visibly. Hidden files and folders and DICOM directory files are passed over; linked folders are not followed (they are
listed), so no loop of links can trap the search. The output folder is never searched.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import UsageError
from hilum.output.image_content import why_not_image

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read: `name` as the user gave it, `relative` the POSIX path that its outputs are named after."""

    name: str
    relative: str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or folder in a searched folder that is not read, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a search found; `problems` are one-line messages of folders that hold no image or cannot be searched."""

    files: tuple[InputFile, ...]
    skipped: tuple[SkippedFile, ...]
    problems: tuple[str, ...]


def find_inputs(arguments: Sequence[str], *, out: Path | None) -> Inputs:
    """The files behind the user's arguments, each once, in the order given and sorted within each folder.

    `relative` is relative to the deepest folder that holds all arguments, so that no two files share it. Raises
    `UsageError` where `out` is, or holds, a folder to search, and where `-` stands beside other arguments.
    """
    if STANDARD_INPUT in arguments:
        if len(arguments) > 1:
            raise UsageError("expected '-' (standard input) alone, came other files beside it; read them in two runs")
        return Inputs((InputFile(STANDARD_INPUT, "stdin"),), (), ())
    found: dict[Path, str] = {}
    search = _Search(out=out)
    for argument in map(Path, arguments):
        if argument.is_dir():
            _refuse_output_over_input(argument, out=out)
            paths = search.images(argument)
        else:
            paths = [argument]
        for path in paths:
            found.setdefault(_absolute(path), str(path))
    base = _common_folder([Path(argument) for argument in arguments])
    files = tuple(InputFile(name, absolute.relative_to(base).as_posix()) for absolute, name in found.items())
    return Inputs(files, tuple(search.skipped), tuple(search.problems))


class _Search:
    def __init__(self, *, out: Path | None) -> None:
        self.skipped: list[SkippedFile] = []
        self.problems: list[str] = []
        self._out = out.resolve() if out is not None else None
        self._looked_at = 0

    def images(self, folder: Path) -> list[Path]:
        """The images under `folder`; a folder without one adds a problem."""
        self._looked_at = 0
        problems_before = len(self.problems)
        found = list(self._walk(folder))
        if not found and len(self.problems) == problems_before:
            self.problems.append(
                f"no image in {folder}: {self._looked_at} files looked at, none of a format that hilum reads "
                "(PNG, JPEG, TIFF, BMP, WebP, DICOM); name a folder with images"
            )
        return found

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            listed = sorted(folder.iterdir())
        except OSError as error:
            self.problems.append(f"cannot search {folder}: {error.strerror}; check its permissions")
            return
        for path in listed:
            if path.name.startswith("."):
                continue
            if path.is_dir():
                yield from self._enter(path)
            elif self._is_wanted(path):
                yield path

    def _enter(self, folder: Path) -> Iterator[Path]:
        if folder.is_symlink():
            self.skipped.append(SkippedFile(str(folder), "linked folder, not followed"))
        elif folder.resolve() != self._out:
            yield from self._walk(folder)

    def _is_wanted(self, path: Path) -> bool:
        self._looked_at += 1
        reason = why_not_image(path) if _is_regular(path) else "not a regular file"
        if reason is not None:
            self.skipped.append(SkippedFile(str(path), reason))
        return reason is None


def _refuse_output_over_input(folder: Path, *, out: Path | None) -> None:
    if out is not None and folder.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"--out {out} is or holds the folder to read, {folder}; name a folder of its own for readings")


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # a broken link or the like: reading it fails where everyone sees it


def _absolute(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))  # links stay: two links are two inputs


def _common_folder(arguments: Sequence[Path]) -> Path:
    folders = [_absolute(path) if path.is_dir() else _absolute(path).parent for path in arguments]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        raise UsageError("the inputs lie on different drives; read them in two runs") from error
