"""The kinds of bundles: what the card of each holds, and what its model does beside others.

How a specialist of a kind is opened stands in `reading/open_models.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["specialist", "gate", "lungs"]
"""Who finds what its labels name; who judges a picture before anybody reads it; who draws lungs and finds nothing."""

Need = Literal["lungs"]
"""What one model does for another: it draws the lungs that a picture is cut to, or features are averaged inside."""

NOTHING: frozenset[Need] = frozenset()
LUNGS: frozenset[Need] = frozenset({"lungs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What every bundle of a kind is.

    `part` is the field of the card that this kind has and no other. It cannot read without what it `needs`, though it
    may bring that itself.
    """

    role: Role = "specialist"
    part: str | None = None
    needs: frozenset[Need] = NOTHING


KINDS: Mapping[str, Kind] = {
    "classifier": Kind(),
    "ensemble": Kind(part="ensemble"),
    "fusion": Kind(part="fusion", needs=LUNGS),
    "gate": Kind(role="gate", part="gate"),
    "lung-pooled": Kind(part="pooling", needs=LUNGS),
    "lungs": Kind(role="lungs", part="lungs"),
    "two-looks": Kind(part="two_looks"),
}
"""By the card's `kind`."""


def known_kind(kind: str) -> str:
    """The same kind; raises `ValueError` for one that is none of `KINDS`."""
    if kind not in KINDS:
        raise ValueError(f"Unknown kind {kind!r}. Known: {', '.join(KINDS)}")
    return kind
