"""Validation through the `Reader`: calibration and operating point are fitted on what reading gives, not on torch.

The calibration comes from one random part of the validation patients, the operating point from softened copies of
another part. Test images never come here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import LabelResult, PlattCalibration
from hilum.bundle.load import Bundle
from hilum.datasets.record import Record
from hilum.errors import DataError
from hilum.evaluation.label_table import LabelScores, label_table
from hilum.evaluation.sharpness import BASELINE, mean_gradient
from hilum.imaging.decode import decode, read_file
from hilum.radiograph import Pixels
from hilum.reading.reader import Reader
from hilum.reading_result import FailedReading
from hilum.statistics.calibration import calibrate, fit_platt
from hilum.statistics.operating_point import youden_point
from hilum.statistics.outcomes import UndefinedMetric
from hilum.training.soften import as_png, soften

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReadPart:
    """One part of the validation images as the reader saw it: `logits` (n, L) and `sharpness` (n,)."""

    name: str
    records: tuple[Record, ...]
    logits: Scores
    sharpness: Scores

    def truth(self, label: str) -> Scores:
        """The truth of one label, (n,)."""
        return np.array([record.labels[label] for record in self.records], np.float64)


def read_part(records: Sequence[Record], *, name: str, bundle: Bundle, softened_by: int | None) -> ReadPart:
    """Read every record with `bundle`; `softened_by` seeds the softening, None reads the files as they are."""
    files = [read_file(record.path) for record in records]
    pixels = [decode(data, name=record.image).pixels for data, record in zip(files, records, strict=True)]
    sources: Sequence[bytes] = files
    if softened_by is not None:
        pixels = [soften(grey, seed=softened_by + index) for index, grey in enumerate(pixels)]
        sources = [as_png(grey) for grey in pixels]
    logits = read_logits(bundle, sources=sources)
    return ReadPart(name, tuple(records), logits, _sharpness(pixels))


def read_logits(bundle: Bundle, *, sources: Iterable[bytes | Path]) -> Scores:
    """The logits (n, L) that a `Reader` with this one bundle gives, labels in the card's order.

    Raises `DataError` where a source cannot be read.
    """
    rows = []
    for outcome in Reader(models=[bundle]).examine_many(sources):
        if isinstance(outcome, FailedReading):
            raise DataError(f"expected a readable validation image, came {outcome.name}: {outcome.message}")
        rows.append([finding.logit for finding in outcome.reading.findings])
    return np.array(rows, np.float64)


def fit_calibration(part: ReadPart, *, label: str, column: int) -> PlattCalibration:
    """Platt's slope and intercept on one part (Platt 1999, with his smoothed targets)."""
    fitted = fit_platt(part.truth(label), logits=part.logits[:, column], smoothed_targets=True)
    return PlattCalibration(slope=fitted.slope, intercept=fitted.intercept)


def fit_operating_point(part: ReadPart, *, label: str, column: int, calibration: PlattCalibration) -> float:
    """The calibrated probability with the greatest Youden index on one part."""
    point = youden_point(part.truth(label), scores=probabilities(part, column=column, calibration=calibration))
    if isinstance(point, UndefinedMetric):
        raise DataError(f"expected both outcomes of {label} to choose an operating point: {point.reason}")
    return point.threshold


def probabilities(part: ReadPart, *, column: int, calibration: PlattCalibration) -> Scores:
    """The calibrated probabilities (n,) of one label."""
    return calibrate(part.logits[:, column], slope=calibration.slope, intercept=calibration.intercept)


def label_result(
    part: ReadPart, *, label: str, column: int, calibration: PlattCalibration, operating_point: float, seed: int
) -> LabelResult:
    """The card's results row of one label on one part, the mean-gradient baseline beside it."""
    scores = LabelScores(
        truth=part.truth(label),
        probability=probabilities(part, column=column, calibration=calibration),
        patient=[record.patient for record in part.records],
        baseline=-part.sharpness,
    )
    table = label_table(scores, operating_point=operating_point, seed=seed)
    return LabelResult(
        set=part.name,
        n=table.n,
        positives=table.positives,
        auroc=table.auroc.value,
        auroc_ci=table.auroc.interval,
        sensitivity=table.sensitivity.value,
        sensitivity_ci=table.sensitivity.interval,
        specificity=table.specificity.value,
        specificity_ci=table.specificity.interval,
        baseline=BASELINE,
        baseline_auroc=table.baseline_auroc.value,
    )


def _sharpness(pixels: Iterable[Pixels]) -> Scores:
    return np.array([mean_gradient(grey) for grey in pixels], np.float64)
