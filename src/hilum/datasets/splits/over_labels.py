"""Splits by patient that share out every label: iterative stratification (Sechidis et al. 2011) over whole patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import patient_groups


def split_over_labels(
    records: Sequence[Record], *, shares: Mapping[str, float], seed: int
) -> dict[str, tuple[Record, ...]]:
    """Deal whole patient groups to the named parts so that positives of every label are shared out as `shares` says.

    The label with the fewest images left goes first; each of its patients, largest first, goes to the part that lacks
    most of it, then to the part that lacks most images, then by `seed`. The stratum counts as one more label. `shares`
    are positive and sum to 1. Raises `ValueError` for other shares.
    """
    if abs(sum(shares.values()) - 1.0) > 1e-9 or min(shares.values()) <= 0:
        raise ValueError(f"Shares must be positive and sum to 1, not {dict(shares)}")
    groups = patient_groups(records)
    counts = _counts(groups)
    draw = np.random.default_rng(seed)
    owner = _deal(counts, shares=np.array(list(shares.values())), draw=draw)
    return {
        part: tuple(sorted((r for g in np.flatnonzero(owner == index) for r in groups[g]), key=_order))
        for index, part in enumerate(shares)
    }


def _order(record: Record) -> tuple[str, str]:
    return record.source, record.image


def _counts(groups: Sequence[Sequence[Record]]) -> npt.NDArray[np.int64]:
    """int64 (groups, labels + strata + 1): images of each group that are positive; the last column is all images."""
    tokens: dict[str, int] = {}
    rows = [[_tokens(record) for record in group] for group in groups]
    for name in sorted({name for row in rows for names in row for name in names}):
        tokens[name] = len(tokens)
    counts = np.zeros((len(groups), len(tokens) + 1), np.int64)
    for index, row in enumerate(rows):
        for names in row:
            counts[index, -1] += 1
            for name in names:
                counts[index, tokens[name]] += 1
    return counts


def _tokens(record: Record) -> list[str]:
    positive = [f"label {name}" for name, value in record.labels.items() if value >= 0.5]  # NaN is not
    return [*positive, f"stratum {record.source} {record.stratum}"]


def _deal(
    counts: npt.NDArray[np.int64], *, shares: npt.NDArray[np.float64], draw: np.random.Generator
) -> npt.NDArray[np.int64]:
    """int64 (groups,): the part of each group."""
    lacking = shares[:, None] * counts.sum(axis=0)  # (parts, tokens): images each part should still get
    owner = np.full(len(counts), -1)
    shuffled = draw.permutation(len(counts))
    while (owner < 0).any():
        left = counts[owner < 0].sum(axis=0)
        token = int(np.argmin(np.where(left > 0, left, np.iinfo(np.int64).max)))
        waiting = shuffled[(owner[shuffled] < 0) & (counts[shuffled, token] > 0)]
        for group in waiting[np.argsort(-counts[waiting, token], kind="stable")]:
            ties = draw.random(len(shares))
            part = np.lexsort((ties, lacking[:, -1], lacking[:, token]))[-1]
            owner[group] = part
            lacking[part] -= counts[group]
    return owner
