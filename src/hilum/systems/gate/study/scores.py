"""Scores of how sure a gate may be of a type, and how well each tells a left-out type from a known one.

Higher is surer. The study compares them and one is shipped. Sources: maximum softmax probability (Hendrycks and Gimpel
2017, the score behind a conformal set of least ambiguity, Sadinle et al. 2019), energy (Liu et al. 2020), Mahalanobis
distance to the nearest class mean (Lee et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import ScoreName
from hilum.bundle.gate_outputs import TYPES
from hilum.datasets.typed.body_parts import MIXED_SOURCES
from hilum.errors import DataError
from hilum.statistics.auroc import auroc
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.study.predictions import GatePredictions
from hilum.systems.gate.study.shares import Share, ShareTable, or_undefined

Scores = npt.NDArray[np.float64]

COMPONENTS = 64
SHRINKAGE = 0.1
"""How far the pooled covariance is moved towards a multiple of the identity."""


def type_probabilities(logits: npt.NDArray[np.float32], *, temperature: float = 1.0) -> Scores:
    """Softmax over the types, (n, 14), of logits (n, 24) divided by the temperature."""
    scaled = logits[:, TYPES].astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def largest_probability(judged: GatePredictions, *, learnt: GatePredictions) -> Scores:
    """The largest type probability, (n,); what is left to 1 is how much a conformal set must still add."""
    del learnt
    return np.asarray(type_probabilities(judged.logits).max(axis=1), np.float64)


def energy(judged: GatePredictions, *, learnt: GatePredictions) -> Scores:
    """The log of the sum of exponentials of the type logits, (n,): the negative free energy at temperature 1."""
    del learnt
    logits = judged.logits[:, TYPES].astype(np.float64)
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class ClassMeans:
    """Principal directions (K, c) about `centre` (K,), and whitened class means (m, c)."""

    centre: Scores
    directions: Scores
    whiten: Scores
    means: Scores


def class_means(learnt: GatePredictions) -> ClassMeans:
    """Means of the types in the leading components of the training features, with one shrunk covariance for all.

    Raises `DataError` where no picture has a type, and `LinAlgError` where features do not differ or are not finite.
    """
    typed = learnt.where(learnt.xray_type != "")
    if not len(typed):
        raise DataError("No training image has a type, and the distance needs some. Add a data set with types")
    features = typed.features.astype(np.float64)
    centre = features.mean(axis=0)
    _, _, rows = np.linalg.svd(features - centre, full_matrices=False)
    directions = rows[:COMPONENTS].T
    projected = (features - centre) @ directions
    types = sorted(set(typed.xray_type.tolist()))
    means = np.stack([projected[typed.xray_type == name].mean(axis=0) for name in types])
    within = projected - means[np.searchsorted(types, typed.xray_type)]
    weights = 1.0 / np.array([np.count_nonzero(typed.xray_type == name) for name in typed.xray_type])
    covariance = (within * weights[:, None]).T @ within / weights.sum()
    size = covariance.shape[0]
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).T
    return ClassMeans(centre, directions, whiten, means @ whiten)


def nearest_mean(judged: GatePredictions, *, learnt: GatePredictions) -> Scores:
    """Minus the Mahalanobis distance to the nearest type's mean, (n,)."""
    try:
        known = class_means(learnt)
    except np.linalg.LinAlgError as error:
        raise DataError(
            "The features of a type do not differ from picture to picture, so there is no distance"
        ) from error
    points = (judged.features.astype(np.float64) - known.centre) @ known.directions @ known.whiten
    squared = ((points[:, None, :] - known.means[None]) ** 2).sum(axis=2)
    return np.asarray(-np.sqrt(squared.min(axis=1)), np.float64)


SCORES: Mapping[str, Callable[..., Scores]] = {
    "largest probability": largest_probability,
    "energy": energy,
    "distance": nearest_mean,
}


KNOWN_REFUSED = (0.02, 0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One score: the share of left-out pictures refused or unsure at each share of known ones; `auroc` in [0, 1]."""

    score: str
    known: Scores
    left_out: Scores
    auroc: float


def curves(left_out: Sequence[GatePredictions]) -> dict[str, Curve | UndefinedMetric]:
    """By score its curve, or why there is none.

    Known are held-out radiographs of the mixed sources whose types the network has learnt. Left-out pictures are those
    of the mixed sources too, so that no source gives the answer away.
    """
    return {name: or_undefined(partial(_curve, name, left_out)) for name in SCORES}


def best_score(found: Mapping[str, Curve | UndefinedMetric]) -> ScoreName:
    """The score of the largest AUROC among those that read from logits alone; energy where none was measured.

    The distance needs the training pictures' means beside the graph, so that it would have to be much better.
    """
    from_logits = {name: one.auroc for name in get_args(ScoreName) if isinstance(one := found.get(name), Curve)}
    return max(from_logits, key=lambda name: from_logits[name]) if from_logits else "energy"


def curve_table(found: Mapping[str, Curve | UndefinedMetric]) -> ShareTable:
    """AUROC of each score, and left-out pictures refused or unsure where some of the known ones are."""
    shares: dict[str, Share] = {}
    for name, curve in found.items():
        if isinstance(curve, UndefinedMetric):
            shares[f"AUROC, {name}"] = curve
            continue
        n = len(curve.known) + len(curve.left_out)
        shares[f"AUROC, {name}"] = Estimate(curve.auroc, None, n=n, groups=n)
        for share in KNOWN_REFUSED:
            threshold = np.quantile(curve.known, share)
            value = float(np.mean(curve.left_out < threshold))
            shares[f"{name}, left-out refused at {share:.0%} of known"] = Estimate(value, None, n=n, groups=n)
    return ShareTable(
        key="curve",
        title="Left-out types against known types",
        protocol="mixed sources, as read; known types from each network's own held-out fold; scores pooled as they are",
        shares=shares,
    )


def _curve(name: str, left_out: Sequence[GatePredictions]) -> Curve | UndefinedMetric:
    known_parts, unseen_parts = [], []
    for predictions in left_out:
        types = str(predictions.network[0]).removeprefix("without ").split(", ")
        learnt = predictions.where(predictions.view == "learnt from")
        rows = predictions.where(
            (predictions.view == "as read") & np.isin(predictions.source, MIXED_SOURCES) & (predictions.xray_type != "")
        )
        scores = SCORES[name](rows, learnt=learnt)
        unseen = np.isin(rows.xray_type, types)
        known_parts.append(scores[~unseen])
        unseen_parts.append(scores[unseen])
    known, unseen_scores = np.concatenate(known_parts), np.concatenate(unseen_parts)
    truth = np.concatenate([np.ones(len(known)), np.zeros(len(unseen_scores))])
    area = auroc(truth, scores=np.concatenate([known, unseen_scores]))
    return area if isinstance(area, UndefinedMetric) else Curve(name, known, unseen_scores, area)
