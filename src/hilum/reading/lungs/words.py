"""What is said of a drawing of lungs, in words: what was drawn, and why it is trusted or not."""

from __future__ import annotations

from collections.abc import Sequence

from hilum.bundle.lung_spec import QualityRule
from hilum.reading.lungs.regions import LungFlag

NEVER_TRUSTED: dict[LungFlag, str] = {
    "no lung": "no lung was found",
    "tiny image": "the picture is too small to outline lungs on",
    "lateral view": "this is a lateral view, in which the lungs lie over each other",
    "turned": "the chest looks turned, so nobody can say which lung is the right one",
    "more than two regions": "more than two regions were drawn: the two nearest the centre were kept, perhaps no pair",
}
"""Flags with which no drawing is trusted, in the order of saying them, and what is said."""

_NOTES: dict[LungFlag, str] = {
    "touches the border": "the drawing touches the border of the picture, so a part of a lung may be cut off",
    "child": "this is a child's chest, on which outlines are less exact",
    "sides not named": "the file does not tell which lung is the right one",
}


def names_sides(flags: Sequence[str]) -> bool:
    """Whether it may be said which lung is the right one: not in a lateral or turned one, nor where it is unclear."""
    return not {"sides not named", "lateral view", "turned"} & set(flags)


def lung_reason(
    *, flags: Sequence[LungFlag], quality: float, area_share: float, rule: QualityRule, trusted: bool
) -> str:
    """One sentence without its full stop; the first words are the most important ones.

    `quality` is the expected Dice, `area_share` the share of the picture that both lungs cover.
    """
    never = [words for flag, words in NEVER_TRUSTED.items() if flag in flags]
    notes = [words for flag, words in _NOTES.items() if flag in flags]
    if "no lung" in flags:
        return "; ".join([*never, *notes])
    doubts = [] if trusted or never else [_doubt(quality=quality, area_share=area_share, rule=rule)]
    drawn = [] if "more than two regions" in flags and "mirrored" not in flags else [_drawn(flags)]
    return "; ".join([*never, *doubts, *drawn, *notes])


def _doubt(*, quality: float, area_share: float, rule: QualityRule) -> str:
    low, high = rule.area_share
    if not low <= area_share <= high:
        return f"the drawing covers {area_share:.0%} of the picture, where lungs cover {low:.0%} to {high:.0%}"
    return f"the outlines are uncertain: estimated overlap (Dice) {quality:.3f}, {rule.trusted_from:.3f} needed"


def _drawn(flags: Sequence[LungFlag]) -> str:
    if "mirrored" not in flags:
        return "the lungs were drawn as one region" if "one region" in flags else "both lungs were drawn"
    if "one region" in flags:
        return "one lung was drawn, and the box holds its mirror image too, since the other may be hidden or absent"
    return "of two regions of unlike size the box holds the larger one and its mirror image"
