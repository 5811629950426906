"""One examination as the bytes of its outputs; rendered whole before anything of it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hilum.bundle.card import Card
from hilum.output.journal import RELATIVE_PATH, Record
from hilum.output.layout import OBJECT_KINDS, ObjectKind, object_path, output_paths
from hilum.reading_result import Examination, FailedReading
from hilum.report.overlay import overlay_png
from hilum.report.page import render_page
from hilum.report.reading_json import failure_to_json, reading_to_json
from hilum.report.windowing import thumbnail_png
from hilum.whole_files import write_whole


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How outputs are made.

    `cards` of the models that read stand on each page; `every_heatmap` draws those of negative findings too. `objects`
    makes the DICOM objects, None where none are wanted.
    """

    cards: tuple[Card, ...]
    every_heatmap: bool
    objects: Callable[[Examination], Mapping[ObjectKind, bytes]] | None = None


def write_outputs(examination: Examination, *, relative: str, folder: Path, settings: RenderSettings) -> Record:
    """Render and write the outputs of the image at `relative`; the journal's record of it comes back.

    Raises what rendering raises (then nothing was written), and `OutputError` as `write_whole` does.
    """
    reading = reading_to_json(examination.reading)
    rendered = (
        json.dumps(reading, indent=2, allow_nan=False).encode() + b"\n",
        overlay_png(examination, every_heatmap=settings.every_heatmap),
        render_page(examination, cards=settings.cards).encode("utf-8", "replace"),
        thumbnail_png(examination.radiograph.pixels),
    )
    objects = {} if settings.objects is None else settings.objects(examination)
    for path, data in zip(output_paths(relative).in_folder(folder), rendered, strict=True):
        write_whole(path, data)
    for kind in OBJECT_KINDS:
        path = folder / object_path(relative, kind)
        if kind in objects:
            write_whole(path, objects[kind])
        else:
            path.unlink(missing_ok=True)  # of an earlier reading, which no longer holds
    return {**reading, RELATIVE_PATH: relative}


def failure_record(failed: FailedReading, *, relative: str) -> Record:
    """The journal's record of a file that could not be read."""
    return {**failure_to_json(failed), RELATIVE_PATH: relative}
