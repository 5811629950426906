"""One examination as the bytes of its outputs; rendered whole before anything of it is written."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hilum.bundle.card import Card
from hilum.errors import RefusedImageError
from hilum.output.journal import NO_OBJECTS, RELATIVE_PATH, Record
from hilum.output.layout import OBJECT_KINDS, ObjectKind, object_path, output_paths
from hilum.output.pictures import draw_pictures
from hilum.output.ways import ALONE, PageOrder
from hilum.profile import NOT_TIMED, Timer
from hilum.reading_result import Examination, FailedReading
from hilum.report.failure_page import render_failure_page
from hilum.report.reading_json import failure_to_json, reading_to_json
from hilum.whole_files import OutputNameError, remove_file, write_together, write_whole


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How outputs are made.

    `cards` of the models that read stand on each page; `every_heatmap` draws those of negative findings too. `objects`
    makes the DICOM objects, None where none are wanted.
    Without `pictures` the JSON alone is written: nothing that shows the picture.
    `order` is that in which a page leads to the next one; by itself a page leads to the index alone. `timer` hears what
    the time goes on.
    """

    cards: tuple[Card, ...]
    every_heatmap: bool
    objects: Callable[[Examination], Mapping[ObjectKind, bytes]] | None = None
    order: PageOrder = ALONE
    pictures: bool = True
    timer: Timer = NOT_TIMED


def write_outputs(examination: Examination, *, relative: str, folder: Path, settings: RenderSettings) -> Record:
    """Render and write the outputs of the image at `relative`; the journal's record of it comes back.

    An image that can have no DICOM objects is read all the same: why stands in the record, and among the warnings of
    what is written. Raises what rendering raises (then nothing was written), and `OutputError` as `write_whole` does.
    """
    timer = settings.timer
    with timer.part("DICOM objects"):
        objects, why_none = _objects(examination, settings=settings)
    if why_none:
        warned = replace(examination.reading, warnings=(*examination.reading.warnings, why_none))
        examination = replace(examination, reading=warned)
    with timer.part("JSON"):
        reading = reading_to_json(examination.reading)
        rendered = [json.dumps(reading, indent=2, allow_nan=False).encode() + b"\n"]
    if settings.pictures:
        ways, every = settings.order.ways(relative), settings.every_heatmap
        drawn = draw_pictures(examination, cards=settings.cards, every_heatmap=every, ways=ways, timer=timer)
        rendered += [drawn.overlay, drawn.page, drawn.thumbnail]  # in the order of the paths of outputs
    outputs = output_paths(relative).in_folder(folder)
    paths = {kind: folder / object_path(relative, kind) for kind in OBJECT_KINDS}
    made = [(paths[kind], objects[kind]) for kind in OBJECT_KINDS if kind in objects]
    with timer.part("files"):
        write_together([*zip(outputs, rendered, strict=False), *made], timer=timer)
        for path in (*outputs[len(rendered) :], *(paths[kind] for kind in OBJECT_KINDS if kind not in objects)):
            remove_file(path)  # of an earlier reading, which no longer holds
    return {**reading, RELATIVE_PATH: relative, **({NO_OBJECTS: why_none} if why_none else {})}


def _objects(examination: Examination, *, settings: RenderSettings) -> tuple[Mapping[ObjectKind, bytes], str]:
    """The objects that are wanted, or why the image can have none."""
    if settings.objects is None:
        return {}, ""
    try:
        return settings.objects(examination), ""
    except RefusedImageError as error:
        return {}, str(error).removeprefix(f"{examination.reading.source.name}: ")


def write_failure_page(failed: FailedReading, *, relative: str, folder: Path, settings: RenderSettings) -> None:
    """Write the page that says why the image at `relative` was not read, where its name allows one.

    Raises `OutputError` as `write_whole` does, but for a name that cannot be had.
    """
    page = render_failure_page(failed, ways=settings.order.ways(relative))
    with contextlib.suppress(OutputNameError):
        write_whole(folder / output_paths(relative).page, page.encode("utf-8", "replace"))


def failure_record(failed: FailedReading, *, relative: str) -> Record:
    """The journal's record of a file that could not be read."""
    return {**failure_to_json(failed), RELATIVE_PATH: relative}
