"""Trained networks as teachers: another learns from what they say of pictures, beside the labels or in their place.

Hinton et al. 2015 (arXiv 1503.02531), section 2: cross-entropy with the teachers' mean probability and with the label,
half and half, at temperature 1; which is cross-entropy with the mean of both. A picture without a label is taught by
what the teachers say alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hilum.datasets.records.record import Record
from hilum.statistics.logistic import sigmoid
from hilum.statistics.outcomes import FloatArray
from hilum.training.classifier_arm import logits_of
from hilum.training.data.images import Preparation
from hilum.training.loop.stages import load_stage
from hilum.training.recipe.recipe import Recipe


def said_by(recipe: Recipe, *, folder: Path, records: Sequence[Record], preparation: Preparation) -> FloatArray:
    """The probabilities (n, L), not calibrated, of the last stage of `recipe`, as it was trained in `folder`.

    It sees the pictures as reading does. Raises `DataError` where it has not been trained there.
    """
    network = load_stage(recipe, stage=recipe.last, folder=folder).network
    return sigmoid(logits_of(network, records=records, recipe=recipe, preparation=preparation))


def taught(records: Sequence[Record], *, labels: Sequence[str], said: FloatArray) -> tuple[Record, ...]:
    """The records, each of whose `labels` is half its own and half what is `said` (n, L).

    A label that a record does not speak of is what is said; other labels stay.
    """
    return tuple(
        replace(record, labels={**record.labels, **_targets(record, labels=labels, said=row)})
        for record, row in zip(records, said, strict=True)
    )


def _targets(record: Record, *, labels: Sequence[str], said: FloatArray) -> dict[str, float]:
    own = [record.labels.get(label, math.nan) for label in labels]
    return {
        label: float(value) if math.isnan(mine) else (mine + float(value)) / 2
        for label, mine, value in zip(labels, own, said, strict=True)
    }
