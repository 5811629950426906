"""Every verdict on the margin as a row: which label, which measure, which pair, and what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hilum.evaluation.comparison import Comparison, Difference
from hilum.evaluation.many_predictions import Pair
from hilum.evaluation.margin import MarginVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """`label` is None for the mean over labels; `measure` is AUROC, sensitivity or specificity."""

    label: str | None
    measure: str
    pair: Pair
    difference: Difference
    verdict: MarginVerdict

    @property
    def not_worse(self) -> str:
        """Whether the first model is shown to be worse by no more than the margin."""
        return "refuted" if self.verdict.worse else _word(self.verdict.not_worse)

    @property
    def alike(self) -> str:
        """Whether the two are shown to lie within the margin of each other."""
        interval, margin = self.difference.estimate.interval, self.verdict.margin
        apart = interval is not None and (interval[0] >= margin or interval[1] <= -margin)
        return "refuted" if apart else _word(self.verdict.alike)


def verdict_rows(comparison: Comparison) -> tuple[VerdictRow, ...]:
    """The mean over labels first, then label by label; none where no margin was stated."""
    return tuple(
        VerdictRow(label=label, measure=measure, pair=pair, difference=found, verdict=found.verdict)
        for label, measure, pair, found in _differences(comparison)
        if found is not None and found.verdict is not None
    )


def _differences(comparison: Comparison) -> Iterator[tuple[str | None, str, Pair, Difference | None]]:
    if len(comparison.averaged) > 1:
        for mean in comparison.mean_pairs:
            yield None, "AUROC", mean.pair, mean.auroc
    for label in comparison.labels:
        for one in label.pairs:
            yield label.label, "AUROC", one.pair, one.auroc
            yield label.label, "sensitivity", one.pair, one.sensitivity
            yield label.label, "specificity", one.pair, one.specificity


def _word(shown: bool | None) -> str:
    return "no interval" if shown is None else "shown" if shown else "not shown"
