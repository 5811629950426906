"""Intervals from few patients: how many they need, and Student's quantiles for a spread that is itself hardly known.

The counts are of patients, not of images: forty images of four patients are four facts.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from hilum.errors import UsageError

LEAST_PATIENTS = 5
"""With fewer ill or fewer well patients there is no interval and no operating point."""

HOLDS_FROM = 15
"""With fewer ill or fewer well patients an interval is marked: in simulations it covered less than 95%."""


def too_few_patients(*, ill: int, well: int, what: str = "an interval") -> str | None:
    """Why nothing but the value itself can be said of so few patients; None where there are enough.

    `ill` patients have a positive image, `well` ones a negative image.
    """
    if min(ill, well) >= LEAST_PATIENTS:
        return None
    count, kind = (ill, "with a positive image") if ill < LEAST_PATIENTS else (well, "with a negative image")
    return f"only {_counted(count)} {kind}; {what} needs {LEAST_PATIENTS}"


def few_patients(*, ill: int, well: int) -> str | None:
    """The mark beside an interval from few patients; None where there are enough."""
    if min(ill, well) >= HOLDS_FROM:
        return None
    count, kind = (ill, "with a positive image") if ill < HOLDS_FROM else (well, "with a negative image")
    return f"only {_counted(count)} {kind}: the interval may be too narrow"


def _counted(patients: int) -> str:
    return f"{patients} patient" if patients == 1 else f"{patients} patients"


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_MANY = 1e6


@functools.lru_cache(maxsize=4096)
def t_quantile(probability: float, *, degrees: float) -> float:
    """The value that Student's t with `degrees` >= 1 of freedom stays below with `probability` in [0.5, 1).

    The density is integrated by Gauss-Legendre over an angle, where it is a power of the cosine and smooth, and the
    integral is inverted by Newton's method between bounds that close in: right to about 1e-10.
    """
    if not 0.5 <= probability < 1.0 or not degrees >= 1.0:
        raise UsageError(
            f"The probability must lie in [0.5, 1) and degrees must be at least 1, not {probability:g} and {degrees:g}"
        )
    few = min(degrees, _MANY)
    log_scale = math.lgamma((few + 1) / 2) - math.lgamma(few / 2) - 0.5 * math.log(math.pi)

    def above_half(angle: float) -> float:
        """P(0 < T < sqrt(degrees) tan(angle))."""
        at = angle / 2 * (_NODES + 1)
        return float(angle / 2 * (_WEIGHTS @ np.exp(log_scale + (few - 1) * np.log(np.cos(at)))))

    # beyond 45 standard units nothing is left but for very few degrees, where the whole quarter turn is searched
    low, high = 0.0, min(math.pi / 2 * (1 - 1e-12), math.atan(45 / math.sqrt(few)) if few > 30 else math.pi)
    at = (low + high) / 2
    for _ in range(80):
        short = above_half(at) - (probability - 0.5)
        low, high = (at, high) if short < 0 else (low, at)
        slope = math.exp(log_scale + (few - 1) * math.log(math.cos(at)))
        step = at - short / slope if slope > 0 else low
        following = step if low < step < high else (low + high) / 2
        if abs(following - at) <= 1e-15 + 1e-13 * at:
            break
        at = following
    return math.sqrt(few) * math.tan(at)
