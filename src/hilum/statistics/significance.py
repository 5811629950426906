"""From which p-value on a difference is called shown: one level for words, figures and tables."""

from __future__ import annotations

ALPHA = 0.05
"""How often a difference may be called shown where there is none; 1 - `estimate.LEVEL`, as intervals have it."""


def is_significant(p: float | None) -> bool:
    """Whether a p-value, adjusted where several are tested, is below `ALPHA`; False where there is none."""
    return p is not None and p < ALPHA
