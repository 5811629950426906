"""The index page of an output folder, made from its journal, so that it shows earlier runs too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hilum.output.from_json import result_of
from hilum.output.journal import RELATIVE_PATH, Record, records
from hilum.output.layout import INDEX, TABLE, output_paths
from hilum.reading_result import FailedReading
from hilum.report.index_page import IndexEntry, render_index
from hilum.report.readings_csv import readings_csv
from hilum.report.templating import data_uri
from hilum.there import is_file
from hilum.whole_files import write_whole

THUMBNAILS_UP_TO = 500
"""Above so many files the index goes without thumbnails, which would make it larger than a browser likes."""


def write_index(folder: Path) -> None:
    """Write `index.html` and `readings.csv` for every file in the journal; equally urgent ones in order of paths."""
    order = sorted((record[RELATIVE_PATH], number) for number, record in enumerate(records(folder)))
    with_thumbnails = len(order) <= THUMBNAILS_UP_TO
    entries = {number: entry for number, entry in enumerate(_entries(folder, with_thumbnails=with_thumbnails))}
    listed = [entries[number] for _, number in order]
    write_whole(folder / TABLE, readings_csv((entry.result, entry.page_href) for entry in listed))
    page = render_index(listed, csv=TABLE)
    write_whole(folder / INDEX, page.encode("utf-8", "replace"))


def _entries(folder: Path, *, with_thumbnails: bool) -> Iterator[IndexEntry]:
    for record in records(folder):
        yield _entry(record, folder=folder, with_thumbnail=with_thumbnails)


def _entry(record: Record, *, folder: Path, with_thumbnail: bool) -> IndexEntry:
    result = result_of(record)
    paths = output_paths(record[RELATIVE_PATH])
    if isinstance(result, FailedReading):
        page = paths.page if is_file(folder / paths.page) else None
        return IndexEntry(result.name, page, None, None, result)
    thumbnail = _bytes_of(folder / paths.thumbnail) if with_thumbnail else None
    address = None if thumbnail is None else data_uri(thumbnail)
    page = paths.page if is_file(folder / paths.page) else None  # none was written without pictures
    return IndexEntry(result.source.name, page, paths.json, address, result)


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None  # an index without this thumbnail is better than none
