"""Bands of stated probability: how often the outcome came in each, in counts that a reader can repeat in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.statistics.estimate import Estimate
from hilum.statistics.holm import ALPHA
from hilum.statistics.outcomes import known_probabilities
from hilum.statistics.proportion import wilson

EDGES: tuple[float, ...] = (0.0, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 1.0)
"""Where bands part: fine near 0 and 1, where a network's probabilities crowd and where a reader believes them most."""

_TOLD = 3


@dataclass(frozen=True, slots=True)
class ProbabilityBand:
    """The rows that state a probability from `low` to below `high` (the last band holds 1 too), all in [0, 1].

    `stated` is their mean probability; `observed` is the share of the `positives`, in which the outcome came, with
    Wilson's 95% interval, which takes images as independent. `off` says that an exact binomial test refuses `stated` at
    0.05 divided by the number of bands (Bonferroni), so that a calibrated model is said to be off in at most one of
    twenty sets of images.
    """

    low: float
    high: float
    stated: float
    observed: Estimate
    positives: int
    off: bool


def probability_bands(truth: npt.ArrayLike, *, probabilities: npt.ArrayLike) -> tuple[ProbabilityBand, ...]:
    """The bands between `EDGES` that hold rows.

    `truth` (n,) is 0, 1 or missing (left out), `probabilities` (n,) in [0, 1]. Raises `DataError` for malformed input.
    """
    outcomes = known_probabilities(truth, probabilities=probabilities)
    place = np.searchsorted(np.array(EDGES[1:-1]), outcomes.scores, side="right")
    there = np.unique(place).tolist()
    found = []
    for band in there:
        inside = place == band
        n, positives = int(np.count_nonzero(inside)), int(np.count_nonzero(outcomes.truth[inside]))
        stated = float(outcomes.scores[inside].mean())
        off = _binomial_p(positives, n=n, share=stated) < ALPHA / len(there)
        found.append(ProbabilityBand(EDGES[band], EDGES[band + 1], stated, wilson(positives, n=n), positives, off))
    return tuple(found)


def bands_in_words(bands: Sequence[ProbabilityBand]) -> str:
    """Where stated probabilities are off, in sentences; that they are off in no band, where none is.

    `Where it states 0.97 to 0.99, 10 of 17 images had the finding (59%, 95% interval 36% to 78%).` The bands that are
    furthest off come first, three at most. Empty without bands.
    """
    if not bands:
        return ""
    wrong = sorted((band for band in bands if band.off), key=lambda band: -abs(band.stated - band.observed.value))
    if not wrong:
        n = sum(band.observed.n or 0 for band in bands)
        return (
            f"In no band of stated probability is the share observed further off than chance explains ({_images(n)})."
        )
    return " ".join(_sentence(band) for band in wrong[:_TOLD])


def _binomial_p(successes: int, *, n: int, share: float) -> float:
    """Twice the smaller tail of the binomial distribution at `successes`, at most 1."""
    if share in (0.0, 1.0):
        return 1.0 if successes == n * share else 0.0
    counts = np.arange(1, n + 1)
    ways = np.concatenate([[0.0], np.cumsum(np.log(n - counts + 1) - np.log(counts))])
    all_counts = np.arange(n + 1)
    chance = np.exp(ways + all_counts * np.log(share) + (n - all_counts) * np.log1p(-share))
    return float(min(1.0, 2 * min(chance[: successes + 1].sum(), chance[successes:].sum())))


def _sentence(band: ProbabilityBand) -> str:
    low, high = band.observed.bounds
    had = f"{band.positives:,} of {_images(band.observed.n or 0)} had the finding"
    share = f"{band.observed.value:.0%}, 95% interval {low:.0%} to {high:.0%}"
    return f"Where it states {band.low:g} to {band.high:g}, {had} ({share})."


def _images(n: int) -> str:
    return "1 image" if n == 1 else f"{n:,} images"
