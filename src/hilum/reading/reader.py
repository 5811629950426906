"""The `Reader`: the only way from a file to a reading. The command line, services and screens are ports to it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar

from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.bundle.shelf import find, local_models_folder, shipped_bundles
from hilum.errors import BundleError, EngineError, HilumError, UsageError
from hilum.imaging.in_memory import ValueRange
from hilum.profile import NOT_TIMED, Timer
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.network import ENGINES
from hilum.reading.input.map_ahead import map_ahead
from hilum.reading.input.prepare import Prepared, Unreadable, prepare
from hilum.reading.input.sources import TAKEN, ImageSource, is_source, source_name
from hilum.reading.open_models import open_models
from hilum.reading.pipeline import Pipeline
from hilum.reading.settings import ReaderSettings, settings_sha256
from hilum.reading_result import Examination, FailedReading, ModelRef, Reading
from hilum.stated import NOTHING_STATED, Stated
from hilum.version import __version__

Examined = TypeVar("Examined", bound=Examination)


class ReaderOf(ABC, Generic[Examined]):
    """A reader of whatever an examination is made into; `Reader` is the one that leaves it as it is.

    Reads radiographs with the given bundles, or with all that ship where `models` is None.

    A model is a bundle (`load_bundle`), or the name of one on the shelf, as `hilum models` lists them.

    A bundle of kind gate among them judges every picture before the others read; without one nothing is judged. One of
    kind lungs draws the lungs of every picture that is read as a chest.

    A reader holds its models and threads until `close`, or to the end of the block that it opens:
    `with Reader() as reader`. One that is dropped frees them too. `timer` hears what the time goes on.

    Raises `BundleError` where there is no bundle, two have one name, or a graph does not fit its card, `UsageError`
    where a model needs lungs that the settings leave out or is no model, and `MissingPartError` where the engine is not
    installed.
    """

    def __init__(
        self,
        *,
        models: Sequence[Bundle | str] | None = None,
        settings: ReaderSettings | None = None,
        timer: Timer = NOT_TIMED,
    ) -> None:
        if isinstance(models, str):
            raise UsageError(f"models must be a list, not {models!r}. Write models=[{models!r}]")
        named = shipped_bundles() if models is None else tuple(map(_opened, models))
        self._settings, self._timer = settings or ReaderSettings(), timer
        bundles = tuple(bundle for bundle in named if self._settings.lungs or bundle.card.role != "lungs")
        names = [bundle.card.name for bundle in bundles]
        if not names or len(set(names)) != len(names):
            raise BundleError(
                f"A reader needs at least one model, each with its own name; these are {names}. See `hilum models`"
            )
        threads = self._settings.threads or available_cores()
        opened = open_models(
            bundles,
            engine=ENGINES[self._settings.engine](),
            threads=threads,
            heatmaps=self._settings.heatmaps,
            occlusion=self._settings.occlusion,
            lungs=self._settings.lungs,
        )
        self._cards = tuple(bundle.card for bundle in bundles)
        self._models, self._specs = opened.models, opened.specs
        self._settings_sha256 = settings_sha256(
            self._settings,
            models=self._models,
            by_occlusion=any(card.heatmap.method == "occlusion" for card in self._cards),
        )
        self._pipeline: Pipeline | None = Pipeline(
            opened,
            settings_sha256=self._settings_sha256,
            read_inverted=self._settings.read_inverted,
            threads=threads,
            timer=timer,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the models and threads; reading is a `UsageError` afterwards, and a second call does nothing."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def __repr__(self) -> str:
        """The models that read."""
        return f"Reader({', '.join(f'{model.name} {model.version}' for model in self._models)})"

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards of the models that read, in order."""
        return self._cards

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """The models that read, with their hashes, in order."""
        return self._models

    @property
    def settings(self) -> ReaderSettings:
        """How this reader works."""
        return self._settings

    @property
    def settings_sha256(self) -> str:
        """A SHA-256 over what decides a reading: settings, models and hilum's version; `--resume` compares it."""
        return self._settings_sha256

    def read(
        self,
        source: ImageSource,
        *,
        frame: int | None = None,
        name: str | None = None,
        stated: Stated = NOTHING_STATED,
        value_range: ValueRange | None = None,
    ) -> Reading:
        """The reading of one radiograph: the path or the bytes of a file, an open file, or pixels in memory.

        Pixels come as a numpy array, a PIL image or a pydicom `Dataset`. `value_range` says which values of an array
        are black and white, such as (0, 4095); uint8 needs none. `frame` names the frame of a multi-frame file, from 1.
        `name` is what the reading calls the source, where that is not its path. `stated` is what you know of the
        patient and the picture and the file may not say. Raises an error of `hilum.errors` where it cannot be read.
        """
        return self.examine(source, frame=frame, name=name, stated=stated, value_range=value_range).reading

    def examine(
        self,
        source: ImageSource,
        *,
        frame: int | None = None,
        name: str | None = None,
        stated: Stated = NOTHING_STATED,
        value_range: ValueRange | None = None,
    ) -> Examined:
        """What came of one radiograph, with the pixels and heatmaps that pictures of it need; otherwise as `read`."""
        pipeline = self._open_pipeline()
        prepared = self._prepare(source, frame=frame, name=name, stated=stated, value_range=value_range)
        if isinstance(prepared, Unreadable):
            raise prepared.error
        return self._made(pipeline.examine([prepared])[0])

    def examine_many(
        self,
        sources: Iterable[ImageSource],
        *,
        frame: int | None = None,
        jobs: int | None = None,
        stated: Stated | Mapping[ImageSource, Stated] = NOTHING_STATED,
        value_range: ValueRange | None = None,
    ) -> Generator[Examined | FailedReading]:
        """A result of every source, in order; a source that cannot be read gives a `FailedReading` in its place.

        `jobs` threads decode ahead (None: one a core) while the network reads in batches; memory is bounded by the
        settings. Closing the iterator stops the threads. An exception from `sources` itself ends the run. `stated` is
        what you say of all sources, or of each by itself: a mapping from the source as it stands in `sources`.
        `value_range` is that of every array among them.
        """
        pipeline = self._open_pipeline()
        decoded = map_ahead(
            sources,
            partial(self._prepare, frame=frame, stated=stated, value_range=value_range),
            jobs=jobs or available_cores(),
            depth=self._settings.batch_size,
            memory_bytes=self._settings.memory_bytes,
            timer=self._timer,
        )
        with closing(decoded):
            for batch in self._batches(decoded):
                results = self._examine_batch(batch, pipeline=pipeline)
                batch.clear()
                while results:
                    found = results.popleft()
                    yield found if isinstance(found, FailedReading) else self._made(found)
                    del found  # or a caller who keeps none would have two in memory

    @abstractmethod
    def _made(self, examination: Examination) -> Examined:
        """What a caller gets of an examination."""

    def _open_pipeline(self) -> Pipeline:
        if self._pipeline is None:
            raise UsageError("This reader is closed. Make another one, or read before it is closed")
        return self._pipeline

    def _prepare(
        self,
        source: ImageSource,
        *,
        frame: int | None = None,
        name: str | None = None,
        stated: Stated | Mapping[ImageSource, Stated],
        value_range: ValueRange | None,
    ) -> Prepared | Unreadable:
        if not is_source(source):
            raise UsageError(
                f"A source must be {TAKEN}, not {type(source).__name__}. Give several radiographs to hilum.read or "
                "examine_many"
            )
        if isinstance(stated, Stated):
            said = stated
        else:
            said = stated.get(source, NOTHING_STATED) if isinstance(source, Hashable) else NOTHING_STATED
        return prepare(
            source,
            name=source_name(source, name=name),
            frame=frame,
            limits=self._settings.limits,
            specs=self._specs,
            stated=self._settings.as_read(said),
            oldest_years=self._settings.oldest_years,
            value_range=value_range,
            timer=self._timer,
        )

    def _batches(self, decoded: Iterator[Prepared | Unreadable]) -> Iterator[list[Prepared | Unreadable]]:
        batch: list[Prepared | Unreadable] = []
        for item in decoded:
            batch.append(item)
            full = sum(each.nbytes for each in batch) >= self._settings.memory_bytes
            if full or len(batch) >= self._settings.batch_size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _examine_batch(
        self, batch: Sequence[Prepared | Unreadable], *, pipeline: Pipeline
    ) -> deque[Examination | FailedReading]:
        prepared = [item for item in batch if isinstance(item, Prepared)]
        examined = iter(self._examine_prepared(prepared, pipeline=pipeline))
        return deque(self._failed(item) if isinstance(item, Unreadable) else next(examined) for item in batch)

    def _examine_prepared(
        self, prepared: Sequence[Prepared], *, pipeline: Pipeline
    ) -> Sequence[Examination | FailedReading]:
        """Where the network refuses a batch, each of its images is tried alone, so that one loses no other."""
        try:
            return pipeline.examine(prepared)
        except EngineError as error:
            if len(prepared) == 1:
                source = prepared[0].radiograph.source
                return [self._failed(Unreadable(source.name, source.sha256, error, source.frame))]
            return [self._examine_prepared([one], pipeline=pipeline)[0] for one in prepared]

    def _failed(self, item: Unreadable) -> FailedReading:
        error: HilumError = item.error
        return FailedReading(
            name=item.name,
            kind=error.kind,
            message=str(error),
            hilum_version=__version__,
            settings_sha256=self._settings_sha256,
            sha256=item.sha256,
            frame=item.frame,
        )


class Reader(ReaderOf[Examination]):
    """Reads radiographs with the given bundles, or with all that ship; `ReaderOf` says how."""

    def _made(self, examination: Examination) -> Examination:
        return examination


def _opened(model: Bundle | str) -> Bundle:
    if isinstance(model, Bundle):
        return model
    if isinstance(model, str):
        return find(model, local=local_models_folder(os.environ))
    raise UsageError(
        f"A model must be the name of an installed one or a loaded bundle, not {type(model).__name__}. Use load_bundle"
    )
