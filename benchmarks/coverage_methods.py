"""The intervals whose coverage is compared; those that hilum shows are called through its own functions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coverage_designs import Sample
from hilum.evaluation.judging.decisions import decide
from hilum.evaluation.predictions.patient_bootstrap import (
    PatientRows,
    PatientStatistic,
    patient_bootstrap,
    patient_jackknife,
)
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.statistics.auroc_interval import mean_auroc, patient_auroc
from hilum.statistics.average_precision import precision_estimate
from hilum.statistics.bootstrap import bca_interval
from hilum.statistics.clustered_share import clustered_share
from hilum.statistics.obuchowski import clustered_aurocs, logit_interval
from hilum.statistics.operating_point import OperatingPoint
from hilum.statistics.proportion import wilson

Bounds = tuple[float, float]

SHOWN = {"AUROC": "clustered score", "AP": "jackknife logit by patient", "share": "clustered Wilson"}
"""What hilum shows of each figure."""


def auroc_intervals(sample: Sample, *, replicates: int, rng: np.random.Generator) -> dict[str, Bounds | None]:
    """The intervals of the AUROC by each method, None where a method has none; without `replicates` none is drawn."""
    found = patient_auroc(sample.truth, scores=sample.scores, patients=sample.patient, count=sample.count)
    clustered = clustered_aurocs(sample.truth, scores=sample.scores[:, None], patients=sample.patient)
    return {
        **_drawn(sample, row=0, value=found.value, replicates=replicates, rng=rng),
        "clustered logit (Obuchowski)": logit_interval(
            float(clustered.aurocs[0]), standard_error=float(clustered.standard_errors[0])
        ),
        SHOWN["AUROC"]: found.estimate.interval,
    }


def precision_intervals(sample: Sample, *, replicates: int, rng: np.random.Generator) -> dict[str, Bounds | None]:
    """The intervals of the average precision by each method; without `replicates` none is drawn."""
    statistic, patients = _ranking(sample)
    value = float(statistic(np.ones((sample.count, 1), np.int32))[1, 0])
    jackknife = patient_jackknife([statistic], patients=patients)[0][1]
    ill, well = (np.unique(sample.patient[sample.truth == kind]).size for kind in (1, 0))
    return {
        **_drawn(sample, row=1, value=value, replicates=replicates, rng=rng),
        SHOWN["AP"]: precision_estimate(value, jackknife=jackknife, ill=ill, well=well).interval,
    }


def share_intervals(
    right: np.ndarray, images: np.ndarray, *, replicates: int, rng: np.random.Generator
) -> dict[str, Bounds | None]:
    """The intervals of a share by each method; Wilson's takes images as independent."""
    plain = wilson(int(right.sum()), n=int(images.sum()))
    found = {
        "Wilson, images as independent": plain.interval,
        SHOWN["share"]: clustered_share(right, trials=images).interval,
    }
    if replicates:
        drawn = rng.multinomial(images.size, np.full(images.size, 1 / images.size), size=replicates)
        found["percentile by patient"] = _percentiles(drawn @ right / (drawn @ images))
    return found


def mean_interval(samples: Sequence[Sample]) -> dict[str, Bounds | None]:
    """The interval of the mean AUROC of labels of the same patients."""
    found = [patient_auroc(one.truth, scores=one.scores, patients=one.patient, count=one.count) for one in samples]
    mean = mean_auroc(found)
    return {"clustered logit (Obuchowski)": mean.interval}


def decision_intervals(sample: Sample, *, threshold: float, prevalence: float) -> dict[str, Bounds | None]:
    """The interval of each measure of decisions at `threshold`."""
    point = OperatingPoint(threshold, math.nan, math.nan, n=0, positives=0, rule="as it is given")
    patients = PatientRows(sample.patient, sample.count)
    decided = decide(sample.truth, scores=sample.scores, point=point, patients=patients, prevalence=prevalence)
    return {name: None if one is None else one.interval for name, one in decided.measures.items()}


def _drawn(
    sample: Sample, *, row: int, value: float, replicates: int, rng: np.random.Generator
) -> dict[str, Bounds | None]:
    """The bootstrap intervals of the AUROC (row 0) or the average precision (row 1)."""
    if not replicates:
        return {}
    statistic, patients = _ranking(sample)
    seed = int(rng.integers(2**31))
    draws = patient_bootstrap([statistic], patients=patients, replicates=replicates, seed=seed)[0][row]
    jackknife = patient_jackknife([statistic], patients=patients)[0][row]
    return {
        "percentile by patient": _percentiles(draws),
        "BCa by patient": bca_interval(value, draws=draws, jackknife=jackknife),
    }


def _ranking(sample: Sample) -> tuple[PatientStatistic, PatientRows]:
    patients = PatientRows(sample.patient.astype(np.intp), sample.count)
    return ranking_statistic(sample.truth, scores=sample.scores, patients=patients), patients


def _percentiles(draws: np.ndarray) -> Bounds | None:
    defined = draws[~np.isnan(draws)]
    return tuple(np.quantile(defined, [0.025, 0.975]).tolist()) if defined.size > 1 else None
