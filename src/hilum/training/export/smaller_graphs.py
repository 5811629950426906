"""Which form of a graph a bundle gets: the smallest whose probabilities and AUROC on validation stay what they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hilum.bundle.card_part import CompressionMethod
from hilum.bundle.label import Label
from hilum.statistics.calibration import calibrate
from hilum.training.export.to_onnx import with_float16_weights, with_int8_weights

PROBABILITY_TOLERANCE = 1e-3
LARGEST_AUROC_LOSS = 0.002


def candidates(full: bytes) -> tuple[tuple[CompressionMethod, bytes], ...]:
    """The graphs to try, smallest first: half-precision weights where they cost nothing, else the graph as it is."""
    return (("float16 weights", with_float16_weights(full)), ("none", full))


def smaller(full: bytes) -> Iterator[tuple[CompressionMethod, bytes]]:
    """The graphs to try before the graph as it is where 8 bits may do, smallest first, each made when asked for."""
    yield "int8 weights", with_int8_weights(full)
    yield "float16 weights", with_float16_weights(full)


def largest_difference(
    read: npt.NDArray[np.floating], expected: npt.NDArray[np.floating], *, labels: Sequence[Label]
) -> float:
    """The largest difference in a calibrated probability between logits (N, L) as read and as torch gives them."""
    return max(
        float(np.abs(_calibrated(read[:, column], label=label) - _calibrated(expected[:, column], label=label)).max())
        for column, label in enumerate(labels)
    )


def _calibrated(logits: npt.NDArray[np.floating], *, label: Label) -> npt.NDArray[np.float64]:
    """Probabilities as the card of `label` calibrates them."""
    return calibrate(logits, slope=label.calibration.slope, intercept=label.calibration.intercept)
