"""Holm's correction of a comparison: each measure is one family, over every label and every pair of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hilum.evaluation.comparison import LabelComparison, PairLabel
from hilum.statistics.holm import holm


def with_holm(labels: Sequence[LabelComparison]) -> tuple[LabelComparison, ...]:
    """The labels with adjusted p-values: of the AUROC (bootstrap, and DeLong), AP, Brier, sensitivity, specificity."""
    pairs = [pair for label in labels for pair in label.pairs]
    auroc = holm([pair.auroc.p for pair in pairs])
    delong = holm([pair.delong_p for pair in pairs])
    precision = holm([pair.average_precision.p for pair in pairs])
    brier = holm([pair.brier.p for pair in pairs])
    sensitivity = holm([None if pair.sensitivity is None else pair.sensitivity.p for pair in pairs])
    specificity = holm([None if pair.specificity is None else pair.specificity.p for pair in pairs])
    adjusted = [
        PairLabel(
            pair=pair.pair,
            auroc=replace(pair.auroc, p_holm=auroc[place]),
            delong_p=pair.delong_p,
            delong_p_holm=delong[place],
            average_precision=replace(pair.average_precision, p_holm=precision[place]),
            brier=replace(pair.brier, p_holm=brier[place]),
            sensitivity=None if pair.sensitivity is None else replace(pair.sensitivity, p_holm=sensitivity[place]),
            specificity=None if pair.specificity is None else replace(pair.specificity, p_holm=specificity[place]),
        )
        for place, pair in enumerate(pairs)
    ]
    found = []
    for label in labels:
        own, adjusted = adjusted[: len(label.pairs)], adjusted[len(label.pairs) :]
        found.append(replace(label, pairs=tuple(own)))
    return tuple(found)
