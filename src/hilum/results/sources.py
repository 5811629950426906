"""What of many is read: each source by itself, with the images of folders and ZIP archives in their places."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hilum.errors import FileAccessError, UsageError
from hilum.imaging.files.archive import is_archive
from hilum.output.inputs import SkippedFile, find_inputs
from hilum.reading.input.sources import TAKEN, ImageSource, is_source, source_name
from hilum.results.save import name_in_folder
from hilum.there import is_file, is_folder

ManySources = str | os.PathLike[str] | Iterable[ImageSource]
"""A folder, a ZIP archive, or sources one after another; among them may be folders and archives."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """One source; `relative` is the path that its outputs are named after."""

    source: ImageSource
    relative: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """A folder or archive without an image, or a part of it that cannot be searched, and why."""

    name: str
    message: str
    kind: str = FileAccessError.kind


def is_many(source: object) -> bool:
    """Whether it stands for several radiographs: a folder, a ZIP archive, or something to go through."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return is_folder(path) or (is_file(path) and is_archive(path))
    return not is_source(source) and isinstance(source, Iterable)


def wanted_sources(
    sources: ManySources, *, frame: int | None, skipped: list[SkippedFile]
) -> Iterator[Wanted | NotFound]:
    """Every source in order, no two with one `relative`; what folders hold besides images is added to `skipped`.

    Raises `UsageError` for what is no source.
    """
    taken: set[str] = set()
    for one in _each(sources):
        if isinstance(one, str | os.PathLike) and is_many(one):
            inputs = find_inputs([os.fspath(one)], out=None, frame=frame, table="give what it says as `stated`")
            skipped += inputs.skipped
            for file in inputs.files:
                yield Wanted(file.name, _free(file.relative, taken=taken))
            yield from (NotFound(os.fspath(one), problem) for problem in inputs.problems)
        else:
            yield Wanted(one, _free(name_in_folder(source_name(one)), taken=taken))


def _each(sources: ManySources) -> Iterator[ImageSource]:
    if isinstance(sources, str | os.PathLike):
        yield sources
        return
    if isinstance(sources, dict) or not isinstance(sources, Iterable):
        raise UsageError(f"A source must be {TAKEN}, or a list or folder of them, not {type(sources).__name__}")
    for one in sources:
        if not is_source(one):
            raise UsageError(f"A list may hold {TAKEN}, not {type(one).__name__}")
        yield one


def _free(relative: str, *, taken: set[str]) -> str:
    """The path itself, or with a number before its suffix where it is taken."""
    path, number = Path(relative), 2
    found = relative
    while found in taken:
        found = path.with_name(f"{path.stem}-{number}{path.suffix}").as_posix()
        number += 1
    taken.add(found)
    return found
