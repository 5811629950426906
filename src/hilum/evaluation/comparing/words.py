"""A comparison in words: what it shows, by its intervals and adjusted tests, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hilum.evaluation.comparing.comparison import Comparison, Difference
from hilum.evaluation.comparing.many_predictions import ManyPredictions, Pair
from hilum.evaluation.comparing.margin import MarginVerdict, margin_words
from hilum.evaluation.judging.judgement import by_unit
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.evaluation.predictions.overlap import in_words, overlap_of
from hilum.statistics.holm import is_significant


def comparison_words(comparison: Comparison) -> tuple[str, ...]:
    """Of each pair what is shown over the mean of the labels, or on the one label; and against the margin."""
    found: list[str] = []
    for one in comparison.mean_pairs:
        several = len(comparison.averaged) > 1
        what = f"Mean AUROC over {len(comparison.averaged)} labels" if several else f"AUROC of {comparison.averaged[0]}"
        found.append(f"{what}: {difference_words(one.auroc, pair=one.pair)}.")
        if one.auroc.verdict is not None:
            found.append(f"{what}: {margin_words(one.auroc.verdict, first=one.pair[0], second=one.pair[1])}.")
    return tuple(found)


def difference_words(difference: Difference, *, pair: Pair) -> str:
    """Whether a difference is shown, and which way; what is not shown is not called equal.

    It is shown where the interval leaves out 0 and the adjusted p-value is significant.
    """
    first, second = pair
    estimate = difference.estimate
    if estimate.interval is None:
        reason = estimate.note or "there is no interval to judge it by"
        return f"{first} against {second} {estimate.value:+.3f}, and nothing is shown: {reason}"
    low, high = estimate.interval
    bounds = interval_text(estimate, sign="+")
    p = difference.p if difference.p_holm is None else difference.p_holm
    beyond = low > 0 or high < 0
    if beyond and is_significant(p):
        return f"{first} is {'above' if low > 0 else 'below'} {second}, {bounds}"
    if beyond:
        return f"{bounds} leaves out 0, but the test does not bear it out (p {p_words(p)}): no difference is shown"
    return f"no difference between {first} and {second} is shown, {bounds}; that does not show them alike"


def pair_name(pair: Pair) -> str:
    """`new − old`: the sign of a difference."""
    return f"{pair[0]} − {pair[1]}"


def p_words(p: float | None) -> str:
    """A p-value with four decimals, or the smallest that these show; a dash where there is none."""
    if p is None:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """The sentences for this comparison, the most important first."""
    notes = []
    if comparison.smoke:
        notes.append("A test run is compared; ignore its numbers.")
    if comparison.cross_validated:
        notes.append(
            "Cross-validated scores come from several models: DeLong's test does not hold for them and is left out; the"
            " bootstrap by patient stands."
        )
    elif comparison.clustered:
        notes.append(
            "Some patients have several images: DeLong's test would take them as independent and find differences that"
            " are none, so its clustered form (Obuchowski 1997) stands in its place."
        )
    notes.append(_family(comparison))
    if comparison.margin is not None:
        notes.append(
            f"The margin of {comparison.margin:g} is the user's. Not worse: the whole 95% interval of the difference"
            f" lies above -{comparison.margin:g} (one-sided, 2.5%). Within the margin: it lies between"
            f" -{comparison.margin:g} and {comparison.margin:g}. Each verdict stands alone: a claim about all of them"
            " holds where each is shown; one picked out of many afterwards is worth less."
        )
    if any(one.paired_t is not None for one in comparison.mean_pairs):
        notes.append("The t-test takes labels as independent, though every image counts in each of them.")
    return tuple(by_unit(note, patients_known=comparison.patients_known) for note in notes)


def comparison_cautions(models: ManyPredictions) -> tuple[str, ...]:
    """One sentence for each model whose training saw some of the compared images, and one for unknown patients."""
    found = []
    if not all(one.patients_known for one in models.predictions):
        found.append(
            "Nothing tells patients apart, so that each image counts as one: where patients have several, intervals are"
            " too narrow and tests show too much."
        )
    for name, predictions in zip(models.models, models.predictions, strict=True):
        overlap = overlap_of(predictions.seen)
        if overlap is not None and overlap.found:
            found.append(f"{name} was {in_words(overlap)}: its figures flatter it, and so does every difference.")
    return tuple(found)


def _family(comparison: Comparison) -> str:
    labels = sum(bool(one.pairs) for one in comparison.labels)
    tests = labels * len(comparison.pairs)
    if tests == 1:
        return "p-values are two-sided; one label and one pair are compared, so none is adjusted."
    over = f"{labels} {'label' if labels == 1 else 'labels'} and {len(comparison.pairs)} "
    over += "pair" if len(comparison.pairs) == 1 else "pairs"
    return f"p-values are two-sided, and adjusted by Holm over {over}, for each measure on its own."


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
