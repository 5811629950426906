"""What came of many radiographs, one after another: each is read when it is asked for, and none is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hilum.imaging.in_memory import ValueRange
from hilum.output.inputs import SkippedFile
from hilum.output.render import RenderSettings
from hilum.reading.input.sources import ImageSource
from hilum.reading_result import FailedReading
from hilum.results.reader import Reader
from hilum.results.result import Result
from hilum.results.save import Named, name_in_folder, save_all
from hilum.results.sources import ManySources, NotFound, wanted_sources
from hilum.results.table import TableLibrary, to_table
from hilum.stated import NOTHING_STATED, Stated
from hilum.version import __version__


class Results(Iterator[Result | FailedReading]):
    """What came of many radiographs, in their order; gone through once, as any iterator.

    A source that cannot be read gives a `FailedReading` in its place, and stops nothing. Each result holds its pixels:
    keep `result.reading` of many, not the results. `to_df` and `save` go through all that are left. `skipped` lists
    what folders hold besides images, as far as they were searched.
    """

    def __init__(
        self,
        sources: ManySources,
        *,
        reader: Reader,
        frame: int | None = None,
        jobs: int | None = None,
        stated: Stated | Mapping[ImageSource, Stated] = NOTHING_STATED,
        value_range: ValueRange | None = None,
    ) -> None:
        self.skipped: list[SkippedFile] = []
        self._reader = reader
        self._order: deque[str | NotFound] = deque()
        self._wanted = wanted_sources(sources, frame=frame, skipped=self.skipped)
        self._relative = ""
        self._results = self._go(
            reader.examine_many(self._asked(), frame=frame, jobs=jobs, stated=stated, value_range=value_range)
        )

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Result | FailedReading:
        return next(self._results)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Results(read one by one by {self._reader!r}; go through them, or use to_df or save)"

    def close(self) -> None:
        """Stop reading ahead; what was not read yet is left out."""
        self._results.close()

    def to_df(self, *, library: TableLibrary | None = None) -> Any:
        """One row a finding, and one for each image without any or that could not be read, as a DataFrame.

        Of pandas, else of polars, whichever is installed, or of the `library` that is named. Raises `MissingPartError`
        where it is not.
        """
        return to_table((one if isinstance(one, FailedReading) else one.reading for one in self), library=library)

    def save(self, folder: str | Path) -> tuple[Path, ...]:
        """Write what `hilum read --out` writes, and return the pages' paths, in order; a failure has no page."""
        return save_all(self._named(), folder=Path(folder))

    def _named(self) -> Iterator[Named]:
        settings = RenderSettings(self._reader.cards, every_heatmap=self._reader.settings.heatmaps == "all")
        for result in self:
            yield self._relative, result, settings

    def _go(self, read: Generator[Result | FailedReading]) -> Generator[Result | FailedReading]:
        with closing(read):
            for result in read:
                while isinstance(first := self._order.popleft(), NotFound):
                    yield self._failed(first)
                self._relative = first
                yield result
        for left in self._order:
            if isinstance(left, NotFound):
                yield self._failed(left)

    def _failed(self, missing: NotFound) -> FailedReading:
        self._relative = name_in_folder(missing.name)
        return FailedReading(missing.name, missing.kind, missing.message, __version__, self._reader.settings_sha256)

    def _asked(self) -> Iterator[ImageSource]:
        for one in self._wanted:
            if isinstance(one, NotFound):
                self._order.append(one)
            else:
                self._order.append(one.relative)
                yield one.source
