"""A threshold that is chosen on boxes, judged on other patients' boxes: what could be reached if it might be chosen.

Where all boxes lie in a test set, choosing a threshold on them is tuning on the test. So these figures stand in a table
of their own, beside those at thresholds that were fixed before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hilum.evaluation.localisation.means import Values, means
from hilum.evaluation.localisation.measure import Measured
from hilum.statistics.estimate import Estimate

GRID = tuple(round(0.1 * step, 1) for step in range(1, 10))
"""What is chosen from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossFitted:
    """The mean IoU where each fold takes the threshold that is best on the other folds; `gain` over the average box's.

    The average box chooses its own threshold in the same way. `thresholds` has one a fold that has cases. Estimates are
    None, and it is empty, where only one fold has a case.
    """

    thresholds: tuple[float, ...]
    iou: Estimate | None
    gain: Estimate | None


def cross_fit(
    found: Sequence[Measured], *, averages: Sequence[Measured], grid: Sequence[float], replicates: int, seed: int
) -> CrossFitted:
    """Of the cases of one label by one method; `averages` are the average box's of the same cases, in their order.

    Of thresholds with the same mean IoU the lowest is taken.
    """
    own, blind = chosen_by_others(found, grid=grid), chosen_by_others(averages, grid=grid)
    if own is None or blind is None:
        return CrossFitted(thresholds=(), iou=None, gain=None)
    patients = tuple(one.case.record.patient for one in found)
    ious, others = _ious(found, thresholds=own), _ious(averages, thresholds=blind)
    iou, gain = means(
        [Values(values=ious, patients=patients), Values(values=ious - others, patients=patients)],
        replicates=replicates,
        seed=seed,
    )
    folds = [one.case.fold for one in found]
    return CrossFitted(thresholds=tuple(own[folds.index(fold)] for fold in sorted(set(folds))), iou=iou, gain=gain)


def chosen_by_others(found: Sequence[Measured], *, grid: Sequence[float]) -> list[float] | None:
    """For each case the threshold with the highest mean IoU over the cases of other folds; None of a single fold."""
    folds = np.array([one.case.fold for one in found])
    if len(set(folds.tolist())) < 2:
        return None
    ious = np.array([[one.overlaps[at].iou for at in grid] for one in found])
    best = {fold: grid[int(np.argmax(ious[folds != fold].mean(axis=0)))] for fold in set(folds.tolist())}
    return [best[one.case.fold] for one in found]


def _ious(found: Sequence[Measured], *, thresholds: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([one.overlaps[at].iou for one, at in zip(found, thresholds, strict=True)], np.float64)
