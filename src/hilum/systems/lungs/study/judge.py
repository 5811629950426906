"""What out-of-fold networks drew, judged picture by picture as reading would give it, in the release's own pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.geometry import Box, Geometry
from hilum.reading.lungs.drawing import sides
from hilum.reading.lungs.finder import kept_lungs
from hilum.reading.lungs.passes import drawing
from hilum.reading.lungs.quality import QualityFacts, quality_facts
from hilum.reading.lungs.regions import LungFlag
from hilum.systems.lungs.study.metrics import contained, dice, iou, surface_distances
from hilum.systems.lungs.study.predictions import LungPredictions
from hilum.systems.lungs.study.truth import LungTruth, read_lung_truth

THRESHOLD = 0.5
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedLungs:
    """One picture; None where nobody drew what would be needed. Distances are in percent of the diagonal.

    `contained` is the share of the annotated lungs inside the widened box. `fold` is the network that drew.
    """

    source: str
    image: str
    patient: str
    fold: str
    dice: float | None
    iou: float | None
    dice_right: float | None
    dice_left: float | None
    average_distance: float | None
    hausdorff_95: float | None
    contained: float | None
    truth_share: float | None
    facts: QualityFacts
    flags: tuple[LungFlag, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLungs:
    """One picture's drawing, its widened box and its annotation, in its own pixels; `flags` are the rules'."""

    right: Mask
    left: Mask
    box: Box
    truth: LungTruth
    flags: tuple[LungFlag, ...]

    @property
    def union(self) -> Mask:
        """Both sides."""
        return self.right | self.left


def judge_lungs(predictions: LungPredictions, *, records: Mapping[str, Record]) -> tuple[JudgedLungs, ...]:
    """Every picture of one fold; `records` are by the SHA-256 of their picture.

    Raises `DataError` where a picture that was drawn is not among them.
    """
    return tuple(_judge(predictions, index=index, records=records) for index in range(len(predictions)))


def draw_again(predictions: LungPredictions, *, index: int, records: Mapping[str, Record]) -> DrawnLungs:
    """The drawing and the annotation of one picture."""
    sha256 = str(predictions.sha256[index])
    if sha256 not in records:
        raise DataError(
            f"expected {predictions.image[index]} among the data, came none with its content; give the same release"
        )
    record = records[sha256]
    with Image.open(record.path) as image:
        columns, rows = image.size
    found, kept = kept_lungs(drawing(_passes(predictions, index)), threshold=THRESHOLD)
    geometry = Geometry(columns / kept.shape[2], rows / kept.shape[1], 0.0, 0.0)
    right, left = sides(kept, geometry=geometry, shape=(rows, columns), threshold=THRESHOLD)
    truth = read_lung_truth(record, shape=(rows, columns))
    return DrawnLungs(right, left, geometry.box(found.box), truth, found.flags)


def _judge(predictions: LungPredictions, *, index: int, records: Mapping[str, Record]) -> JudgedLungs:
    drawn = draw_again(predictions, index=index, records=records)
    truth = drawn.truth
    union = truth.union
    distances = None if union is None else surface_distances(drawn.union, truth=union)
    return JudgedLungs(
        source=str(predictions.source[index]),
        image=str(predictions.image[index]),
        patient=str(predictions.patient[index]),
        fold=predictions.network,
        dice=None if union is None else dice(drawn.union, truth=union),
        iou=None if union is None else iou(drawn.union, truth=union),
        dice_right=None if truth.right is None else dice(drawn.right, truth=truth.right),
        dice_left=None if truth.left is None else dice(drawn.left, truth=truth.left),
        average_distance=None if distances is None else distances.average,
        hausdorff_95=None if distances is None else distances.hausdorff_95,
        contained=None if union is None else contained(drawn.box, truth=union),
        truth_share=None if union is None else float(union.mean()),
        facts=quality_facts(_passes(predictions, index), threshold=THRESHOLD),
        flags=drawn.flags,
    )


def _passes(predictions: LungPredictions, index: int) -> npt.NDArray[np.float32]:
    return np.asarray(predictions.passes[index].astype(np.float32) / 255)
