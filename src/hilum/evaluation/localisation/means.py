"""Shares and means over cases, with intervals by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hilum.evaluation.predictions.patient_bootstrap import (
    Drawn,
    PatientRows,
    PatientStatistic,
    estimate,
    mean_statistic,
    patient_bootstrap,
    patient_rows,
)
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.few_patients import HOLDS_FROM
from hilum.statistics.outcomes import FloatArray, defined

ALL_ALIKE = "all images have the same value, from which no interval follows"
ONE_PATIENT = "all images are of one patient"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """One value a case, (n,), and the patient of each; NaN is not allowed."""

    values: FloatArray
    patients: tuple[str, ...]


def share(true: Sequence[float], *, patients: Sequence[str]) -> Estimate | None:
    """The share of 1 among values that are 0 or 1, with Wilson's interval by patient; None of nothing."""
    return defined(share_of_rows(np.asarray(true, np.float64), groups=np.asarray(patients)))


def means(found: Sequence[Values], *, replicates: int, seed: int) -> list[Estimate]:
    """The mean of each, with percentiles of one bootstrap that draws patients, the same for all.

    Of 25 skewed values such percentiles hold the truth in 92 to 95%; where there are few patients a note says so.
    """
    return _bootstrapped([[one] for one in found], replicates=replicates, seed=seed)


def means_of_means(found: Sequence[Sequence[Values]], *, replicates: int, seed: int) -> list[Estimate]:
    """The unweighted mean over labels of the mean over cases, of each, with the same bootstrap over all patients.

    A draw in which a label has no case has no value.
    """
    return _bootstrapped(found, replicates=replicates, seed=seed)


def _bootstrapped(found: Sequence[Sequence[Values]], *, replicates: int, seed: int) -> list[Estimate]:
    names = [name for labels in found for one in labels for name in one.patients]
    if not names:
        return []
    everybody = patient_rows(names)
    statistics, values, notes = [], [], []
    first = 0
    for labels in found:
        parts = []
        for one in labels:
            rows = np.arange(first, first + len(one.values))
            first += len(one.values)
            parts.append(mean_statistic(one.values, rows=rows, patients=everybody))
        statistics.append(_mean_of(parts))
        values.append(float(np.mean([one.values.mean() for one in labels])))
        notes.append(_note(labels))
    drawn = patient_bootstrap(statistics, patients=_alone(everybody), replicates=replicates, seed=seed)
    return [
        _estimate(value, draws=draws[0], note=note) for value, draws, note in zip(values, drawn, notes, strict=True)
    ]


def _alone(patients: PatientRows) -> PatientRows:
    """The same patients, one row each: how many are drawn at a time follows from the rows, which here are repeated."""
    return PatientRows(np.arange(patients.count), patients.count)


def _mean_of(parts: Sequence[PatientStatistic]) -> PatientStatistic:
    def statistic(drawn: Drawn) -> FloatArray:
        each = np.concatenate([part(drawn) for part in parts])
        return np.asarray(each.mean(axis=0)[None], np.float64)  # NaN where a label has no case

    return statistic


def _note(labels: Sequence[Values]) -> str | None:
    """Why there is no interval, or what is to be known of it; None where all is well."""
    fewest = min(len(set(one.patients)) for one in labels)
    if len({name for one in labels for name in one.patients}) == 1:
        return ONE_PATIENT
    if all(np.ptp(one.values) == 0 for one in labels):
        return ALL_ALIKE
    return f"only {fewest} patients: the interval may be too narrow" if fewest < HOLDS_FROM else None


def _estimate(value: float, *, draws: FloatArray, note: str | None) -> Estimate:
    if note in (ALL_ALIKE, ONE_PATIENT):
        return Estimate(value, None, note=note)
    return replace(estimate(value, draws=draws), note=note)
