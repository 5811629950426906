"""Net benefit: what decisions are worth where a threshold probability says how many false alarms one find outweighs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.statistics.bootstrap import patient_weights
from hilum.statistics.estimate import LEVEL
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_probabilities

THRESHOLDS = np.linspace(0.01, 0.99, 99)
"""Where a decision curve is taken."""
THRESHOLDS.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit over `thresholds` (m,) of the `model` and of calling `everyone` positive; calling no one gives 0.

    Each is (m,), between its bounds `_low` and `_high`.
    """

    thresholds: FloatArray
    model: FloatArray
    model_low: FloatArray
    model_high: FloatArray
    everyone: FloatArray
    everyone_low: FloatArray
    everyone_high: FloatArray


def net_benefit(true_share: FloatArray, *, false_share: FloatArray, threshold: float | FloatArray) -> FloatArray:
    """True positives minus false positives times threshold / (1 - threshold), each as a share of all rows.

    1 would be a true positive in every row, 0 is what calling no one positive gives. `threshold` in [0, 1) is the
    probability at which acting is worth as much as leaving: at 0.2, one find outweighs four false alarms. Source:
    Vickers and Elkin 2006.
    """
    price = np.asarray(threshold) / (1 - np.asarray(threshold))
    return np.asarray(true_share - price * false_share, np.float64)


def decision_curve(
    truth: npt.ArrayLike,
    *,
    probabilities: npt.ArrayLike,
    patients: npt.ArrayLike,
    replicates: int,
    rng: np.random.Generator,
) -> DecisionCurve | UndefinedMetric:
    """The net benefit of calling positive from each of `THRESHOLDS` on, with pointwise 95% bands that draw patients.

    `truth` (n,) is 0, 1 or missing (left out), `probabilities` (n,) in [0, 1], `patients` (n,) names the patient of
    each row. `UndefinedMetric` where an outcome is missing. Raises `DataError` for malformed input.
    """
    outcomes = known_probabilities(truth, probabilities=probabilities)
    names = np.asarray(patients)
    if names.shape != np.shape(truth):
        raise DataError(f"expected one patient a row, shape {np.shape(truth)}, came {names.shape}")
    undefined = outcomes.lacks_an_outcome()
    if undefined is not None:
        return undefined
    unique, index = np.unique(names, return_inverse=True)
    patient = index.reshape(-1)[outcomes.rows]
    called = np.searchsorted(THRESHOLDS, outcomes.scores, side="right")  # how many thresholds a row reaches
    positive, negative = (
        _reaching(called[kind], patient=patient[kind], count=unique.size) for kind in (outcomes.truth, ~outcomes.truth)
    )
    whole = _both(positive, negative, np.ones((unique.size, 1)))[:, :, 0]
    drawn = [
        _both(positive, negative, weights.T.astype(np.float64))
        for weights in patient_weights(np.arange(unique.size), replicates=replicates, rng=rng)
    ]
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(np.concatenate(drawn, axis=2), [tail, 1 - tail], axis=2)
    return DecisionCurve(THRESHOLDS, whole[0], low[0], high[0], whole[1], low[1], high[1])


def _reaching(called: npt.NDArray[np.intp], *, patient: npt.NDArray[np.intp], count: int) -> FloatArray:
    """Rows of each patient (m + 1, P) that reach each threshold; the first line counts all of them."""
    table = np.zeros((THRESHOLDS.size + 1, count))
    np.add.at(table, (called, patient), 1.0)
    return np.asarray(np.cumsum(table[::-1], axis=0)[::-1], np.float64)


def _both(positive: FloatArray, negative: FloatArray, drawn: FloatArray) -> FloatArray:
    """Net benefit (2, m, B) of the model and of everyone in draws (P, B)."""
    true, false = positive @ drawn, negative @ drawn
    rows = true[0] + false[0]
    with np.errstate(invalid="ignore"):  # a draw of patients without any known truth has no value
        true, false = true / rows, false / rows
    price = THRESHOLDS[:, None]
    model = net_benefit(true[1:], false_share=false[1:], threshold=price)
    everyone = net_benefit(true[:1], false_share=false[:1], threshold=price)
    return np.stack([model, everyone])
