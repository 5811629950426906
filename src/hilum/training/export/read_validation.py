"""Validation through the `Reader`: calibration and operating point are fitted on what reading gives, not on torch.

The recipe says which part of the validation patients the calibration comes from, which the operating point, and
whether that part is softened. Test images never come here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.label import RAW, Label, LabelResult, PlattCalibration
from hilum.bundle.load import Bundle
from hilum.datasets.records.label_values import outcomes_of
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.evaluation.bundles.result_on_card import result_on_card
from hilum.evaluation.judging.decisions import chosen_point
from hilum.evaluation.judging.sharpness import BASELINE, mean_gradient
from hilum.imaging.decode import decode, read_file
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import FailedReading
from hilum.statistics.calibration import fit_platt
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes
from hilum.training.export.soften import as_png, soften


@dataclass(frozen=True, slots=True, eq=False)
class ReadPart:
    """One part of the validation images as the reader saw it: `logits` (n, L) and `sharpness` (n,)."""

    name: str
    records: tuple[Record, ...]
    logits: FloatArray
    sharpness: FloatArray

    def truth(self, label: str) -> FloatArray:
        """The truth of one label, (n,), NaN where it is not known or smoothed."""
        return outcomes_of([record.labels.get(label, math.nan) for record in self.records])


def read_part(
    records: Sequence[Record], *, name: str, bundle: Bundle, softened_by: int | None, lungs: Bundle | None = None
) -> ReadPart:
    """Read every record with `bundle`; `softened_by` seeds the softening, None reads the files as they are.

    `lungs` draws the lungs for a bundle that reads crops.
    """
    sharpness: list[float] = []
    sources = _sources(records, softened_by=softened_by, sharpness=sharpness)
    logits = read_logits(bundle, sources=sources, lungs=lungs)
    return ReadPart(name, tuple(records), logits, np.array(sharpness, np.float64))


def _sources(records: Sequence[Record], *, softened_by: int | None, sharpness: list[float]) -> Iterator[bytes]:
    """What the reader gets, one image after the other; the sharpness of each goes into `sharpness`."""
    for index, record in enumerate(records):
        data = read_file(record.path)
        pixels = decode(data, name=record.image).pixels
        if softened_by is not None:
            pixels = soften(pixels, seed=softened_by + index)
            data = as_png(pixels)
        sharpness.append(mean_gradient(pixels))
        yield data


def read_logits(bundle: Bundle, *, sources: Iterable[bytes | Path], lungs: Bundle | None = None) -> FloatArray:
    """The logits (n, L) that a `Reader` with this one bundle gives, labels in the card's order.

    `lungs` draws the lungs for a bundle that reads crops.
    Raises `DataError` where a source cannot be read.
    """
    rows = []
    # no picture is drawn here, and occlusion would ask the network many times for each
    settings = ReaderSettings(occlusion=False)
    reader = Reader(models=[bundle] if lungs is None else [bundle, lungs], settings=settings)
    for outcome in reader.examine_many(sources):
        if isinstance(outcome, FailedReading):
            raise DataError(f"A validation image cannot be read: {outcome.name}: {outcome.message}")
        rows.append([finding.logit for finding in outcome.reading.findings])
    return np.array(rows, np.float64)


def platt_or_raw(truth: FloatArray, *, logits: npt.ArrayLike) -> PlattCalibration:
    """Platt's slope and intercept on images of validation; `truth` and `logits` are (n,), NaN where it is not known.

    The method is `none` where nothing can be fitted: an outcome is missing, all logits are equal, or the network ranks
    the label the wrong way round (the slope would not be positive).
    """
    try:
        fitted = fit_platt(truth, logits=logits)
    except DataError:
        return RAW
    return PlattCalibration(slope=fitted.slope, intercept=fitted.intercept)


def fit_operating_point(
    part: ReadPart, *, label: str, column: int, calibration: PlattCalibration
) -> OperatingPoint | UndefinedMetric:
    """The calibrated probability with the greatest Youden index on one part.

    `UndefinedMetric` where an outcome is lacking there, or fewer than five patients have it.
    """
    outcomes = known_outcomes(part.truth(label), scores=calibration.probabilities(part.logits[:, column]))
    patients = [part.records[row].patient for row in outcomes.rows]
    return chosen_point(outcomes, patients=patients)


def label_result(part: ReadPart, *, label: Label, column: int) -> LabelResult | None:
    """The card's results row of one label on the images of one part on which it is known, with the simple baseline.

    None where an outcome is missing there, or the label has no operating point.
    """
    truth = part.truth(label.name)
    if label.operating_point is None or not {0.0, 1.0} <= set(truth):
        return None
    return result_on_card(
        truth,
        probabilities=label.calibration.probabilities(part.logits[:, column]),
        simple=-part.sharpness,
        baseline=BASELINE,
        patients=[record.patient for record in part.records],
        operating_point=label.operating_point,
        images=part.name,
    )
