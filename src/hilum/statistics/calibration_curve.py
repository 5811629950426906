"""The smooth calibration curve: how often the outcome came, against the probability that was stated."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.calibration import log_odds
from hilum.statistics.estimate import LEVEL
from hilum.statistics.logistic import covariance_by_patient, most_likely, sigmoid
from hilum.statistics.outcomes import FloatArray, Outcomes, UndefinedMetric, known_patients, known_probabilities

POINTS = 81

_KNOTS: dict[int, tuple[float, ...]] = {4: (0.05, 0.35, 0.65, 0.95), 3: (0.10, 0.50, 0.90), 0: ()}
"""Where knots lie, as quantiles of the stated log odds (Harrell 2001, table 2.3); 0 is a straight line."""

_QUANTILE = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationCurve:
    """`observed` (m,) at stated `probability` (m,), which rises, between the bounds `low` and `high`; all in [0, 1].

    `knots` is how many the spline has; 0 is logistic recalibration, a straight line in log odds.
    """

    probability: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    knots: int

    @property
    def method(self) -> str:
        """How the curve was made, for its caption."""
        spline = (
            f"restricted cubic spline of the log odds, {self.knots} knots"
            if self.knots
            else "straight line in log odds"
        )
        return f"logistic regression on a {spline}; band by patient (clustered sandwich)"


def calibration_curve(
    truth: npt.ArrayLike, *, probabilities: npt.ArrayLike, patients: npt.ArrayLike
) -> CalibrationCurve | UndefinedMetric:
    """Logistic regression of the outcome on a restricted cubic spline of the stated log odds, with a 95% band.

    `truth` (n,) is 0, 1 or missing (left out), `probabilities` (n,) in [0, 1], `patients` (n,) names the patient of
    each row. On log odds, probabilities near 0 and 1, which a network mostly states, have room, and a straight line is
    what Platt's calibration mends; a smoother of the outcomes themselves (loess) was tried, and flattens the steep part
    of a model that parts the outcomes well. The band is pointwise and clustered, with the patient as the unit. Of four
    knots, three and a straight line the one with the least BIC is taken, patients being its sample size: a wave that a
    few images make is no finding. The points are even steps of log odds between the lowest and the highest
    hundredth of the rows. `UndefinedMetric` where an outcome is missing, where probabilities are all equal, or where a
    threshold parts the outcomes. Sources: Harrell 2001, section 2.4; Van Calster et al. 2016. Raises `DataError` for
    malformed input.
    """
    outcomes = known_probabilities(truth, probabilities=probabilities)
    patient = known_patients(patients, truth=truth, outcomes=outcomes)
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        return undefined
    fits = []
    for knots in _KNOTS:
        try:
            fits.append(_spline_fit(outcomes, patient=patient, knots=knots))
        except DataError:  # the data do not bear so many knots
            continue
    if not fits:
        reason = "the probabilities are all equal, or a threshold parts the outcomes without error"
        return UndefinedMetric(reason, outcomes.n, outcomes.positives)
    return min(fits, key=lambda fit: fit.bic).curve


def spline_basis(z: FloatArray, *, knots: FloatArray) -> FloatArray:
    """The columns (k - 1, n) of a restricted cubic spline with `knots` (k,): straight beyond the outer ones.

    The first is `z` itself; fewer than three knots leave it alone. Source: Harrell 2001, equation 2.25.
    """
    rows = [z]
    if knots.size >= 3:
        last, before = knots[-1], knots[-2]
        scale = (last - knots[0]) ** 2

        def cube(from_knot: float) -> FloatArray:
            return np.asarray(np.clip(z - from_knot, 0.0, None) ** 3, np.float64)

        for knot in knots[:-2]:
            share = (last - knot) / (last - before)
            rows.append((cube(knot) - cube(before) * share + cube(last) * (share - 1)) / scale)
    return np.stack(rows)


@dataclass(frozen=True, slots=True, eq=False)
class _SplineFit:
    curve: CalibrationCurve
    bic: float
    """Bayes's information criterion (Schwarz 1978)."""


def _spline_fit(outcomes: Outcomes, *, patient: npt.NDArray[np.intp], knots: int) -> _SplineFit:
    """Raises `DataError` where knots coincide or the fit does not settle."""
    z = log_odds(outcomes.scores)
    places = np.quantile(z, _KNOTS[knots]) if knots else np.empty(0)
    low, high = np.quantile(z, [0.01, 0.99])
    if low == high or np.unique(places).size < knots:
        raise DataError(f"{knots} knots need as many different probabilities; there are {np.unique(places).size}")
    at = np.linspace(low, high, POINTS)
    x, shown = spline_basis(z, knots=places), spline_basis(at, knots=places)
    mean, spread = x.mean(axis=1, keepdims=True), x.std(axis=1, keepdims=True)
    x, shown = (np.vstack([(rows - mean) / spread, np.ones((1, rows.shape[1]))]) for rows in (x, shown))
    truth = outcomes.truth.astype(np.float64)
    theta = most_likely(x, targets=truth, start=np.zeros(len(x)))
    fitted = sigmoid(theta @ x)
    covariance = covariance_by_patient(x, residuals=truth - fitted, curvature=fitted * (1 - fitted), patient=patient)
    line = theta @ shown
    half = _QUANTILE * np.sqrt(np.einsum("im,ij,jm->m", shown, covariance, shown))
    z_fitted = theta @ x
    loss = float((np.logaddexp(0.0, z_fitted) - truth * z_fitted).sum())
    return _SplineFit(
        CalibrationCurve(sigmoid(at), sigmoid(line), sigmoid(line - half), sigmoid(line + half), knots),
        bic=2 * loss + len(x) * float(np.log(patient.max() + 1)),
    )
