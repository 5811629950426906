"""AUROC of the three networks and its differences, all from the same draws of patients.

One bootstrap serves every number of a set of images, so that a difference is paired, and a count of classes in which
one network is above the other has an interval too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.compare import bootstrap_p_value
from hilum.evaluation.patient_bootstrap import (
    REPLICATES,
    SEED,
    Estimate,
    estimate,
    patient_bootstrap,
    patient_rows,
)
from hilum.evaluation.ranking_statistic import ranking_statistic
from hilum.evaluation.sdfn_predictions import NETWORKS, PAIRS, Network, Pair, SdfnPredictions
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import FloatArray, known_outcomes


@dataclass(frozen=True, slots=True)
class LabelAurocs:
    """One class: `n` images with a known truth, of them `positives`.

    Where `undefined` says that an outcome is lacking, the mappings are empty. `bootstrap_p` is two-sided.
    """

    label: str
    n: int
    positives: int
    undefined: str | None
    auroc: Mapping[Network, Estimate]
    difference: Mapping[Pair, Estimate]
    bootstrap_p: Mapping[Pair, float | None]


@dataclass(frozen=True, slots=True)
class Wins:
    """In how many of `of` classes the first network is above the second, with the 95% interval over draws."""

    count: int
    of: int
    interval: tuple[int, int]


@dataclass(frozen=True, slots=True)
class NetworkAurocs:
    """A set of images: its classes, and what is taken over the classes `in_mean`.

    `left_out` are classes of the mean that lack an outcome here: they are named, never averaged away.
    """

    n: int
    patients: int
    labels: tuple[LabelAurocs, ...]
    in_mean: tuple[str, ...]
    left_out: tuple[str, ...]
    mean: Mapping[Network, Estimate]
    mean_difference: Mapping[Pair, Estimate]
    wins: Mapping[Pair, Wins]

    def label(self, name: str) -> LabelAurocs:
        """The class of this name. Raises `DataError` where it was not judged."""
        found = {one.label: one for one in self.labels}.get(name)
        if found is None:
            raise DataError(f"expected a class among {', '.join(one.label for one in self.labels)}, came {name}")
        return found


def network_aurocs(
    predictions: SdfnPredictions,
    *,
    labels: Sequence[str] | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> NetworkAurocs:
    """Judge the three networks on `labels`; by default on those of the protocol's mean.

    The draws are those of `judge` and `compare` for the same seed. Raises `DataError` where no class has both outcomes.
    """
    names = tuple(labels) if labels is not None else predictions.whole.in_mean
    patients = patient_rows(predictions.whole.patient)
    lacking = {name: _lacking(predictions, name) for name in names}
    defined = [name for name in names if lacking[name] is None]
    if not defined:
        raise DataError("expected at least one class with positives and negatives, came none")
    statistics = [
        ranking_statistic(truth, scores=scores[network], patients=patients)
        for name in defined
        for truth, scores in (predictions.column(name),)
        for network in NETWORKS
    ]
    drawn = [two[0] for two in patient_bootstrap(statistics, patients=patients, replicates=replicates, seed=seed)]
    draws = {
        (name, network): drawn[len(NETWORKS) * i + j]
        for i, name in enumerate(defined)
        for j, network in enumerate(NETWORKS)
    }
    found = tuple(_label(predictions, name, undefined=lacking[name], draws=draws) for name in names)
    judged = [one for one in found if one.undefined is None]
    return NetworkAurocs(
        n=predictions.whole.n,
        patients=patients.count,
        labels=found,
        in_mean=names,
        left_out=tuple(name for name in names if lacking[name] is not None),
        mean={
            network: _mean_of([one.auroc[network] for one in judged], [draws[one.label, network] for one in judged])
            for network in NETWORKS
        },
        mean_difference={
            pair: _mean_of([one.difference[pair] for one in judged], [_apart(draws, one.label, pair) for one in judged])
            for pair in PAIRS
        },
        wins={pair: _wins(judged, draws=draws, pair=pair) for pair in PAIRS},
    )


def labels_with_positives(predictions: SdfnPredictions, *, least: int) -> tuple[str, ...]:
    """The classes of the mean with at least `least` positives and one negative."""
    found = []
    for name in predictions.whole.in_mean:
        truth, _ = predictions.column(name)
        if (truth == 1).sum() >= least and (truth == 0).any():
            found.append(name)
    return tuple(found)


def _lacking(predictions: SdfnPredictions, name: str) -> str | None:
    truth, scores = predictions.column(name)
    undefined = known_outcomes(truth, scores=scores["whole"]).lacks_an_outcome()
    return None if undefined is None else undefined.reason


def _label(
    predictions: SdfnPredictions,
    name: str,
    *,
    undefined: str | None,
    draws: Mapping[tuple[str, Network], FloatArray],
) -> LabelAurocs:
    truth, scores = predictions.column(name)
    outcomes = known_outcomes(truth, scores=scores["whole"])
    if undefined is not None:
        return LabelAurocs(name, outcomes.n, outcomes.positives, undefined, {}, {}, {})
    areas = {network: _defined(truth, scores[network]) for network in NETWORKS}
    apart = {pair: _apart(draws, name, pair) for pair in PAIRS}
    return LabelAurocs(
        label=name,
        n=outcomes.n,
        positives=outcomes.positives,
        undefined=None,
        auroc={network: estimate(areas[network], draws=draws[name, network]) for network in NETWORKS},
        difference={pair: estimate(areas[pair[0]] - areas[pair[1]], draws=apart[pair]) for pair in PAIRS},
        bootstrap_p={pair: bootstrap_p_value(apart[pair]) for pair in PAIRS},
    )


def _defined(truth: FloatArray, scores: FloatArray) -> float:
    area = auroc(truth, scores=scores)
    if not isinstance(area, float):
        raise DataError(f"expected positives and negatives, came a class where {area.reason}")
    return area


def _apart(draws: Mapping[tuple[str, Network], FloatArray], name: str, pair: Pair) -> FloatArray:
    return draws[name, pair[0]] - draws[name, pair[1]]


def _mean_of(estimates: Sequence[Estimate], draws: Sequence[FloatArray]) -> Estimate:
    """The mean over classes; a draw in which one of them has no value has no mean."""
    return estimate(float(np.mean([one.value for one in estimates])), draws=np.mean(list(draws), axis=0))


def _wins(judged: Sequence[LabelAurocs], *, draws: Mapping[tuple[str, Network], FloatArray], pair: Pair) -> Wins:
    apart = np.stack([_apart(draws, one.label, pair) for one in judged])
    whole = apart[:, ~np.isnan(apart).any(axis=0)]
    counts = (whole > 0).sum(axis=0) if whole.shape[1] > 1 else np.array([0, len(judged)])
    low, high = np.quantile(counts, [0.025, 0.975])
    return Wins(
        count=sum(one.difference[pair].value > 0 for one in judged),
        of=len(judged),
        interval=(int(np.floor(low)), int(np.ceil(high))),
    )
