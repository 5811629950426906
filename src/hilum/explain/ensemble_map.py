"""The map of a mean of probabilities, brought from units of probability to those of the heatmaps, logit contribution.

A change of the mean probability p moves its log odds by 1 / (p (1 - p)) times as much. The map of an ensemble divided
by p (1 - p) is therefore the sum of the members' class maps, each by the weight p_m (1 - p_m) / (M p (1 - p)). The
weights sum to 1 where all members say the same, and to less the more they differ: a probability that the members
dispute is explained by less. One member's map comes out as its class map.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_LEAST = float(np.finfo(np.float32).tiny)


def as_logit_contribution(grid: npt.NDArray[np.float32], *, logit: float) -> npt.NDArray[np.float32]:
    """The map `grid` (h, w) in units of probability as float32 (h, w) in logit contribution, to first order.

    `logit` is the log odds of the mean probability. Beyond 87, where p (1 - p) is no float32 any more, the map fades.
    """
    less = math.exp(-abs(logit))
    return np.asarray(grid / max(less / (1.0 + less) ** 2, _LEAST), np.float32)
