"""What several models said of the same images: rows in one order, one truth, each model under its name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.prediction_set import Predictions
from hilum.statistics.outcomes import BoolArray, FloatArray

Pair = tuple[str, str]
"""Two models' names: a difference is the first's figure minus the second's."""


@dataclass(frozen=True, slots=True, eq=False)
class ManyPredictions:
    """`predictions[i]` are those of `models[i]`; images, patients, splits, labels and truths are the same in all.

    Raises `DataError` where they differ, for other images in other rows would make a difference between models one
    between images; and where two models have one name. `not_compared` are labels that not every model had.
    `hilum.evaluation.same_images` brings files to this form.
    """

    models: tuple[str, ...]
    predictions: tuple[Predictions, ...]
    not_compared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.models or len(self.models) != len(self.predictions):
            raise DataError(f"expected a name for each of {len(self.predictions)} models, came {len(self.models)}")
        if len(set(self.models)) < len(self.models):
            raise DataError(f"expected another name for each model, came {', '.join(self.models)}")
        for name, other in zip(self.models[1:], self.predictions[1:], strict=True):
            between = f"in the predictions of {self.models[0]} and {name}"
            for what in ("image", "patient", "split", "labels"):
                if getattr(other, what) != getattr(self.first, what):
                    raise DataError(f"expected one {what} {between}, came two")
            if not np.array_equal(other.truth, self.first.truth, equal_nan=True):
                raise DataError(f"expected one truth {between}, came two")

    @property
    def first(self) -> Predictions:
        """The first model's predictions: whatever is the same in all may be read from them."""
        return self.predictions[0]

    def of(self, model: str) -> Predictions:
        """One model's predictions."""
        return self.predictions[self.models.index(model)]

    def column(self, label: str) -> tuple[FloatArray, dict[str, FloatArray]]:
        """The truth (n,) of a label, and its scores (n,) by model."""
        place = self.first.labels.index(label)
        scores = {name: one.scores[:, place] for name, one in zip(self.models, self.predictions, strict=True)}
        return self.first.truth[:, place], scores

    def take(self, rows: npt.NDArray[np.intp] | BoolArray) -> ManyPredictions:
        """The rows that an index array or a mask (n,) names."""
        return ManyPredictions(self.models, tuple(one.take(rows) for one in self.predictions), self.not_compared)
