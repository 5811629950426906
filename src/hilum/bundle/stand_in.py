"""Calibrated bundles in the place of those that they were made of: both have one network, and would read twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle


@dataclass(frozen=True, slots=True)
class StandIn:
    """A calibrated bundle and the one of its origin's name; `is_of_it` says whether it was made of that very one."""

    calibrated: Bundle
    origin: Bundle
    is_of_it: bool


def stand_ins(bundles: Sequence[Bundle]) -> tuple[StandIn, ...]:
    """For each calibrated bundle its origin among `bundles`: by the card's hash, or else by its name.

    Where neither is there, because what was calibrated already was calibrated again in its own place, the origin is
    what nobody calibrated and has the same network.
    """
    found = []
    for bundle in bundles:
        made = bundle.card.calibrated_on
        if made is None:
            continue
        same = [one for one in bundles if one.sha256 == made.from_sha256]
        named = [one for one in bundles if one.card.name == made.from_name and one is not bundle]
        origins = same or named or [one for one in bundles if _is_raw_of(one, bundle=bundle)]
        found += [StandIn(bundle, origin, bool(same) or not named) for origin in origins]
    return tuple(found)


def _is_raw_of(one: Bundle, *, bundle: Bundle) -> bool:
    return one.card.calibrated_on is None and one.card.files[GRAPH] == bundle.card.files[GRAPH]


def without_origins(bundles: Sequence[Bundle], *, stand_ins: Sequence[StandIn]) -> tuple[Bundle, ...]:
    """`bundles` without those of which a calibrated one among them was made."""
    origins = {one.origin.sha256 for one in stand_ins if one.is_of_it}
    return tuple(bundle for bundle in bundles if bundle.sha256 not in origins)
