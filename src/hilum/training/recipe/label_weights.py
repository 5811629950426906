"""Weights of positive and negative labels, from how often each occurs in the training targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError

Weighting = Literal["none", "chexnet", "inverse prevalence"]
"""How labels are weighted, with P positives and N negatives of a label among its known targets:

`chexnet`: N / (P + N) for a positive, P / (P + N) for a negative (CheXNet, Rajpurkar et al. 2017; Tran et al. 2021's
loss). `inverse prevalence`: (P + N) / P for a positive, 1 for a negative ("weighed by the inverse of prevalence of
positive samples within each disease", Pun et al. 2021, who do not say what a negative weighs).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCounts:
    """How many targets of each label are positive and negative; a soft target y counts y and 1 - y."""

    labels: tuple[str, ...]
    positives: tuple[float, ...]
    negatives: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelWeights:
    """What a positive and a negative of each label weigh in the loss, in the order of the labels."""

    positive: tuple[float, ...]
    negative: tuple[float, ...]


def count_labels(targets: npt.ArrayLike, *, labels: Sequence[str]) -> LabelCounts:
    """Count `targets` (N, L) in [0, 1], NaN where a label is missing.

    Raises `DataError` where the columns are not the labels, a target is out of range, or a label lacks an outcome.
    """
    array = np.asarray(targets, np.float64)
    if array.ndim != 2 or array.shape[1] != len(labels):
        raise DataError(
            f"The targets need shape (N, {len(labels)}) for the labels {', '.join(labels)}; their shape is "
            f"{array.shape}"
        )
    known = array[~np.isnan(array)]
    if known.size and (known.min() < 0.0 or known.max() > 1.0):
        raise DataError(
            f"The targets must lie from 0 to 1 or be NaN; they go from {known.min():g} to {known.max():g}. Map them "
            "first"
        )
    positives, negatives = np.nansum(array, axis=0), np.nansum(1.0 - array, axis=0)
    for outcome, counts in (("positive", positives), ("negative", negatives)):
        lacking = [label for label, count in zip(labels, counts, strict=True) if count == 0]
        if lacking:
            raise DataError(
                f"The {len(array)} training images have no {outcome} of {', '.join(lacking)}. Leave the label out, or "
                "add data"
            )
    return LabelCounts(
        labels=tuple(labels), positives=tuple(map(float, positives)), negatives=tuple(map(float, negatives))
    )


def label_weights(targets: npt.ArrayLike, *, labels: Sequence[str], weighting: Weighting) -> LabelWeights | None:
    """The weights that `weighting` gives for the training `targets` (N, L), or None for `none`.

    Raises what `count_labels` raises.
    """
    if weighting == "none":
        return None
    counts = count_labels(targets, labels=labels)
    pairs = list(zip(counts.positives, counts.negatives, strict=True))
    if weighting == "chexnet":
        return LabelWeights(
            positive=tuple(n / (p + n) for p, n in pairs), negative=tuple(p / (p + n) for p, n in pairs)
        )
    return LabelWeights(positive=tuple((p + n) / p for p, n in pairs), negative=(1.0,) * len(pairs))
