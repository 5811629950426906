"""What an arm reaches on a validation part, with calibration and operating point fitted on the other one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hilum.bundle.label import PlattCalibration
from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import Split
from hilum.evaluation.predictions.patient_median import patient_median
from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.calibration import calibrate, log_odds
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import BoolArray, FloatArray, defined
from hilum.systems.pneumonia.measures import Measures, measures
from hilum.systems.pneumonia.shift.parts import OTHER
from hilum.systems.pneumonia.shift.readings import Floats, Readings
from hilum.training.export.read_validation import ReadPart, fit_calibration, fit_operating_point
from hilum.training.study_fold import Fold, fold_predictions

Way = Literal["picture", "copies"]
"""Read once, as it is, or as the mean of the logits of its copies."""

WAYS: tuple[Way, ...] = ("picture", "copies")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JudgedPart:
    """Of one arm, part and way of reading; None where there is no value.

    `predictions` hold the probabilities, calibrated on the other part. `measures` are at the `threshold` that was
    chosen on the other part, softened. `beyond` is calibration-in-the-large less what the two parts' prevalences
    explain, in log odds: below 0 the probabilities are too high. `inside` is the median share of the map inside the
    lungs, over `mapped` pictures that are called ill. `unstable` is the share of pictures whose copies are not all
    called the same.
    """

    predictions: Predictions
    threshold: float | None
    measures: Measures | None
    beyond: Estimate | None
    inside: Estimate | None
    mapped: int
    unstable: Estimate | None


def judge_part(
    readings: Mapping[str, Readings], *, part: str, way: Way, split: Split, smoke: bool, replicates: int
) -> JudgedPart:
    """Judge an arm's `readings` of the `part` of `split`."""
    here, there = readings[part], readings[OTHER[part]]
    records, others = split.parts[part], split.parts[OTHER[part]]
    calibration = fit_calibration(_read(there.logits, records=others, way=way), label=LABEL, column=0)
    softened = _read(there.softened, records=others, way=way)
    point = fit_operating_point(softened, label=LABEL, column=0, calibration=calibration)
    probabilities = _calibrated(_scores(here.logits, way=way), by=calibration)
    fold = Fold(name=part, split=split, protocol=split.protocol, smoke=smoke, design="held out")
    predictions = fold_predictions(fold, scores={part: probabilities[:, None]}, labels=(LABEL,), part=part)[part]
    if not isinstance(point, OperatingPoint):
        return JudgedPart(
            predictions=predictions, threshold=None, measures=None, beyond=None, inside=None, mapped=0, unstable=None
        )
    called = probabilities >= point.threshold
    reached = measures(predictions, threshold=point.threshold)
    explained = _prevalence_log_odds(records) - _prevalence_log_odds(others)
    inside = np.where(called, here.inside, np.nan)
    return JudgedPart(
        predictions=predictions,
        threshold=point.threshold,
        measures=reached,
        beyond=None if reached.in_the_large is None else reached.in_the_large.through(lambda found: found - explained),
        inside=defined(patient_median(inside, patients=predictions.patient, replicates=replicates)),
        mapped=int(np.count_nonzero(~np.isnan(inside))),
        unstable=defined(
            share_of_rows(
                _disagree(_calibrated(here.logits, by=calibration) >= point.threshold), groups=predictions.patient
            )
        ),
    )


def _read(logits: Floats, *, records: Sequence[Record], way: Way) -> ReadPart:
    return ReadPart("validation", tuple(records), _scores(logits, way=way)[:, None], np.zeros(len(records)))


def _scores(logits: Floats, *, way: Way) -> FloatArray:
    """The logits (n,) of pictures whose copies have the logits (C, n)."""
    scores: FloatArray = logits[0] if way == "picture" else logits.mean(axis=0)
    return scores


def _calibrated(logits: FloatArray, *, by: PlattCalibration) -> FloatArray:
    return calibrate(logits, slope=by.slope, intercept=by.intercept)


def _disagree(called: BoolArray) -> BoolArray:
    """Whether the calls (C, n) of a picture's copies differ: (n,)."""
    return np.asarray(called.any(axis=0) & ~called.all(axis=0), np.bool_)


def _prevalence_log_odds(records: Sequence[Record]) -> float:
    return float(log_odds(np.mean([record.labels[LABEL] for record in records])))
