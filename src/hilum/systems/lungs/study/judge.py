"""What out-of-fold networks drew, judged picture by picture as reading would give it.

Pictures as they are are judged in the release's own pixels; those that were made worse on the network's grid, and for
the rule of trust alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from hilum.bundle.lung_spec import LUNG_SIDES, Structure
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.explain.components import largest_component
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Box, Geometry
from hilum.reading.lungs.drawing import sides
from hilum.reading.lungs.finder import kept_lungs
from hilum.reading.lungs.passes import drawing
from hilum.reading.lungs.quality import QualityFacts, quality_facts
from hilum.reading.lungs.regions import LungFlag
from hilum.reading_result import LungDefinition
from hilum.systems.lungs.study.metrics import contained, dice, heart_to_thorax, iou, surface_distances
from hilum.systems.lungs.study.predictions import LungPredictions
from hilum.systems.lungs.study.truth import TRUTHS, UNIONS, LungTruth, read_lung_truth, read_targets
from hilum.systems.lungs.study.worsen import AS_IT_IS, Way, worsened_targets

THRESHOLD = 0.5
Mask = npt.NDArray[np.bool_]
Structures = tuple[Structure, ...]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedLungs:
    """One drawing; None where nobody drew what would be needed. Distances are in percent of the diagonal.

    `definition` says what was drawn as a lung, by the annotation and so by the planes that are compared with it.
    `contained` is the share of the annotated lungs inside the widened box; `ratio` and `ratio_truth` are the heart's
    width over the thorax's, as drawn and as annotated. `fold` is the network that drew. Of a picture that was made
    worse only `dice`, `truth_share` and the facts are known.
    """

    source: str
    image: str
    patient: str
    fold: str
    dice: float | None
    truth_share: float | None
    facts: QualityFacts
    flags: tuple[LungFlag, ...]
    way: Way = AS_IT_IS
    definition: LungDefinition = "whole"
    iou: float | None = None
    dice_right: float | None = None
    dice_left: float | None = None
    average_distance: float | None = None
    hausdorff_95: float | None = None
    contained: float | None = None
    dice_heart: float | None = None
    ratio: float | None = None
    ratio_truth: float | None = None

    @property
    def ratio_error(self) -> float | None:
        """How far the ratio is from the annotated one; 1, the whole range, where none could be measured."""
        if self.ratio_truth is None:
            return None
        return 1.0 if self.ratio is None else abs(self.ratio - self.ratio_truth)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLungs:
    """One picture's drawing, its widened box and its annotation, in its own pixels; `flags` are the rules'.

    The sides are of the annotation's definition. `heart` is None where the network draws none.
    """

    right: Mask
    left: Mask
    heart: Mask | None
    box: Box
    truth: LungTruth
    flags: tuple[LungFlag, ...]

    @property
    def union(self) -> Mask:
        """Both sides."""
        return self.right | self.left


def judge_lungs(predictions: LungPredictions, *, records: Mapping[str, Record]) -> tuple[JudgedLungs, ...]:
    """Every drawing of one fold, in order; `records` are by the SHA-256 of their picture.

    Raises `DataError` where a picture that was drawn is not among them.
    """
    return tuple(
        _judge(predictions, index=index, records=records)
        if predictions.way[index] == AS_IT_IS
        else _judge_worse(predictions, index=index, records=records)
        for index in range(len(predictions))
    )


def draw_again(predictions: LungPredictions, *, index: int, records: Mapping[str, Record]) -> DrawnLungs:
    """The drawing and the annotation of one picture as it is."""
    record = _record(predictions, index=index, records=records)
    with Image.open(record.path) as image:
        columns, rows = image.size
    truth = read_lung_truth(record, shape=(rows, columns))
    structures, probability = _structures(predictions), drawing(predictions.probabilities(index))
    boxed, _ = kept_lungs(probability[_boxed(structures)], threshold=THRESHOLD)
    _, kept = kept_lungs(probability[_planes(structures, definition=truth.definition)], threshold=THRESHOLD)
    geometry = Geometry(columns / kept.shape[2], rows / kept.shape[1], 0.0, 0.0)
    right, left = sides(kept, geometry=geometry, shape=(rows, columns), threshold=THRESHOLD)
    heart = None
    if "heart" in structures:
        plane = onto_pixels(probability[structures.index("heart")], geometry=geometry, rows=rows, columns=columns)
        heart = largest_component(plane >= THRESHOLD)
    return DrawnLungs(right, left, heart, geometry.box(boxed.box), truth, boxed.flags)


def _judge(predictions: LungPredictions, *, index: int, records: Mapping[str, Record]) -> JudgedLungs:
    drawn = draw_again(predictions, index=index, records=records)
    truth = drawn.truth
    union = truth.union
    distances = None if union is None else surface_distances(drawn.union, truth=union)
    ratio, ratio_truth = _ratios(drawn)
    return JudgedLungs(
        source=str(predictions.source[index]),
        image=str(predictions.image[index]),
        patient=str(predictions.patient[index]),
        fold=predictions.network,
        dice=None if union is None else dice(drawn.union, truth=union),
        truth_share=None if union is None else float(union.mean()),
        facts=quality_facts(predictions.probabilities(index), structures=_structures(predictions)),
        flags=drawn.flags,
        definition=truth.definition,
        iou=None if union is None else iou(drawn.union, truth=union),
        dice_right=None if truth.right is None else dice(drawn.right, truth=truth.right),
        dice_left=None if truth.left is None else dice(drawn.left, truth=truth.left),
        average_distance=None if distances is None else distances.average,
        hausdorff_95=None if distances is None else distances.hausdorff_95,
        contained=None if union is None else contained(drawn.box, truth=union),
        dice_heart=None if truth.heart is None or drawn.heart is None else dice(drawn.heart, truth=truth.heart),
        ratio=ratio,
        ratio_truth=ratio_truth,
    )


def _ratios(drawn: DrawnLungs) -> tuple[float | None, float | None]:
    """The cardiothoracic ratio as drawn and as annotated; of fields alone, whose outer edges are the thorax's inner."""
    truth = drawn.truth
    if truth.definition != "field" or truth.heart is None or truth.union is None or drawn.heart is None:
        return None, None
    return heart_to_thorax(drawn.heart, fields=drawn.union), heart_to_thorax(truth.heart, fields=truth.union)


