"""How far a comparison can be trusted, in sentences: what was assumed, adjusted, and not shown."""

from __future__ import annotations

from hilum.evaluation.comparison import Comparison
from hilum.evaluation.many_predictions import ManyPredictions
from hilum.evaluation.overlap import in_words, overlap_of


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """The sentences for this comparison, the most important first."""
    notes = []
    if comparison.smoke:
        notes.append("A smoke run is compared: these figures prove a path through the code, no result.")
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
    return tuple(notes)


def comparison_cautions(models: ManyPredictions) -> tuple[str, ...]:
    """One sentence for each model whose training saw some of the compared images."""
    found = []
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
