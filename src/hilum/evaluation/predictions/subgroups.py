"""The groups of images that a table is broken down by: age band, sex, view, source."""

from __future__ import annotations

import numpy as np

from hilum.evaluation.predictions.predictions import Predictions
from hilum.statistics.outcomes import BoolArray

UNKNOWN = "unknown"
AGE_EDGES_YEARS: tuple[int, ...] = (5, 18, 40, 60, 80)
"""Where an age band ends and the next begins: pre-school, school age, then adults by two decades."""


def subgroups(predictions: Predictions) -> dict[str, dict[str, BoolArray]]:
    """For each column that the file has, its groups by name, each a mask (n,) of rows; every row is in one group.

    Rows where nothing is known form the group "unknown", so that the groups add up to the whole.
    """
    p = predictions
    found = {}
    if p.age_years is not None:
        found["age band"] = _age_bands(p.age_years)
    for name, texts in (("sex", p.sex), ("view", p.view), ("source", p.source)):
        if texts is not None:
            values = np.array([UNKNOWN if text is None else text for text in texts])
            found[name] = {str(value): values == value for value in np.unique(values)}
    return found


def _age_bands(ages: np.ndarray) -> dict[str, BoolArray]:
    edges = (0, *AGE_EDGES_YEARS)
    bands: dict[str, BoolArray] = {}
    for low, high in zip(edges, (*AGE_EDGES_YEARS, None), strict=True):
        name = f"{low} and over" if high is None else f"{low} to {high - 1}"
        bands[name] = (ages >= low) & (ages < (np.inf if high is None else high))
    bands[UNKNOWN] = np.isnan(ages)
    return {name: rows for name, rows in bands.items() if rows.any()}