def _judge_worse(predictions: LungPredictions, *, index: int, records: Mapping[str, Record]) -> JudgedLungs:
    record = _record(predictions, index=index, records=records)
    structures, passes = _structures(predictions), predictions.probabilities(index)
    probability = drawing(passes)
    targets = worsened_targets(
        read_targets(record, size=passes.shape[-2:]), way=predictions.way[index], sha256=record.sha256
    )
    definition: LungDefinition = record.lung_definition or "field"
    union = targets[TRUTHS.index(UNIONS[definition])] == 1
    boxed, _ = kept_lungs(probability[_boxed(structures)], threshold=THRESHOLD)
    _, kept = kept_lungs(probability[_planes(structures, definition=definition)], threshold=THRESHOLD)
    return JudgedLungs(
        source=str(predictions.source[index]),
        image=str(predictions.image[index]),
        patient=str(predictions.patient[index]),
        fold=predictions.network,
        dice=dice(kept.max(axis=0) >= THRESHOLD, truth=union) if union.any() else None,
        truth_share=float(union.mean()) if union.any() else None,
        facts=quality_facts(passes, structures=structures),
        flags=boxed.flags,
        way=predictions.way[index],
        definition=definition,
    )


def _record(predictions: LungPredictions, *, index: int, records: Mapping[str, Record]) -> Record:
    sha256 = str(predictions.sha256[index])
    if sha256 not in records:
        raise DataError(
            f"No image of the data has the content of {predictions.image[index]}. Give the same data set as before"
        )
    return records[sha256]


def _structures(predictions: LungPredictions) -> Structures:
    return tuple(predictions.structures.tolist())


def _boxed(structures: Structures) -> list[int]:
    return _planes(structures, definition="whole")


def _planes(structures: Structures, *, definition: LungDefinition) -> list[int]:
    """Both sides of a definition, or of the other where the network draws that alone."""
    pairs = [LUNG_SIDES[definition], *LUNG_SIDES.values()]
    drawn = next(pair for pair in pairs if pair[0] in structures)
    return [structures.index(side) for side in drawn]
