"""Labels dealt at random among images: the second sanity check of Adebayo et al. 2018 (arXiv:1810.03292, section 3.2).

A network that is trained on them can learn nothing of what labels mean; a map that looks the same for it as for a
trained one does not tell what was learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST
from hilum.training.data.training_data import TrainingData


def with_permuted_labels(data: TrainingData, *, seed: int) -> TrainingData:
    """The data with all labels of an image given to another one of its part; those of a test stay.

    The same seed gives the same labels, in whatever order the records come. The data and each split's protocol say so.
    """
    splits = {
        name: replace(
            split,
            parts={
                part: tuple(records) if part == TEST else _permuted(records, seed=seed)
                for part, records in split.parts.items()
            },
            protocol=f"labels dealt at random among the images of each part (seed {seed}), a check and no model; "
            f"{split.protocol}",
        )
        for name, split in data.splits.items()
    }
    return replace(data, splits=splits, permuted_labels=seed)


def _permuted(records: Sequence[Record], *, seed: int) -> tuple[Record, ...]:
    order = sorted(range(len(records)), key=lambda row: (records[row].source, records[row].image))
    dealt = np.random.default_rng(seed).permutation(len(order)).tolist()
    found = list(records)
    for row, giver in zip(order, dealt, strict=True):
        found[row] = replace(records[row], labels=records[order[giver]].labels)
    return tuple(found)
