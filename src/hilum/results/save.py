"""Saves results into a folder as `hilum read --out` writes them; a folder may be added to, by either."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from hilum.output.folder import OutputFolder
from hilum.output.index import write_index
from hilum.output.journal import Journal
from hilum.output.layout import INDEX, clashes, output_paths
from hilum.output.neutral_files import records_of_one_kind
from hilum.output.render import RenderSettings, failure_record, write_failure_page, write_outputs
from hilum.output.same_name import ReadBefore, alike_text, path_of, read_before, with_place
from hilum.reading_result import Examination, FailedReading
from hilum.whole_files import OutputNameError

Named = tuple[str, Examination | FailedReading, RenderSettings]
"""The path, within the folder, that the outputs are named after; what they are of; how pages are drawn."""


def save_all(named: Iterable[Named], *, folder: Path) -> tuple[Path, ...]:
    """Write JSON, overlay and page of each, and `readings.jsonl`, `failures.jsonl` and `index.html`.

    The pages come back, in order; a failure has none. What is there already of the same name is replaced, but nothing
    that was read of another file. Raises `OutputError` for that, where the folder is in use by another process, full or
    cannot be written, and where the outputs of an image cannot have their names; `UsageError` for a folder of anonymous
    results.
    """
    with OutputFolder(folder) as held:
        before = dict(read_before(records_of_one_kind(held, anonymous=False)))
        with closing(Journal(held.path, replacing=())) as journal:
            pages = tuple(_pages(named, before=before, folder=held, journal=journal))
        Journal(held.path, replacing=()).close()  # of several lines on one image the last one stays
        write_index(held.path)
    return pages


def _pages(
    named: Iterable[Named], *, before: Mapping[str, ReadBefore], folder: OutputFolder, journal: Journal
) -> Iterator[Path]:
    for relative, result, settings in named:
        _refuse_another(result, known=before.get(relative), folder=folder.path)
        if isinstance(result, FailedReading):
            folder.remove_outputs(relative)
            write_failure_page(result, relative=relative, folder=folder.path, settings=settings)
            journal.add(failure_record(result, relative=relative))
            continue
        if reasons := clashes([relative]):
            raise OutputNameError(reasons[relative])
        journal.add(with_place(write_outputs(result, relative=relative, folder=folder.path, settings=settings)))
        yield folder.path / output_paths(relative).page


def _refuse_another(result: Examination | FailedReading, *, known: ReadBefore | None, folder: Path) -> None:
    """Raise `OutputNameError` where the results would take the place of those of another file."""
    source = result if isinstance(result, FailedReading) else result.reading.source
    path = None if known is None else path_of(source.name)
    if known is not None and path is not None and known.is_another(path, sha256=source.sha256):
        raise OutputNameError(alike_text(source.name, known=known, folder=folder))


def name_in_folder(name: str) -> str:
    """A file name of what a source is called: its last part, without what file systems or shells object to."""
    last = re.split(r"[\\/]", name.rstrip("\\/"))[-1]
    plain = re.sub(r'[<>:"|?*\x00-\x1f]', "", last).strip(". ")
    return plain if plain and plain != INDEX.removesuffix(".html") else f"{plain or 'radiograph'}-image"
