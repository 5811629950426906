"""Training pictures dealt to bins by their sharpness, so that draws can be balanced between bins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hilum.datasets.records.record import Record
from hilum.evaluation.judging.sharpness import sharpness_of


def sharpness_bins(records: Sequence[Record], *, bins: int, jobs: int = 1) -> list[str]:
    """The name of each picture's bin of `bins` with equally many pictures, from the softest to the sharpest.

    `jobs` pictures are decoded at the same time. Raises what decoding raises.
    """
    found = sharpness_of(records, jobs=jobs)
    values = np.array([found[record.image] for record in records])
    edges = np.quantile(values, np.arange(1, bins) / bins)
    return [f"sharpness {place + 1} of {bins}" for place in np.searchsorted(edges, values, side="right").tolist()]
