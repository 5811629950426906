"""A judged calibration as the card and the ledger keep it."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.bundle.result_calibration import ResultCalibration, StatedBand
from hilum.errors import DataError
from hilum.evaluation.bundles.ledger import LedgerValue
from hilum.evaluation.judging.judged_calibration import JudgedCalibration, judged_calibration
from hilum.statistics.brier import brier
from hilum.statistics.calibration_error import expected_calibration_error
from hilum.statistics.estimate import Estimate, Interval
from hilum.statistics.outcomes import FloatArray, UndefinedMetric
from hilum.statistics.reliability import BINS


def calibration_on_card(truth: FloatArray, *, probabilities: FloatArray, patients: Sequence[str]) -> ResultCalibration:
    """Judge `probabilities` (n,) against `truth` (n,), 0, 1 or NaN (left out), for a card.

    Raises `DataError` where no truth is known.
    """
    score = brier(truth, probabilities=probabilities)
    error = expected_calibration_error(truth, probabilities=probabilities, bins=BINS)
    judged = judged_calibration(truth, probabilities=probabilities, patients=patients, with_curve=False)
    gap = _value(judged.fit.mean_difference)
    if isinstance(score, UndefinedMetric) or isinstance(error, UndefinedMetric) or gap is None:
        raise DataError("expected images with a known truth to judge a calibration on, came none")
    return ResultCalibration(
        brier=score,
        ece=error,
        slope=_value(judged.fit.slope),
        slope_ci=_interval(judged.fit.slope),
        intercept=_value(judged.fit.intercept),
        intercept_ci=_interval(judged.fit.intercept),
        in_the_large=_value(judged.fit.in_the_large),
        in_the_large_ci=_interval(judged.fit.in_the_large),
        mean_stated_minus_observed=gap,
        mean_stated_minus_observed_ci=_interval(judged.fit.mean_difference),
        bands=tuple(
            StatedBand(
                low=band.low,
                high=band.high,
                n=band.observed.n,
                positives=band.observed.successes,
                stated=band.stated,
                observed_ci=(band.observed.low, band.observed.high),
            )
            for band in judged.bands
        ),
        in_words=judged.in_words,
    )


def calibration_of_look(judged: JudgedCalibration, *, brier: float | None, ece: float | None) -> dict[str, LedgerValue]:
    """The fields of a ledger's line: the numbers with their intervals, and where probabilities are off, in words."""
    fields: dict[str, LedgerValue] = {"brier": brier, "ece": ece}
    for name, value in (
        ("calibration_slope", judged.fit.slope),
        ("calibration_intercept", judged.fit.intercept),
        ("calibration_in_the_large", judged.fit.in_the_large),
        ("mean_stated_minus_observed", judged.fit.mean_difference),
    ):
        interval = _interval(value)
        fields |= {name: _value(value), f"{name}_ci": None if interval is None else list(interval)}
    return fields | {"calibration_in_words": judged.in_words}


def _value(number: Estimate | UndefinedMetric) -> float | None:
    return None if isinstance(number, UndefinedMetric) else number.value


def _interval(number: Estimate | UndefinedMetric) -> Interval | None:
    return None if isinstance(number, UndefinedMetric) else number.interval
