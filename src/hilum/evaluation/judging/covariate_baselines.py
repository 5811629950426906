"""What is known of a patient before anybody looks at the picture, as a model of its own: view, age and sex.

Such a model stands beside a network: what it reaches, the network may have read off the picture without seeing any
disease. Each is a logistic regression, fitted on all folds but the one that it predicts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.predictions.predictions import Predictions, Texts
from hilum.statistics.logistic import most_likely, sigmoid
from hilum.statistics.outcomes import BoolArray, FloatArray

VIEW, AGE, ALL = "view", "age", "view, age and sex"


def covariate_baselines(predictions: Predictions) -> Mapping[str, FloatArray]:
    """By the name of the model, its out-of-fold probabilities (n, L) of the labels; `predictions` name the folds.

    Age enters with its square. What is not known of a row takes the mean of the rows that a model is fitted on. A label
    of which a fold's other rows lack an outcome gets the share of positives there. Raises `DataError` for predictions
    that are not cross-validated.
    """
    if not predictions.cross_validated:
        raise DataError("Baselines are fitted fold by fold, and these predictions are not cross-validated")
    view = _coded(predictions.view, {"PA": 0.0, "AP": 1.0}, count=predictions.n)[:, None]
    sex = _coded(predictions.sex, {"F": 0.0, "M": 1.0}, count=predictions.n)[:, None]
    years = np.full(predictions.n, np.nan) if predictions.age_years is None else predictions.age_years
    age = np.stack([years, years**2], axis=1)
    columns = {VIEW: view, AGE: age, ALL: np.concatenate([view, age, sex], axis=1)}
    return {name: _out_of_fold(predictions, known=known) for name, known in columns.items()}


def _out_of_fold(predictions: Predictions, *, known: FloatArray) -> FloatArray:
    folds = np.array(predictions.split)
    scores = np.empty_like(predictions.scores)
    for fold in np.unique(folds):
        x = _standardised(known, fitted_on=folds != fold)
        for column in range(len(predictions.labels)):
            truth = predictions.truth[:, column]
            scores[folds == fold, column] = _predicted(x, truth=truth, fitted_on=folds != fold)[folds == fold]
    return scores


def _standardised(known: FloatArray, *, fitted_on: BoolArray) -> FloatArray:
    """The columns (p + 1, n), each with mean 0 and spread 1 where it is fitted, under a constant; unknown is the mean.

    A column that says nothing is 0 everywhere.
    """
    rows = []
    for values in known.T:
        there = values[fitted_on & ~np.isnan(values)]
        spread = float(there.std()) if there.size else 0.0
        scaled = (values - there.mean()) / spread if spread > 0 else np.zeros(values.size)
        rows.append(np.where(np.isnan(scaled), 0.0, scaled))
    return np.stack([*rows, np.ones(len(known))])


def _predicted(x: FloatArray, *, truth: FloatArray, fitted_on: BoolArray) -> FloatArray:
    """Probabilities (n,), fitted on `fitted_on` to Platt's smoothed targets, so that no plane parts the outcomes."""
    rows = fitted_on & ~np.isnan(truth)
    positives = float((truth[rows] == 1).sum())
    negatives = float(rows.sum()) - positives
    if not positives or not negatives:
        return np.full(truth.size, positives / max(1.0, positives + negatives))
    targets = np.where(truth[rows] == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    used = x.any(axis=1)
    start = np.zeros(int(used.sum()))
    return sigmoid(most_likely(x[used][:, rows], targets=targets, start=start) @ x[used])


def _coded(texts: Texts | None, codes: Mapping[str, float], *, count: int) -> FloatArray:
    """float64 (count,), NaN where nothing is known."""
    return np.array([codes.get(text or "", np.nan) for text in texts or (None,) * count])
