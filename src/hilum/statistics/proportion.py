"""A share of independent trials, with its interval."""

from __future__ import annotations

import math
from statistics import NormalDist

from hilum.errors import UsageError
from hilum.statistics.estimate import LEVEL, Estimate, Interval


def wilson(successes: int, *, n: int, level: float = LEVEL) -> Estimate:
    """The share with Wilson's score interval (Wilson 1927), which stays in [0, 1] and has a width at 0 and 1 too.

    It takes the trials as independent: where patients have several images, use the patient bootstrap. Raises
    `UsageError` for an empty or impossible count.
    """
    if not 0 <= successes <= n or n < 1 or not 0.0 < level < 1.0:
        raise UsageError(f"successes must be 0 to n, n at least 1 and level in (0, 1), not {successes}, {n}, {level}")
    share = successes / n
    bounds = wilson_bounds(share, n=n, z=NormalDist().inv_cdf(0.5 + level / 2))
    return Estimate(share, bounds, method="Wilson", n=n)


def wilson_reach(*, n: float, z: float) -> float:
    """How far Wilson's interval of a share of all, or none, of `n` trials reaches from it; `z` as `wilson_bounds`."""
    return z * z / (n + z * z)


def wilson_bounds(share: float, *, n: float, z: float) -> Interval:
    """Wilson's bounds of a share of `n` trials, which need not be a whole number: an effective one has its place here.

    `z` is the quantile of the level wanted, 1.96 for 95%.
    """
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (0.0 if share <= 0 else (centre - half) / scale), (1.0 if share >= 1 else (centre + half) / scale)
