"""What reads in a worker: rows of a plan in, rows of a part out, one shard or a piece of one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hilum.errors import FileAccessError
from hilum.reading.input.sources import ImageSource
from hilum.reading_result import FailedReading
from hilum.screening.film import Film, film_row
from hilum.screening.object_store import MissingFilmError, StoreError, is_url
from hilum.screening.part_row import Row, row_of_result
from hilum.screening.reader_spec import ReaderSpec
from hilum.stated import Stated

_MANY = 10
"""So many films that are all missing, with their folders, are no faulty rows: a disk is not mounted."""


class ShardReader(Protocol):
    """Reads pieces of shards; one lives in each worker."""

    def read(self, lines: Sequence[bytes]) -> list[Row]:
        """One row a line, in their order.

        Raises an error of `hilum.errors` where none of them can be read for a reason that is not the films' own.
        """


OpenShardReader = Callable[[], ShardReader]
"""Opens one; it is sent to workers, so it is a function of a module, or a dataclass."""


@dataclass(frozen=True, slots=True)
class OpenFilmReader:
    """Opens a reader of a plan's films. `missing_is_failure`: whole shards of missing films are failures as well."""

    spec: ReaderSpec
    root: str
    missing_is_failure: bool = False

    def __call__(self) -> ShardReader:
        """The reader. Raises as `ReaderSpec.open_reader` does."""
        return FilmReader(self)


class FilmReader:
    """Reads films by the reader that the plan tells of."""

    def __init__(self, asked: OpenFilmReader) -> None:
        self._asked = asked
        self._reader = asked.spec.open_reader()

    def read(self, lines: Sequence[bytes]) -> list[Row]:
        """One row a line.

        Raises `StoreError` where an object store gives none of them, and `FileAccessError` where many are all missing
        with their folders.
        """
        listed = tuple(map(film_row, lines))
        films = [Film(row, root=self._asked.root, limits=self._asked.spec.limits) for row in listed]
        general = Stated(assume_scope=self._asked.spec.assume_scope or None)
        stated: dict[ImageSource, Stated] = {
            film: row.stated.over(general) for film, row in zip(films, listed, strict=True)
        }
        results = self._reader.examine_many(films, jobs=1, stated=stated)
        with closing(results):
            rows = [
                row_of_result(each if isinstance(each, FailedReading) else each.reading, name=film.name)
                for film, each in zip(films, results, strict=True)
            ]
        self._refuse_unreachable(films, rows)
        return rows

    def _refuse_unreachable(self, films: Sequence[Film], rows: Sequence[Row]) -> None:
        kinds = {row["error_kind"] for row in rows}
        if kinds == {StoreError.kind}:
            raise StoreError(f"{rows[0]['error']}. Nothing of this store can be read now")
        if kinds != {MissingFilmError.kind} or self._asked.missing_is_failure or len(films) < _MANY:
            return
        if not any(_has_folder(film.place) for film in films):
            raise FileAccessError(
                f"None of {len(films)} films is there, nor their folders (the first is {films[0].place}); is the disk "
                "mounted? Where they are gone for good, add --missing-is-failure"
            )


def _has_folder(place: str) -> bool:
    return is_url(place) or Path(place).parent.is_dir()
