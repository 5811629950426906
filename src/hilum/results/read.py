"""`hilum.read`: one call from whatever a radiograph is in to what came of it."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from typing import Any, cast, overload

import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset

from hilum.errors import UsageError
from hilum.imaging.in_memory import ValueRange
from hilum.reading.input.sources import TAKEN, BinaryFile, ImageSource, is_source
from hilum.reading.settings import ReaderSettings
from hilum.results.reader import Reader
from hilum.results.result import Result
from hilum.results.results import Results
from hilum.results.sources import ManySources, is_many
from hilum.stated import NOTHING_STATED, Stated


@functools.cache
def shared_reader() -> Reader:
    """The reader of `read` and `read_many` where none is given: all models that ship, and every heatmap."""
    return Reader(settings=ReaderSettings(heatmaps="all"))


@overload  # what one radiograph is given as may be gone through too, but means one
def read(  # type: ignore[overload-overlap]
    source: bytes | BinaryFile | npt.NDArray[Any] | Image.Image | Dataset,
    *,
    reader: Reader | None = ...,
    frame: int | None = ...,
    name: str | None = ...,
    stated: Stated = ...,
    value_range: ValueRange | None = ...,
) -> Result: ...
@overload
def read(  # type: ignore[overload-overlap]
    source: str | os.PathLike[str],
    *,
    reader: Reader | None = ...,
    frame: int | None = ...,
    name: str | None = ...,
    stated: Stated = ...,
    value_range: ValueRange | None = ...,
) -> Result | Any: ...
@overload
def read(
    source: Iterable[ImageSource],
    *,
    reader: Reader | None = ...,
    frame: int | None = ...,
    name: None = ...,
    stated: Stated = ...,
    value_range: ValueRange | None = ...,
) -> Results: ...
def read(
    source: ImageSource | Iterable[ImageSource],
    *,
    reader: Reader | None = None,
    frame: int | None = None,
    name: str | None = None,
    stated: Stated = NOTHING_STATED,
    value_range: ValueRange | None = None,
) -> Result | Results:
    """Read a radiograph: `hilum.read("chest.dcm").findings["Pneumonia"]`.

    `source` is the path or the bytes of a file (DICOM, PNG, JPEG, TIFF, BMP, WebP), an open file, a numpy array, a PIL
    image or a pydicom `Dataset`. A folder, a ZIP archive, a list or a generator gives `Results`, as `read_many` does.

    `value_range` says which values of an array are black and white, such as (0, 4095); uint8 alone needs none. `stated`
    is what you know of the patient and the file may not say, `Stated(age_years=3)`; without an age most models decide
    nothing. `frame` names the frame of a multi-frame file, from 1, and `name` what the reading calls the source.
    Without a `reader` all models that ship read, with every heatmap; they are loaded at the first call and kept.

    Raises an error of `hilum.errors`, in one line, where the source cannot be read.
    """
    if is_many(source):
        if name is not None:
            raise UsageError("A name is for one radiograph, but there are several. Leave it out")
        many = cast(ManySources, source)
        return read_many(many, reader=reader, frame=frame, stated=stated, value_range=value_range)
    if not is_source(source):
        raise UsageError(f"A source must be {TAKEN}, or a list or folder of them, not {type(source).__name__}")
    chosen = shared_reader() if reader is None else reader
    return chosen.examine(source, frame=frame, name=name, stated=stated, value_range=value_range)


def read_many(
    sources: ManySources,
    *,
    reader: Reader | None = None,
    frame: int | None = None,
    jobs: int | None = None,
    stated: Stated | Mapping[ImageSource, Stated] = NOTHING_STATED,
    value_range: ValueRange | None = None,
) -> Results:
    """Read radiographs one after another: those of a folder, a ZIP archive, a list or a generator.

    `jobs` threads decode ahead (None: one a core). `stated` is what you say of all, or a mapping from each source, as
    it stands in `sources`, to what you say of it. Otherwise as `read`. Nothing is read before the first is asked for.
    """
    chosen = shared_reader() if reader is None else reader
    return Results(sources, reader=chosen, frame=frame, jobs=jobs, stated=stated, value_range=value_range)
