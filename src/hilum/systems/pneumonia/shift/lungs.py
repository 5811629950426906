"""The lungs of validation pictures, and how much of a class map lies inside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.load import Bundle
from hilum.datasets.records.packed_mask import PackedMask
from hilum.datasets.records.record import Record
from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry
from hilum.progress import SILENT, Progress
from hilum.systems.pneumonia.recipe import SPEC
from hilum.training.data.lung_masks import with_lung_masks

Lungs = Mapping[str, PackedMask]
"""By a file's hash, where the whole lungs lie on cells that divide the picture; drawings without trust are left out."""


def drawn_lungs(
    records: Sequence[Record], *, bundle: Bundle, memory: Path | None, progress: Progress = SILENT
) -> dict[str, PackedMask]:
    """The lungs that `bundle` draws of each file, remembered in the folder `memory`. Raises as `with_lung_masks`."""
    drawn = with_lung_masks(records, bundle=bundle, spec=SPEC, memory=memory, progress=progress)
    return {record.sha256: record.lung_mask for record in drawn if record.lung_mask is not None}


def inside_share(placed: PlacedMap, *, lungs: npt.NDArray[np.bool_], rows: int, columns: int) -> float:
    """The share of the positive part of a class map that lies inside the lungs (h, w) of a picture.

    `placed` leads to the picture's `rows` x `columns` native pixels, which the cells of `lungs` divide evenly. NaN
    where nothing of the map is positive inside the picture. `LungDrawing.inside_share` is the same of a reading.
    """
    height, width = lungs.shape
    cells = Geometry(width / columns, height / rows, 0.0, 0.0)
    grid = onto_pixels(placed.grid, geometry=cells.after(placed.geometry), rows=height, columns=width)
    positive = np.maximum(grid, 0).astype(np.float64)
    total = float(positive.sum())
    return float(positive[lungs].sum()) / total if total > 0 else float("nan")
