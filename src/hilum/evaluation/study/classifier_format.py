"""Classifiers' predictions as a study keeps them: Parquet files that `hilum judge` and `hilum compare` read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.predictions.predictions import Predictions, Texts
from hilum.evaluation.predictions.predictions_file import read_predictions, write_predictions

_SAME = ("labels", "mean_labels", "protocol", "design", "smoke")


class ClassifierFormat:
    """`Predictions` in one Parquet file."""

    suffix = ".parquet"

    def save(self, predictions: Predictions, *, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_predictions(predictions, path=path)

    def load(self, path: Path) -> Predictions:
        """Read it back; raises as `read_predictions` does."""
        return read_predictions(path)

    def pooled(self, parts: Sequence[Predictions]) -> Predictions:
        """All parts as one, in order.

        Raises `DataError` for none, other labels or protocols, or an image that comes twice: it would have been
        predicted by models of which one may have seen its patient.
        """
        if not parts:
            raise DataError("There are no predictions of any fold. Run the study first")
        first = parts[0]
        for other in parts[1:]:
            if any(getattr(other, what) != getattr(first, what) for what in _SAME):
                raise DataError("The folds differ in protocol or labels. Run the study anew")
        ages = [np.full(part.n, np.nan) if part.age_years is None else part.age_years for part in parts]
        counts = [part.n for part in parts]
        return replace(
            first,
            image=tuple(name for part in parts for name in part.image),
            patient=tuple(name for part in parts for name in part.patient),
            split=tuple(name for part in parts for name in part.split),
            truth=np.concatenate([part.truth for part in parts]),
            scores=np.concatenate([part.scores for part in parts]),
            age_years=np.concatenate(ages),
            sex=_texts([part.sex for part in parts], counts=counts),
            view=_texts([part.view for part in parts], counts=counts),
            source=_texts([part.source for part in parts], counts=counts),
            seen=_texts([part.seen for part in parts], counts=counts),
            patients_known=all(part.patients_known for part in parts),
        )


CLASSIFIER = ClassifierFormat()


def _texts(columns: Sequence[Texts | None], *, counts: Sequence[int]) -> Texts | None:
    if all(column is None for column in columns):
        return None
    filled = ((None,) * count if column is None else column for column, count in zip(columns, counts, strict=True))
    return tuple(text for column in filled for text in column)
