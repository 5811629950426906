"""The median over images with its interval by patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hilum.evaluation.predictions.patient_bootstrap import (
    REPLICATES,
    SEED,
    Drawn,
    PatientRows,
    PatientStatistic,
    estimate,
    patient_bootstrap,
    patient_rows,
)
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, UndefinedMetric


def patient_median(
    values: npt.ArrayLike, *, patients: Sequence[str], replicates: int = REPLICATES
) -> Estimate | UndefinedMetric:
    """The median of the values (n,) that are no NaN, with a percentile bootstrap that draws whole patients.

    `patients` names the patient of each value. `UndefinedMetric` where there is no value.
    """
    array = np.asarray(values, np.float64)
    known = np.flatnonzero(~np.isnan(array))
    if not known.size:
        return UndefinedMetric("there is no value", 0, 0)
    rows = patient_rows([patients[row] for row in known.tolist()])
    statistic = median_statistic(array[known], patients=rows)
    (draws,) = patient_bootstrap([statistic], patients=rows, replicates=replicates, seed=SEED)
    return estimate(float(np.median(array[known])), draws=draws[0])


def median_statistic(values: FloatArray, *, patients: PatientRows) -> PatientStatistic:
    """The median (1, B) of `values` (n,), each as often as its patient is drawn; NaN where none is drawn."""
    order = np.argsort(values, kind="stable")
    ranked, whose = values[order], patients.index[order]

    def statistic(drawn: Drawn) -> FloatArray:
        below = np.cumsum(drawn[whose], axis=0, dtype=np.int64)
        total = below[-1]
        low, high = (np.argmax(reached, axis=0) for reached in (2 * below >= total, 2 * below > total))
        middle = (ranked[low] + ranked[high]) / 2
        found: FloatArray = np.where(total > 0, middle, np.nan)
        return found[None]

    return statistic
