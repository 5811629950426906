"""What an uncertain label (-1) becomes: a stated policy for each label (traps list, 11)."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

UncertainPolicy = Literal["ignore", "zeros", "ones"] | float
"""`ignore` masks the label (NaN), `zeros` and `ones` settle it, a number in [0, 1] is a smoothed value."""


def settle_uncertain(policy: UncertainPolicy) -> float:
    """The value that an uncertain label takes. Raises `ValueError` for a number outside [0, 1]."""
    if isinstance(policy, str):
        return {"ignore": math.nan, "zeros": 0.0, "ones": 1.0}[policy]
    if not 0.0 <= policy <= 1.0:
        raise ValueError(f"a smoothed value lies in [0, 1], came {policy}")
    return float(policy)


def outcomes_of(labels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The labels that are 1 or 0, float64, and NaN for the rest: a smoothed value is learnt from and judges nothing."""
    values: npt.NDArray[Any] = np.asarray(labels, np.float64)
    return np.where(np.isin(values, (0.0, 1.0)), values, np.nan)
