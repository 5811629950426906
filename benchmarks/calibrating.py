"""What calibrating on few patients is worth: made-up patients whose true calibration and threshold are known.

    python benchmarks/calibrating.py [--draws 1000] [--ill 10 20 30 50 100 200 400]

needs the base installation alone and takes half a minute of one core. Scores of well patients are standard normal,
those of ill ones lie higher by as much as gives an AUROC of 0.86; there are twice as many well as ill, one image a
patient. Each draw is calibrated and cut at Youden's point as `hilum models calibrate` does it, whatever the number of
patients. Prints the table of the how-to on a hospital's own numbers: where 95 of 100 draws lie, and means of the draws.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.calibrating.cross_fit import cross_fit
from hilum.evaluation.calibrating.fit_calibration import fit_calibration
from hilum.evaluation.calibrating.label_images import POINT_FROM, LabelImages
from hilum.evaluation.calibrating.rule import PointRule
from hilum.statistics.outcomes import UndefinedMetric

AUROC = 0.86
WELL_FOR_ILL = 2
ILL = (10, 20, 30, 50, 100, 200, 400)
DRAWS = 1_000
MIDDLE = (2.5, 97.5)  # percentiles: where 95 of 100 draws lie

NORMAL = NormalDist()
APART = 2**0.5 * NORMAL.inv_cdf(AUROC)
"""How far ill scores lie above well ones, which is the true slope of a logistic calibration, too."""

HEAD = (
    "ill patients",
    "true sensitivity at the point",
    "slope, as a share of the true one",
    "Youden index where it was chosen",
    "cross-fitted",
    "true",
)


@dataclass(frozen=True)
class Drawn:
    """What one draw gave: true sensitivity, slope over the true one, and the Youden index as said, crossed and true."""

    sensitivity: float
    slope: float
    chosen: float
    crossed: float
    true: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate calibrating on few patients.")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--ill", type=int, nargs="+", default=list(ILL))
    arguments = parser.parse_args()
    cells = [HEAD, ["---"] * len(HEAD), *(row(ill, draws=arguments.draws) for ill in arguments.ill)]
    sys.stdout.writelines(f"| {' | '.join(line)} |\n" for line in cells)


def row(ill: int, *, draws: int) -> Sequence[str]:
    """The cells of one number of ill patients; draws whose scores cannot be fitted are left out."""
    rng = np.random.default_rng(ill)
    found = [drawn for drawn in (_drawn(ill, rng=rng) for _ in range(draws)) if drawn is not None]

    def between(values: Sequence[float]) -> str:
        low, high = np.percentile(values, MIDDLE)
        return f"{low:.2f}–{high:.2f}"

    return (
        f"{ill} (not fitted)" if ill < POINT_FROM else str(ill),
        between([drawn.sensitivity for drawn in found]),
        between([drawn.slope for drawn in found]),
        *(f"{np.mean([getattr(drawn, name) for drawn in found]):.2f}" for name in ("chosen", "crossed", "true")),
    )


def _drawn(ill: int, *, rng: np.random.Generator) -> Drawn | None:
    truth = np.arange(ill * (1 + WELL_FOR_ILL)) < ill
    logits = rng.normal(size=truth.size) + APART * truth
    names = np.array([f"p{number}" for number in range(truth.size)])
    images = LabelImages(truth, logits, np.zeros(truth.size), names)
    rule = PointRule()
    try:
        calibration = fit_calibration(images, kept_slope=None)
        crossed = cross_fit(images, rule=rule, kept_slope=None)
    except DataError:
        return None
    point = rule.point(truth, scores=calibration.probabilities(logits))
    if isinstance(point, UndefinedMetric):
        return None
    odds = np.log(point.threshold / (1 - point.threshold))
    cut = float((odds - calibration.intercept) / calibration.slope)
    sensitivity, specificity = 1 - NORMAL.cdf(cut - APART), NORMAL.cdf(cut)
    return Drawn(
        sensitivity=sensitivity,
        slope=calibration.slope / APART,
        chosen=point.sensitivity + point.specificity - 1,
        crossed=float(crossed.called[truth].mean() - crossed.called[~truth].mean()),
        true=sensitivity + specificity - 1,
    )


if __name__ == "__main__":
    main()
