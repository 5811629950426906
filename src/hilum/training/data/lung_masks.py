"""Gives records their lung masks: each picture's lungs are drawn once, where the network's picture has them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.datasets.prepared.images import fixed_size
from hilum.datasets.prepared.lung_masks import DrawnMask, remembered_masks
from hilum.datasets.records.packed_mask import PackedMask
from hilum.datasets.records.record import Record
from hilum.explain import onto_pixels
from hilum.imaging.preprocess import PreprocessSpec, apply_steps
from hilum.progress import SILENT, Progress
from hilum.radiograph import Radiograph
from hilum.reading.lungs import on_input
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.on_input import lungs_on_input
from hilum.training.data.draw_each import draw_each
from hilum.training.data.lung_boxes import code_sha256


def draw_masks(
    records: Sequence[Record], *, lungs: Bundle, spec: PreprocessSpec, memory: Path | None, progress: Progress = SILENT
) -> tuple[Record, ...]:
    """The records with the masks that `lungs` draws, and a line that says how often they are trusted.

    `memory` is the folder that remembers masks. Raises as `with_lung_masks`.
    """
    drawn = with_lung_masks(records, bundle=lungs, spec=spec, memory=memory, progress=progress)
    trusted = sum(record.lung_mask is not None for record in drawn)
    progress.say(
        f"lungs drawn by {lungs.card.name}: trusted in {trusted:,} of {len(drawn):,} pictures, whose features are "
        "averaged inside them"
    )
    return drawn


def with_lung_masks(
    records: Sequence[Record], *, bundle: Bundle, spec: PreprocessSpec, memory: Path | None, progress: Progress = SILENT
) -> tuple[Record, ...]:
    """The records with `lung_mask` as `bundle` draws it on pictures that `spec` prepares; None where not trusted.

    The lungs are the whole ones, not widened. A file that cannot be decoded keeps no mask: whoever prepares its pixels
    says what is wrong. Raises `DataError` where `spec` fixes no size, and as `draw_each` and `remembered_masks` do.
    """
    size = fixed_size(spec)

    def mask(radiograph: Radiograph, drawing: LungDrawing) -> DrawnMask:
        _, geometry = apply_steps(radiograph.pixels, spec=spec)
        return DrawnMask(PackedMask.of(lungs_on_input(drawing, geometry=geometry, shape=size)), drawing.trusted)

    drawn = draw_each(
        records,
        bundle=bundle,
        make=mask,
        memory=remembered_masks(memory, drawer=f"{bundle.sha256} {_code_sha256()} {_placed_by(spec)}"),
        progress=progress,
    )
    return tuple(replace(record, lung_mask=_usable(drawn[record.sha256])) for record in records)


def _usable(drawn: DrawnMask | None) -> PackedMask | None:
    return None if drawn is None else drawn.usable


def _placed_by(spec: PreprocessSpec) -> str:
    """The hash of the steps, which decide where on the network's picture something lies."""
    steps = [step.model_dump(mode="json") for step in spec.steps]
    return hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()


@cache
def _code_sha256() -> str:
    """The hash of the code that decides a mask: what decides a box, and what brings a drawing onto the picture."""
    digest = hashlib.sha256(code_sha256().encode())
    for module in (onto_pixels, on_input):
        digest.update(Path(str(module.__file__)).read_bytes() + b"\0")
    return digest.hexdigest()
