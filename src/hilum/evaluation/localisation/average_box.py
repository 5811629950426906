"""What knows no picture and still lies where lesions usually are: the average box of other patients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hilum.evaluation.localisation.cases import BoxedCase
from hilum.explain.fused_map import PlacedMap
from hilum.explain.in_boxes import boxes_mask
from hilum.geometry import Geometry

CELLS = 64
"""Cells a side of the average box."""


def average_box(cases: Sequence[BoxedCase], *, label: str, without: str) -> PlacedMap:
    """How often each of 64 x 64 cells lies in a box of the label, over the cases of all folds but one.

    Its geometry leads to a picture of 1 x 1. It is 0 everywhere where no other fold has such a box.
    """
    others = [case for case in cases if case.label == label and case.fold != without]
    masks = [boxes_mask(case.boxes(rows=CELLS, columns=CELLS), rows=CELLS, columns=CELLS) for case in others]
    mean = np.mean(masks, axis=0) if masks else np.zeros((CELLS, CELLS))
    return PlacedMap(np.asarray(mean, np.float32), Geometry(1 / CELLS, 1 / CELLS, 0.0, 0.0))


def on_picture(average: PlacedMap, *, rows: int, columns: int) -> PlacedMap:
    """The same map on a picture of `rows` x `columns` pixels."""
    return PlacedMap(average.grid, Geometry(columns, rows, 0.0, 0.0).after(average.geometry))
