"""What a cell of somebody's table says of a label: yes, no, or nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hilum.stated import says_nothing

_YES = frozenset({"1", "true", "t", "yes", "y", "positive", "pos", "present"})
_NO = frozenset({"0", "false", "f", "no", "n", "negative", "neg", "absent"})
_NOT_SURE = frozenset({"-1", "uncertain", "unlabeled", "unlabelled"})
_NO_DISEASE = frozenset(
    {"normal", "healthy", "no finding", "no findings", "negative", "none", "control", "unremarkable", "no", "0"}
)


def outcome(text: str) -> float | None:
    """1.0 for a word that means yes, 0.0 for one that means no, NaN where nobody knows; None for any other word.

    `-1` (uncertain) is NaN: a label that nobody is sure of is not negative.
    """
    word = text.strip().casefold()
    if _is_unknown(word):
        return math.nan
    number = word.removesuffix(".0")
    if number in _YES or number in _NO:
        return float(number in _YES)
    return math.nan if number == "-1" else None


def _is_unknown(word: str) -> bool:
    return says_nothing(word) or word.casefold() in _NOT_SURE


def are_outcomes(texts: Iterable[str]) -> bool:
    """Whether every cell says yes, no or nothing, and at least one says yes or no."""
    values = [outcome(text) for text in texts]
    known = [value for value in values if value is not None]
    return len(known) == len(values) and not all(map(math.isnan, known))


def classes_in(text: str) -> tuple[str, ...] | None:
    """The classes in a cell, which `|` or `;` parts; None where it says nothing, none for a word like `normal`."""
    words = [word.strip() for word in text.replace(";", "|").split("|")]
    if all(_is_unknown(word) and word.casefold() != "none" for word in words):
        return None
    return tuple(word for word in words if word and word.casefold().replace("_", " ") not in _NO_DISEASE)
