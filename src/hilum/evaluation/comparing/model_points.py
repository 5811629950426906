"""The operating points at which models are compared: chosen on validation predictions, or stated, never fitted here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hilum.errors import DataError, UsageError
from hilum.evaluation.judging.decisions import operating_points
from hilum.evaluation.predictions.predictions import Predictions, canonical_labels
from hilum.evaluation.predictions.validation import ValidationPredictions, checked_validation
from hilum.statistics.operating_point import OperatingPoint, stated_point
from hilum.statistics.outcomes import UndefinedMetric

STATED = "stated"


@dataclass(frozen=True, slots=True)
class ModelPoints:
    """One model's threshold for each label; a label whose validation lacks an outcome has a reason in its place.

    `source` says where the thresholds come from; `smoke` that a smoke run chose them. A score at or above the threshold
    is called positive.
    """

    points: Mapping[str, OperatingPoint | UndefinedMetric]
    source: str
    smoke: bool = False


def points_from_validation(
    validation: ValidationPredictions,
    *,
    judged: Predictions,
    sensitivity: float | None = None,
) -> ModelPoints:
    """Youden's point of each label of `judged`, or the highest one that reaches `sensitivity`, on `validation`.

    Raises `DataError` where the two share a patient or an
    image, or a label is not in `validation`.
    """
    checked_validation(validation).check_apart_from(judged)
    found = operating_points(validation, labels=judged.labels, sensitivity=sensitivity)
    rules = "; ".join(dict.fromkeys(one.rule for one in found.values() if isinstance(one, OperatingPoint)))
    source = f"{rules or 'no rule had a value'}, on validation: {validation.predictions.protocol}"
    return ModelPoints(found, source, smoke=validation.predictions.smoke)


def stated_points(thresholds: Mapping[str, float], *, labels: Sequence[str]) -> ModelPoints:
    """Thresholds by label, in (0, 1]; the key "" is for every label that is not named.

    Raises `UsageError` for a threshold out of range, and `DataError` for a name that is not among `labels` or a label
    that is left without one.
    """
    named = {name: value for name, value in thresholds.items() if name}
    own = dict(zip(canonical_labels(tuple(named)), named.values(), strict=True))
    for value in thresholds.values():
        if not 0.0 < value <= 1.0:
            raise UsageError(f"A threshold is a probability above 0 and at most 1; given: {value:g}")
    unknown = [name for name in own if name not in labels]
    if unknown:
        raise DataError(f"No label is called {', '.join(unknown)}. Available: {', '.join(labels)}")
    every = dict.fromkeys(labels, thresholds[""]) if "" in thresholds else {}
    found = every | own
    lacking = [label for label in labels if label not in found]
    if lacking:
        raise DataError(f"No threshold is given for {', '.join(lacking)}. Give one for each label, or one for all")
    points = {label: stated_point(value, rule=STATED) for label, value in found.items()}
    return ModelPoints(points, "stated thresholds")
