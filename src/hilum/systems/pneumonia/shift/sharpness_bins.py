"""Training pictures dealt to bins by their sharpness, so that draws can be balanced between bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hilum.datasets.records.record import Record

BINS = 5


def in_bins(records: Sequence[Record], *, sharpness: Mapping[str, float], bins: int = BINS) -> tuple[Record, ...]:
    """The records with a stratum for each of `bins` equally many pictures, from the softest to the sharpest."""
    values = np.array([sharpness[record.image] for record in records])
    edges = np.quantile(values, np.arange(1, bins) / bins)
    places = np.searchsorted(edges, values, side="right").tolist()
    return tuple(
        replace(record, stratum=f"sharpness {place + 1} of {bins}")
        for record, place in zip(records, places, strict=True)
    )
