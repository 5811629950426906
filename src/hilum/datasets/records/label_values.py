"""What releases write of an image, as hilum holds it: names of labels, uncertain labels, ages.

An uncertain label (-1) becomes what a stated policy for each label says (traps list, 11). Ages are written as `58`,
`058Y`, `010M` or `004D`; what cannot be an age becomes None.
"""

from __future__ import annotations

import math
import re
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.findings import finding
from hilum.radiograph import OLDEST_YEARS, UNITS_PER_YEAR

UncertainPolicy = Literal["ignore", "zeros", "ones"] | float
"""`ignore` masks the label (NaN), `zeros` and `ones` settle it, a number in [0, 1] is a smoothed value."""

_AGE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[YMWD]?)", re.IGNORECASE)


def own_label(name: str) -> str:
    """The canonical name of `name` (`Pleural Effusion` is `Effusion`), or `name` itself where no vocabulary has it."""
    try:
        return finding(name).name
    except DataError:
        return name


def settle_uncertain(policy: UncertainPolicy) -> float:
    """The value that an uncertain label takes. Raises `ValueError` for a number outside [0, 1]."""
    if isinstance(policy, str):
        return {"ignore": math.nan, "zeros": 0.0, "ones": 1.0}[policy]
    if not 0.0 <= policy <= 1.0:
        raise ValueError(f"A smoothed value must lie in [0, 1], not {policy}")
    return float(policy)


def outcomes_of(labels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The labels that are 1 or 0, float64, and NaN for the rest: a smoothed value is learnt from and judges nothing."""
    values: npt.NDArray[Any] = np.asarray(labels, np.float64)
    return np.where(np.isin(values, (0.0, 1.0)), values, np.nan)


def clean_age(text: str) -> float | None:
    """The age in years within 0 to 120, or None where `text` is empty, no age, or impossible (414, as in NIH's)."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        return None
    years = float(match["number"]) / UNITS_PER_YEAR[match["unit"].upper() or "Y"]
    return years if years <= OLDEST_YEARS else None


def was_cleaned(text: str) -> bool:
    """Whether `text` says an age that `clean_age` threw away; a mark for unknown (`?`, `N/A`, `Y`) says none."""
    return any(letter.isdigit() for letter in text) and clean_age(text) is None
