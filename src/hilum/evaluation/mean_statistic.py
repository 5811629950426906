"""The mean of a number that every row has, over drawn patients: Brier score and prevalence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError
from hilum.evaluation.patient_bootstrap import Drawn, PatientRows, PatientStatistic
from hilum.statistics.outcomes import FloatArray


def mean_statistic(values: FloatArray, *, rows: npt.NDArray[np.intp], patients: PatientRows) -> PatientStatistic:
    """The mean (1, B) of `values` (k,), which belong to `rows` (k,) of the patients' rows; NaN where none is drawn.

    The squared error of a probability makes the mean a Brier score, the truth makes it a prevalence.
    """
    if values.shape != rows.shape:
        raise DataError(f"expected one value a row, came {values.shape} values for {rows.shape} rows")
    whose = patients.index[rows]
    sums = np.bincount(whose, weights=values, minlength=patients.count)
    counts = np.bincount(whose, minlength=patients.count).astype(np.float64)

    def statistic(drawn: Drawn) -> FloatArray:
        # einsum, not BLAS: its sums do not depend on the number of threads
        total, of = (np.einsum("p,pb->b", one, drawn) for one in (sums, counts))
        means: FloatArray = np.divide(total, of, out=np.full(of.shape, np.nan), where=of > 0)
        return means[None]

    return statistic
