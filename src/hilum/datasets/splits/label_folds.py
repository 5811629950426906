"""Folds by patient, stratified over labels and views.

What a release holds out as its official test takes no part: neither a fold nor what is fitted on ever holds one.
"""

from __future__ import annotations

from collections.abc import Sequence

from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.splits.over_labels import split_over_labels
from hilum.datasets.splits.split import Split, without_copies_of
from hilum.errors import DataError, UsageError

FOLDS = 5
FEWEST_FOLDS = 2


def label_folds(
    records: Sequence[Record], *, folds: int = FOLDS, seed: int, held_out_set: str = "the official test set"
) -> Split:
    """Disjoint parts `fold 0`, `fold 1`, … of the records that are not official test images.

    Copies of official test images are left out; the protocol calls these `held_out_set`. Raises `UsageError` for fewer
    than two folds and `DataError` where a fold would be empty.
    """
    if folds < FEWEST_FOLDS:
        raise UsageError(f"At least {FEWEST_FOLDS} folds are needed, not {folds}")
    held_out = [record for record in records if is_held_out(record)]
    rest = sorted((record for record in records if not is_held_out(record)), key=lambda one: (one.source, one.image))
    pool = without_copies_of(rest, held_out=held_out)
    if not pool:
        raise DataError(
            "All images belong to the official test set; there is none to train on. Check the folder of the data set"
        )
    parts = split_over_labels(pool, shares={f"fold {k}": 1 / folds for k in range(folds)}, seed=seed)
    empty = [name for name, part in parts.items() if not part]
    if empty:
        raise DataError(f"Not enough images for {folds} folds: {empty[0]} is empty. Give more data, or use fewer folds")
    protocol = (
        f"cross-validated: {folds} folds by patient over {len(pool):,} images outside {held_out_set}, "
        f"iterative stratification over labels and views, seed {seed}"
    )
    return Split(parts, protocol)
