"""AUROCs of several models on the same images and their differences, all from the same draws of patients.

One bootstrap serves every number of a set of images, so that a difference is paired, and a count of labels in which
one model is above the other has an interval too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hilum.errors import DataError
from hilum.evaluation.comparing.many_predictions import ManyPredictions, Pair
from hilum.evaluation.predictions.patient_bootstrap import (
    REPLICATES,
    SEED,
    PatientRows,
    bootstrap_p_value,
    estimate,
    patient_bootstrap,
    patient_rows,
)
from hilum.evaluation.predictions.ranking_statistic import ranking_statistic
from hilum.statistics.auroc_interval import PatientAuroc, lacking_in_mean, mean_auroc, patient_auroc
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import FloatArray, UndefinedMetric, known_outcomes


@dataclass(frozen=True, slots=True)
class LabelAurocs:
    """One label: `n` images with a known truth, of them `positives`.

    Where `undefined` says that an outcome is lacking, the mappings are empty. `bootstrap_p` is two-sided.
    """

    label: str
    n: int
    positives: int
    undefined: str | None
    auroc: Mapping[str, Estimate]
    difference: Mapping[Pair, Estimate]
    bootstrap_p: Mapping[Pair, float | None]


@dataclass(frozen=True, slots=True)
class Wins:
    """In how many of `of` labels the first model is above the second, with the 95% interval over draws."""

    count: int
    of: int
    interval: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ModelAurocs:
    """A set of images: its labels, and what is taken over the labels `in_mean`.

    `left_out` are labels of the mean that lack an outcome or patients here, `left_out_why` says which: they are named,
    never averaged away.
    """

    n: int
    patients: int
    labels: tuple[LabelAurocs, ...]
    in_mean: tuple[str, ...]
    left_out: tuple[str, ...]
    left_out_why: Mapping[str, str]
    mean: Mapping[str, Estimate]
    mean_difference: Mapping[Pair, Estimate]
    wins: Mapping[Pair, Wins]

    @property
    def of_one_class(self) -> bool:
        """Whether there is one label alone: a mean over labels would say the same again."""
        return len(self.labels) == 1

    def label(self, name: str) -> LabelAurocs:
        """The label of this name. Raises `DataError` where it was not judged."""
        found = {one.label: one for one in self.labels}.get(name)
        if found is None:
            raise DataError(f"No label {name} was judged. Available: {', '.join(one.label for one in self.labels)}")
        return found


def model_aurocs(
    predictions: ManyPredictions,
    *,
    pairs: Sequence[Pair],
    labels: Sequence[str] | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
) -> ModelAurocs:
    """Judge every model on `labels`, by default those of the first model's mean, and set `pairs` of them side by side.

    The draws are those of `judge` for the same seed. Raises `DataError` where no label has both outcomes.
    """
    names = tuple(labels) if labels is not None else predictions.first.in_mean
    patients = patient_rows(predictions.first.patient)
    defined = [name for name in names if lacking_outcome(predictions, name) is None]
    keys = [(name, model) for name in defined for model in predictions.models]
    statistics = []
    for name, model in keys:
        truth, scores = predictions.column(name)
        statistics.append(ranking_statistic(truth, scores=scores[model], patients=patients))
    drawn = patient_bootstrap(statistics, patients=patients, replicates=replicates, seed=seed)
    draws = {key: two[0] for key, two in zip(keys, drawn, strict=True)}
    return aurocs_of_draws(predictions, pairs=pairs, labels=names, draws=draws)


def aurocs_of_draws(
    predictions: ManyPredictions,
    *,
    pairs: Sequence[Pair],
    labels: Sequence[str],
    draws: Mapping[tuple[str, str], FloatArray],
) -> ModelAurocs:
    """What `model_aurocs` gives, from AUROCs (B,) that were drawn before, by label and model.

    Labels that lack an outcome need no draws. Raises `DataError` where no label has both outcomes.
    """
    patients = patient_rows(predictions.first.patient)
    lacking = {name: lacking_outcome(predictions, name) for name in labels}
    defined = [name for name in labels if lacking[name] is None]
    if not defined:
        raise DataError("No label has both positives and negatives, so nothing can be compared")
    keys = [(name, model) for name in defined for model in predictions.models]
    areas = {key: _area(predictions, *key, patients=patients) for key in keys}
    found = tuple(
        _label(predictions, name, pairs=pairs, undefined=lacking[name], draws=draws, areas=areas) for name in labels
    )
    left_out = lacking_in_mean({name: areas.get((name, predictions.models[0])) for name in labels})
    judged = [one for one in found if one.label not in left_out]
    return ModelAurocs(
        n=predictions.first.n,
        patients=patients.count,
        labels=found,
        in_mean=tuple(labels),
        left_out=tuple(name for name in labels if name in left_out),
        left_out_why=left_out,
        mean={model: mean_auroc([areas[one.label, model] for one in judged]) for model in predictions.models},
        mean_difference={
            pair: _mean_of([one.difference[pair] for one in judged], [_apart(draws, one.label, pair) for one in judged])
            for pair in pairs
        },
        wins={pair: _wins(judged, draws=draws, pair=pair) for pair in pairs},
    )


def lacking_outcome(predictions: ManyPredictions, label: str) -> str | None:
    """Why `label` has no AUROC on these images; None where it has."""
    truth, scores = predictions.column(label)
    undefined = known_outcomes(truth, scores=scores[predictions.models[0]]).lacks_an_outcome()
    return None if undefined is None else undefined.reason


def labels_with_positives(predictions: ManyPredictions, *, least: int) -> tuple[str, ...]:
    """The labels of the mean with at least `least` positives and one negative."""
    found = []
    for name in predictions.first.in_mean:
        truth, _ = predictions.column(name)
        if (truth == 1).sum() >= least and (truth == 0).any():
            found.append(name)
    return tuple(found)


def _label(
    predictions: ManyPredictions,
    name: str,
    *,
    pairs: Sequence[Pair],
    undefined: str | None,
    draws: Mapping[tuple[str, str], FloatArray],
    areas: Mapping[tuple[str, str], PatientAuroc],
) -> LabelAurocs:
    truth, scores = predictions.column(name)
    outcomes = known_outcomes(truth, scores=scores[predictions.models[0]])
    if undefined is not None:
        return LabelAurocs(name, outcomes.n, outcomes.positives, undefined, {}, {}, {})
    own = {model: areas[name, model] for model in predictions.models}
    apart = {pair: _apart(draws, name, pair) for pair in pairs}
    return LabelAurocs(
        label=name,
        n=outcomes.n,
        positives=outcomes.positives,
        undefined=None,
        auroc={model: area.estimate for model, area in own.items()},
        difference={pair: estimate(own[pair[0]].value - own[pair[1]].value, draws=apart[pair]) for pair in pairs},
        bootstrap_p={pair: bootstrap_p_value(apart[pair]) for pair in pairs},
    )


def _area(predictions: ManyPredictions, name: str, model: str, *, patients: PatientRows) -> PatientAuroc:
    truth, scores = predictions.column(name)
    area = patient_auroc(truth, scores=scores[model], patients=patients.index, count=patients.count)
    if isinstance(area, UndefinedMetric):
        raise DataError(f"A label lacks positives or negatives: {area.reason}")
    return area


def _apart(draws: Mapping[tuple[str, str], FloatArray], name: str, pair: Pair) -> FloatArray:
    return draws[name, pair[0]] - draws[name, pair[1]]


def _mean_of(estimates: Sequence[Estimate], draws: Sequence[FloatArray]) -> Estimate:
    """The mean over labels; a draw in which one of them has no value has no mean."""
    return estimate(float(np.mean([one.value for one in estimates])), draws=np.mean(list(draws), axis=0))


def _wins(judged: Sequence[LabelAurocs], *, draws: Mapping[tuple[str, str], FloatArray], pair: Pair) -> Wins:
    apart = np.stack([_apart(draws, one.label, pair) for one in judged])
    whole = apart[:, ~np.isnan(apart).any(axis=0)]
    counts = (whole > 0).sum(axis=0) if whole.shape[1] > 1 else np.array([0, len(judged)])
    low, high = np.quantile(counts, [0.025, 0.975])
    return Wins(
        count=sum(one.difference[pair].value > 0 for one in judged),
        of=len(judged),
        interval=(int(np.floor(low)), int(np.ceil(high))),
    )
