"""What a comparison shows, in words: no more than its intervals and its adjusted tests say together."""

from __future__ import annotations

from hilum.evaluation.comparison import Comparison, Difference
from hilum.evaluation.many_predictions import Pair
from hilum.evaluation.margin import margin_words

LEVEL = 0.05
"""A difference is called shown where its interval leaves out 0 and its adjusted p-value is at most this."""


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
    """Whether a difference is shown, and which way; what is not shown is not called equal."""
    first, second = pair
    estimate = difference.estimate
    if estimate.interval is None:
        reason = estimate.note or "there is no interval to judge it by"
        return f"{first} against {second} {estimate.value:+.3f}, and nothing is shown: {reason}"
    low, high = estimate.interval
    bounds = f"{estimate.value:+.3f} [{low:+.3f}, {high:+.3f}]"
    p = difference.p if difference.p_holm is None else difference.p_holm
    beyond = low > 0 or high < 0
    if beyond and p is not None and p <= LEVEL:
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
