"""Holm's correction of several p-values, and from which one on a difference is called shown."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.errors import DataError

ALPHA = 0.05
"""How often a difference may be called shown where there is none; 1 - `estimate.LEVEL`, as intervals have it."""


def is_significant(p: float | None) -> bool:
    """Whether a p-value, adjusted where several are tested, is below `ALPHA`; False where there is none."""
    return p is not None and p < ALPHA


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p-values in the order given: compare each with the level that all tests together may have.

    The i-th smallest of m is multiplied by m - i + 1, made at least as large as the one before it, and cut at 1 (Holm
    1979). A test without a p-value (None) stays None and does not count in m. Raises `DataError` outside [0, 1].
    """
    for p in p_values:
        if p is not None and not 0.0 <= p <= 1.0:
            raise DataError(f"p-values must lie in [0, 1], not {p}")
    ranked = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(ranked):
        largest = max(largest, min(1.0, p * (len(ranked) - rank)))
        adjusted[place] = largest
    return tuple(adjusted)
