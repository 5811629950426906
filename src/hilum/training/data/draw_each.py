"""Draws the lungs of each of many files once with a lung bundle, and remembers what is made of the drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from hilum.bundle.load import Bundle
from hilum.datasets.prepared.drawing_memory import DrawingMemory
from hilum.datasets.records.record import Record
from hilum.errors import DataError, HilumError
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import preprocess
from hilum.progress import SILENT, Progress
from hilum.radiograph import Radiograph
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.finder import LungFinder

T = TypeVar("T")

Make = Callable[[Radiograph, LungDrawing], T]
"""What is kept of a drawing of a radiograph."""


def draw_each(
    records: Sequence[Record],
    *,
    bundle: Bundle,
    make: Make[T],
    memory: AbstractContextManager[DrawingMemory[T]],
    progress: Progress = SILENT,
) -> dict[str, T | None]:
    """What `make` makes of the lungs that `bundle` draws of each file, by the file's hash; None where decoding fails.

    What `memory` has is not drawn again. `progress` counts what must be drawn. Raises `BundleError` where the bundle
    draws no lungs, `DataError` where a file has changed since its record was made, and as the memory does.
    """
    finder = LungFinder(bundle, engine=OnnxRuntimeEngine(), threads=available_cores())
    drawn: dict[str, T | None] = {}
    with progress.count("drawing lungs") as counter, memory as remembered:
        waiting = {}
        for record in records:
            drawn[record.sha256] = remembered.find(record.sha256)
            if drawn[record.sha256] is None:
                waiting[record.sha256] = record
        counter.found(len(waiting))
        for sha256, record in waiting.items():
            made = _draw(record, finder=finder, make=make)
            if made is not None:
                drawn[sha256] = made
                remembered.keep(sha256, made)
            counter.done()
    return drawn


def _draw(record: Record, *, finder: LungFinder, make: Make[T]) -> T | None:
    try:
        radiograph = decode(read_file(record.path), name=record.image)
    except HilumError:
        return None
    if radiograph.source.sha256 != record.sha256:
        raise DataError(f"{record.path} has changed since the data set was read. Start again")
    (drawing,) = finder.draw([radiograph], prepared=[preprocess(radiograph.pixels, spec=finder.preprocess)])
    return make(radiograph, drawing)
