"""What an arm reaches on validation children, with calibration and operating point fitted on others.

The point of a picture read once is chosen on softened pictures, or calibration and point are fitted on pictures of
which the healthy ones are as soft as the ill ones. The mean over copies, one of which is blurred, has its point from
the mean over copies as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.releases.kermany import LABEL
from hilum.datasets.splits.split import Split
from hilum.evaluation.predictions.patient_median import patient_median
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.statistics.calibration import log_odds
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.outcomes import BoolArray, FloatArray, defined
from hilum.systems.pneumonia.measures import Measures, measures
from hilum.systems.pneumonia.shift.judged_sets import JudgedFold, Named, judged_folds
from hilum.systems.pneumonia.shift.readings import Readings
from hilum.training.export.read_validation import ReadPart, fit_operating_point, platt_or_raw
from hilum.training.study_fold import Fold, fold_predictions

Way = Literal["picture", "matched", "copies"]
"""Read once, as it is; the same, fitted on pictures of equal sharpness; or as the mean of the logits of its copies."""

WAYS: tuple[Way, ...] = ("picture", "matched", "copies")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JudgedSet:
    """Of one arm, set of children and way of reading; None where there is no value.

    `predictions` hold the probabilities, calibrated on other children. `decisions` are at points that were chosen on
    others, `probabilities` holds slope and calibration. `beyond` is calibration-in-the-large less what prevalences
    explain, in log odds: below 0 the probabilities are too high. `inside` is the median share of the map inside the
    lungs, over `mapped` pictures that are called ill. `unstable` is the share of pictures whose copies are not all
    called the same.
    """

    predictions: Predictions
    decisions: Measures | None
    probabilities: Measures | None
    beyond: Estimate | None
    inside: Estimate | None
    mapped: int
    unstable: Estimate | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Judged:
    """One fold: probabilities, calls where there is a point, copies that disagree, maps; `explained` by prevalence."""

    predictions: Predictions
    called: BoolArray | None
    differ: BoolArray
    inside: FloatArray
    explained: float


def judge_set(
    readings: Mapping[str, Readings], *, name: Named, way: Way, split: Split, smoke: bool, replicates: int
) -> JudgedSet:
    """Judge an arm's `readings` of the validation parts of `split` on the set of this name."""
    found = [
        _judge(readings, fold=fold, name=name, way=way, split=split, smoke=smoke)
        for fold in judged_folds(name, split=split)
    ]
    predictions = CLASSIFIER.pooled([one.predictions for one in found])
    probabilities = measures(predictions)
    calls = [one.called for one in found if one.called is not None]
    if len(calls) < len(found):
        return JudgedSet(
            predictions=predictions,
            decisions=None,
            probabilities=None,
            beyond=None,
            inside=None,
            mapped=0,
            unstable=None,
        )
    called = np.concatenate(calls)
    explained = float(np.average([one.explained for one in found], weights=[one.predictions.n for one in found]))
    large = probabilities.in_the_large
    inside = np.where(called, np.concatenate([one.inside for one in found]), np.nan)
    differ = np.concatenate([one.differ for one in found])
    return JudgedSet(
        predictions=predictions,
        decisions=measures(replace(predictions, scores=called[:, None].astype(np.float64))),
        probabilities=probabilities,
        beyond=None if large is None else large.through(lambda value: value - explained),
        inside=defined(patient_median(inside, patients=predictions.patient, replicates=replicates)),
        mapped=int(np.count_nonzero(~np.isnan(inside))),
        unstable=defined(share_of_rows(differ, groups=predictions.patient)),
    )


def _judge(
    readings: Mapping[str, Readings], *, fold: JudgedFold, name: str, way: Way, split: Split, smoke: bool
) -> _Judged:
    logits, softened, matched, inside = (
        _of(readings, fold=fold, what=what) for what in ("logits", "softened", "matched", "inside")
    )
    there, here = _scores(logits[0], way=way), _scores(logits[1], way=way)
    if way == "matched":
        there = matched[0]
    fitted_on, records = fold.records(split)
    chosen_on = _read(softened[0] if way == "picture" else there, records=fitted_on)
    calibration = platt_or_raw(chosen_on.truth(LABEL), logits=there)
    point = fit_operating_point(chosen_on, label=LABEL, column=0, calibration=calibration)
    probabilities = calibration.probabilities(here)
    own = Fold(
        name=name, split=Split({name: records}, split.protocol), protocol=split.protocol, smoke=smoke, design="held out"
    )
    threshold = point.threshold if isinstance(point, OperatingPoint) else None
    return _Judged(
        predictions=fold_predictions(own, scores={name: probabilities[:, None]}, labels=(LABEL,), part=name)[name],
        called=None if threshold is None else probabilities >= threshold,
        differ=_disagree(calibration.probabilities(logits[1]) >= (0.5 if threshold is None else threshold)),
        inside=inside[1],
        explained=_prevalence_log_odds(records) - _prevalence_log_odds(fitted_on),
    )


def _of(readings: Mapping[str, Readings], *, fold: JudgedFold, what: str) -> tuple[FloatArray, FloatArray]:
    """An array of the readings (..., n), of those that are fitted on and of those that are judged."""
    fitted, judged = (
        np.concatenate([getattr(readings[part], what)[..., rows] for part, rows in chosen], axis=-1)
        for chosen in (fold.fitted, fold.judged)
    )
    return fitted, judged


def _read(scores: FloatArray, *, records: Sequence[Record]) -> ReadPart:
    return ReadPart("validation", tuple(records), scores[:, None], np.zeros(len(records)))


def _scores(logits: FloatArray, *, way: Way) -> FloatArray:
    """The logits (n,) of pictures whose copies have the logits (C, n)."""
    scores: FloatArray = logits.mean(axis=0) if way == "copies" else logits[0]
    return scores


def _disagree(called: BoolArray) -> BoolArray:
    """Whether the calls (C, n) of a picture's copies differ: (n,)."""
    return np.asarray(called.any(axis=0) & ~called.all(axis=0), np.bool_)


def _prevalence_log_odds(records: Sequence[Record]) -> float:
    return float(log_odds(np.mean([record.labels[LABEL] for record in records])))
