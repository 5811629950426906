"""Gives records their lung boxes: each picture's lungs are drawn once with a lung bundle, and the box is remembered.

No torch is needed: training and evaluation call the same function, and reading the same `LungFinder`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.datasets.prepared.image_key import imaging_sha256
from hilum.datasets.prepared.lung_boxes import DrawnBox, remembered_boxes
from hilum.datasets.records.record import Record
from hilum.explain import components
from hilum.geometry import Box
from hilum.progress import SILENT, Progress
from hilum.radiograph import Radiograph
from hilum.reading.gate import chest_view
from hilum.reading.gate import rules as gate_rules
from hilum.reading.lungs import drawing as lung_drawing
from hilum.reading.lungs import finder as lungs
from hilum.reading.lungs import frame as lung_frame
from hilum.reading.lungs import passes as lung_passes
from hilum.reading.lungs import quality as lung_quality
from hilum.reading.lungs import regions as lung_regions
from hilum.reading.lungs import words as lung_words
from hilum.reading.lungs.drawing import LungDrawing
from hilum.training.data.draw_each import draw_each

DECIDING = (
    components,
    chest_view,
    gate_rules,
    lung_drawing,
    lung_frame,
    lung_passes,
    lung_quality,
    lung_regions,
    lung_words,
    lungs,
)
"""The modules that decide a box, by name and not by a pattern: a renamed one cannot drop out unseen."""


def draw_lungs(
    records: Sequence[Record], *, lungs: Bundle, memory: Path | None, progress: Progress = SILENT
) -> tuple[Record, ...]:
    """The records with the boxes that `lungs` draws, and a line that says how often they are trusted.

    `memory` is the folder that remembers boxes. Raises as `with_lung_boxes`.
    """
    boxed = with_lung_boxes(records, bundle=lungs, memory=memory, progress=progress)
    trusted = sum(record.lung_box is not None for record in boxed)
    progress.say(
        f"lungs drawn by {lungs.card.name}: trusted in {trusted:,} of {len(boxed):,} pictures, which are cut to them"
    )
    return boxed


def with_lung_boxes(
    records: Sequence[Record], *, bundle: Bundle, memory: Path | None, progress: Progress = SILENT
) -> tuple[Record, ...]:
    """The records with `lung_box` as `bundle` draws it; None where the drawing is not trusted.

    A file that cannot be decoded keeps no box: whoever prepares its pixels says what is wrong. See `drawn_boxes`.
    """
    drawn = drawn_boxes(records, bundle=bundle, memory=memory, progress=progress)
    return tuple(replace(record, lung_box=_usable(drawn[record.sha256])) for record in records)


def drawn_boxes(
    records: Sequence[Record], *, bundle: Bundle, memory: Path | None, progress: Progress = SILENT
) -> dict[str, DrawnBox | None]:
    """What `bundle` draws of each file, by the file's hash; None where it cannot be decoded.

    Boxes are remembered in the folder `memory`, or not at all where it is None. Raises as `draw_each` and
    `remembered_boxes` do.
    """
    return draw_each(
        records,
        bundle=bundle,
        make=_box,
        memory=remembered_boxes(memory, drawer=f"{bundle.sha256} {code_sha256()}"),
        progress=progress,
    )


def _usable(drawn: DrawnBox | None) -> Box | None:
    return None if drawn is None else drawn.usable


def _box(radiograph: Radiograph, drawing: LungDrawing) -> DrawnBox:
    del radiograph
    return DrawnBox(drawing.box, drawing.trusted, drawing.flags)


@cache
def code_sha256() -> str:
    """The hash of the code that decides a box: imaging, and what reading does with a lung network."""
    digest = hashlib.sha256(imaging_sha256().encode())
    for module in DECIDING:
        digest.update(Path(str(module.__file__)).read_bytes() + b"\0")
    return digest.hexdigest()
