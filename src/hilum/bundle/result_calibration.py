"""How well calibrated one label was on one set of images, as a card keeps it."""

from __future__ import annotations

from pydantic import Field

from hilum.bundle.card_part import Interval, Part, Probability


class StatedBand(Part):
    """The images whose stated probability lies from `low` to below `high`; the band that ends at 1 holds 1 too."""

    low: Probability
    high: Probability
    n: int = Field(ge=1, description="images in the band")
    positives: int = Field(ge=0, description="of them with the finding")
    stated: Probability = Field(description="the mean probability stated")
    observed_ci: Interval = Field(description="Wilson's 95% interval of the share with the finding")


class ResultCalibration(Part):
    """Stated probability against what came; a calibrated model has slope 1, and 0 in intercept and the two gaps.

    Intervals are by patient. A number is null where the images do not give one, such as the slope where a threshold
    parts the outcomes; an interval is null where too few patients make it.
    """

    brier: Probability = Field(description="mean squared difference of probability and outcome")
    ece: Probability = Field(description="expected calibration error, ten bins of equal width")
    slope: float | None = Field(description="of the log odds; below 1, probabilities are too extreme")
    slope_ci: Interval | None
    intercept: float | None = Field(description="of the same fit, in log odds")
    intercept_ci: Interval | None
    in_the_large: float | None = Field(description="the intercept at slope 1, in log odds; below 0, too high")
    in_the_large_ci: Interval | None
    mean_stated_minus_observed: float = Field(description="mean probability minus share with the finding")
    mean_stated_minus_observed_ci: Interval | None
    bands: tuple[StatedBand, ...] = Field(description="the counts, band by band")
    in_words: str = Field(description="where stated probabilities are off, in sentences")
