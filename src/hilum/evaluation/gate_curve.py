"""How well three scores tell a left-out type from a known one, pooled over the networks that left types out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from hilum.bundle.card import ScoreName
from hilum.datasets.body_parts import MIXED_SOURCES
from hilum.evaluation.gate_figures import Figure, Table
from hilum.evaluation.gate_predictions import GatePredictions
from hilum.evaluation.gate_scores import SCORES, Scores
from hilum.statistics.auroc import auroc
from hilum.statistics.outcomes import UndefinedMetric

KNOWN_REFUSED = (0.02, 0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One score: the share of left-out pictures refused or unsure at each share of known ones; `auroc` in [0, 1]."""

    score: str
    known: Scores
    left_out: Scores
    auroc: float


def curves(left_out: Sequence[GatePredictions]) -> tuple[Curve, ...]:
    """The three scores; known are held-out radiographs of the mixed sources whose types the network has learnt.

    Left-out pictures are those of the mixed sources too, so that no source gives the answer away.
    """
    return tuple(_curve(name, left_out) for name in SCORES)


def best_score(found: Sequence[Curve]) -> ScoreName:
    """The score of the largest AUROC among those that read from logits alone; energy where none was measured.

    The distance needs the training pictures' means beside the graph, so that it would have to be much better.
    """
    from_logits = {name: curve.auroc for curve in found for name in get_args(ScoreName) if name == curve.score}
    return max(from_logits, key=lambda name: from_logits[name]) if from_logits else "energy"


def curve_table(found: Sequence[Curve]) -> Table:
    """AUROC of each score, and left-out pictures refused or unsure where some of the known ones are."""
    figures = []
    for curve in found:
        n = len(curve.known) + len(curve.left_out)
        figures.append(_figure(f"AUROC, {curve.score}", curve.auroc, n))
        for share in KNOWN_REFUSED:
            threshold = np.quantile(curve.known, share)
            value = float(np.mean(curve.left_out < threshold))
            figures.append(_figure(f"{curve.score}, left-out refused at {share:.0%} of known", value, n))
    return Table(
        key="curve",
        title="Left-out types against known types",
        protocol="mixed sources, as read; known types from each network's own held-out fold; scores pooled as they are",
        figures=tuple(figures),
    )


def _curve(name: str, left_out: Sequence[GatePredictions]) -> Curve:
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
    return Curve(name, known, unseen_scores, float("nan") if isinstance(area, UndefinedMetric) else area)


def _figure(label: str, value: float, n: int) -> Figure:
    return Figure(label=label, value=value, low=None, high=None, n=n, groups=n)
