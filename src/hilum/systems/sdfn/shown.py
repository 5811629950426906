"""Which images' heatmaps the SDFN study draws; nothing is chosen by a heatmap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hilum.datasets.records.record import Record
from hilum.evaluation.predictions.predictions import Predictions
from hilum.systems.sdfn.heatmaps import TwoMaps

MOST_BOXED = 3
"""Boxed images that are drawn of each class, the first by name."""


def most_probable(predictions: Predictions) -> tuple[tuple[int, str], ...]:
    """Of each class of the mean, the row of the positive that these predictions find most probable, with the class."""
    found = []
    for label in predictions.in_mean:
        column = predictions.labels.index(label)
        rows = np.flatnonzero(predictions.truth[:, column] == 1)
        if rows.size:
            found.append((int(rows[np.argmax(predictions.scores[rows, column])]), label))
    return tuple(found)


def boxed_images(records: Sequence[Record]) -> tuple[tuple[Record, str], ...]:
    """The first `MOST_BOXED` images of each class that radiologists boxed, by name, with the class."""
    found: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda one: one.image):
        for label in dict.fromkeys(box.label for box in record.boxes):
            found.setdefault(label, []).append(record)
    return tuple((record, label) for label in sorted(found) for record in found[label][:MOST_BOXED])


def best_of_folds(maps: Sequence[TwoMaps]) -> tuple[TwoMaps, ...]:
    """Of the folds' maps, the one of highest SDFN probability of each class, by class."""
    best: dict[str, TwoMaps] = {}
    for one in maps:
        if one.label not in best or one.sdfn_probability > best[one.label].sdfn_probability:
            best[one.label] = one
    return tuple(best[label] for label in sorted(best))
