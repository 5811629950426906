"""The `Reader` of scripts and notebooks: that of the command line, whose examinations answer by name."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing

from hilum.imaging.in_memory import ValueRange
from hilum.reading import reader
from hilum.reading.input.sources import ImageSource
from hilum.reading_result import FailedReading
from hilum.results.result import Result
from hilum.stated import NOTHING_STATED, Stated


class Reader(reader.Reader):
    """Reads radiographs with the given bundles, or with all that ship where `models` is None.

    A model is a bundle (`load_bundle`), or the name of one on the shelf, as `hilum models` lists them. A bundle of kind
    gate among them judges every picture before the others read; without one nothing is judged. One of kind lungs draws
    the lungs of every picture that is read as a chest: `models=["xray-gate", "lung-regions", "chest-adult"]`.

    It holds its models and threads until `close`, or to the end of the block that it opens: `with Reader() as reader`.
    `read` gives a frozen `Reading` without pixels, `examine` a `Result` with them.

    Raises `BundleError` where there is no bundle, two have one name, or a graph does not fit its card, `UsageError`
    where a model needs lungs that the settings leave out or is no model, and `MissingPartError` where the engine is not
    installed.
    """

    def examine(
        self,
        source: ImageSource,
        *,
        frame: int | None = None,
        name: str | None = None,
        stated: Stated = NOTHING_STATED,
        value_range: ValueRange | None = None,
    ) -> Result:
        """What came of one radiograph, with the pixels and heatmaps that pictures of it need; otherwise as `read`."""
        found = super().examine(source, frame=frame, name=name, stated=stated, value_range=value_range)
        return Result.of(found, cards=self.cards, every_heatmap=self.settings.heatmaps == "all")

    def examine_many(
        self,
        sources: Iterable[ImageSource],
        *,
        frame: int | None = None,
        jobs: int | None = None,
        stated: Stated | Mapping[ImageSource, Stated] = NOTHING_STATED,
        value_range: ValueRange | None = None,
    ) -> Generator[Result | FailedReading]:
        """A result of every source, in order; a source that cannot be read gives a `FailedReading` in its place.

        `jobs` threads decode ahead (None: one a core) while the network reads in batches; memory is bounded by the
        settings. Closing the iterator stops the threads. An exception from `sources` itself ends the run. `stated` is
        what you say of all sources, or of each by itself: a mapping from the source as it stands in `sources`.
        `value_range` is that of every array among them.
        """
        every_heatmap = self.settings.heatmaps == "all"
        many = super().examine_many(sources, frame=frame, jobs=jobs, stated=stated, value_range=value_range)
        with closing(many):
            for found in many:
                if isinstance(found, FailedReading):
                    yield found
                else:
                    yield Result.of(found, cards=self.cards, every_heatmap=every_heatmap)
