"""Whether a label has earned it to be decided, by what cross-validation says of it.

A label that is learnt from few images can be no better than chance, or rest on something beside the disease: which view
was taken tells how ill a patient is. So there must be enough positives, the AUROC must surely be well above chance, and
it must hold where only images of one view are compared with each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.predictions.patient_bootstrap import patient_rows
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.subgroups import UNKNOWN
from hilum.statistics.auroc_interval import patient_auroc
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes

LEAST_POSITIVES = 40
"""Fewer positives leave the interval of an AUROC of 0.8 some 0.15 wide, and an operating point to chance."""
LEAST_LOWER_BOUND = 0.70
"""Where the 95% interval of the AUROC, by patient, must begin."""
LEAST_WITHIN_VIEWS = 0.65
"""What the AUROC must reach where images are compared with those of their own view alone."""
CHANCE = 0.5
"""What the 95% interval of the AUROC among images of one view must lie above, or the label is not decided there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewAuroc:
    """The label among images of one view; `auroc` is None where an outcome is lacking there."""

    n: int
    positives: int
    auroc: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnedLabel:
    """What is known of a label, and `why_not` it is decided: half sentences, none where it has earned it.

    `within_views` is the share of the pairs of a positive and a negative of one view that are in order; None where
    there are none.
    """

    label: str
    n: int
    positives: int
    auroc: Estimate | None
    within_views: float | None
    by_view: Mapping[str, ViewAuroc]
    why_not: tuple[str, ...]

    @property
    def earned(self) -> bool:
        """Whether the label may be decided."""
        return not self.why_not

    @property
    def reason(self) -> str | None:
        """Why it is not decided, in half a sentence; None where it is."""
        return "; ".join(self.why_not) or None


def earned_labels(predictions: Predictions) -> tuple[EarnedLabel, ...]:
    """Every label of out-of-fold `predictions`, in order. Raises `DataError` where these are of one model."""
    if not predictions.cross_validated:
        raise DataError(
            "Which labels have earned it can only be told from cross-validated predictions; these are held-out ones"
        )
    return tuple(_judged(predictions, column=column) for column in range(len(predictions.labels)))


def within_groups_auroc(truth: FloatArray, *, scores: FloatArray, groups: np.ndarray) -> float | None:
    """The chance that of a positive and a negative of one group the positive scores higher; a tie counts half.

    `truth` (n,) is 0, 1 or NaN (left out), `scores` (n,), `groups` (n,) names the group of each row. None where no
    group has both outcomes.
    """
    in_order = pairs = 0.0
    for group in np.unique(groups):
        rows = known_outcomes(truth[groups == group], scores=scores[groups == group])
        ill, well = np.sort(rows.scores[rows.truth]), np.sort(rows.scores[~rows.truth])
        below, up_to = (np.searchsorted(well, ill, side=side) for side in ("left", "right"))
        in_order += float((below + up_to).sum()) / 2
        pairs += float(ill.size * well.size)
    return in_order / pairs if pairs else None


def _judged(predictions: Predictions, *, column: int) -> EarnedLabel:
    truth, scores = predictions.truth[:, column], predictions.scores[:, column]
    views = views_of(predictions)
    outcomes = known_outcomes(truth, scores=scores)
    auroc = _auroc(predictions, column=column, rows=np.ones(predictions.n, np.bool_))
    within = within_groups_auroc(truth, scores=scores, groups=views)
    return EarnedLabel(
        label=predictions.labels[column],
        n=outcomes.n,
        positives=outcomes.positives,
        auroc=auroc,
        within_views=within,
        by_view={str(view): _of_view(predictions, column=column, rows=views == view) for view in np.unique(views)},
        why_not=why_not(positives=outcomes.positives, auroc=auroc, within_views=within),
    )


def why_not(*, positives: int, auroc: Estimate | None, within_views: float | None) -> tuple[str, ...]:
    """What a label of so many `positives` lacks, in half sentences."""
    found = []
    if positives < LEAST_POSITIVES:
        found.append(f"{positives} images with it to judge by, {LEAST_POSITIVES} are needed")
    low = None if auroc is None or auroc.interval is None else auroc.interval[0]
    if low is None:
        found.append("its AUROC has no interval")
    elif low < LEAST_LOWER_BOUND:
        found.append(f"its AUROC may be as low as {_rounded_down(low)}, {LEAST_LOWER_BOUND:.2f} is needed")
    if within_views is None or within_views < LEAST_WITHIN_VIEWS:
        said = "cannot be told" if within_views is None else f"is {_rounded_down(within_views)}"
        found.append(f"its AUROC among images of one view {said}, {LEAST_WITHIN_VIEWS:.2f} is needed")
    return tuple(found)


def weak_views(by_view: Mapping[str, ViewAuroc], *, views: Iterable[str]) -> dict[str, str]:
    """Those of `views` in which a label is not shown to be told, each with what it lacks in half a sentence."""
    found = ((view, _why_not_in(view, found=by_view.get(view))) for view in views)
    return {view: why for view, why in found if why is not None}


def _why_not_in(view: str, *, found: ViewAuroc | None) -> str | None:
    if found is None or not found.n:
        return f"there was no image of view {view} to judge by"
    if found.auroc is not None and found.auroc.interval is not None and found.auroc.interval[0] > CHANCE:
        return None
    measured = "" if found.auroc is None else f" (AUROC {found.auroc.value:.2f})"
    return (
        f"of {found.n:,} images of view {view}, {found.positives:,} with it, it is not shown to rank these better than "
        f"chance{measured}"
    )


def views_of(predictions: Predictions) -> np.ndarray:
    """The view of each image (n,), `UNKNOWN` where none is known."""
    views = predictions.view or (None,) * predictions.n
    return np.array([UNKNOWN if view is None else view for view in views])


def _of_view(predictions: Predictions, *, column: int, rows: np.ndarray) -> ViewAuroc:
    truth = predictions.truth[rows, column]
    return ViewAuroc(
        n=int((~np.isnan(truth)).sum()),
        positives=int((truth == 1).sum()),
        auroc=_auroc(predictions, column=column, rows=rows),
    )


def _auroc(predictions: Predictions, *, column: int, rows: np.ndarray) -> Estimate | None:
    patients = patient_rows([name for name, there in zip(predictions.patient, rows, strict=True) if there])
    found = patient_auroc(
        predictions.truth[rows, column],
        scores=predictions.scores[rows, column],
        patients=patients.index,
        count=patients.count,
    )
    return None if isinstance(found, UndefinedMetric) else found.estimate


def _rounded_down(value: float) -> str:
    """To two places, so that 0.6998 is not said to be the 0.70 that it misses."""
    return f"{math.floor(100 * value) / 100:.2f}"
