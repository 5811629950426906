"""What the study says against the findings that are decided, for the card: views in which, and places from which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hilum.systems.chest_adult.sections import EARNED_KEY, INSIDE_KEY

LEAST_INSIDE = 0.25
"""Below this median share of its map inside the lungs, in either network, a finding of the lungs is named."""

CHANCE = 0.5

Sections = Mapping[str, Any]


def limits_of_study(sections: Sections) -> tuple[str, ...]:
    """One limit a view in which decided findings are not shown to be told, and one of maps outside the lungs.

    `sections` are those of the study's `study.json`; of a finding that is not decided nothing is said.
    """
    earned = {label: one for label, one in sections[EARNED_KEY].items() if one["earned"]}
    views = sorted({view for one in earned.values() for view in one["by_view"]})
    found = [_of_view(view, earned=earned) for view in views]
    outside = [
        f"{label} (median share inside {', '.join(f'{share:.2f}' for share in shares)})"
        for label in earned
        if (shares := _medians(sections[INSIDE_KEY].get(label, {}))) and max(shares) < LEAST_INSIDE
    ]
    if outside:
        found.append(
            f"Heatmaps of {' and '.join(outside)} lie mostly outside the lungs, in the network of the whole picture "
            "and in that of the lungs: the score rests on what goes with the finding."
        )
    return tuple(filter(None, found))


def _of_view(view: str, *, earned: Sections) -> str:
    weak = [
        f"{label} ({_said(one['by_view'][view])})"
        for label, one in earned.items()
        if view in one["by_view"] and not _is_told(one["by_view"][view])
    ]
    if not weak:
        return ""
    return (
        f"Among images of view {view} alone it is not shown that these are told from others: {', '.join(weak)}. What "
        "is decided of them there rests on images of other views."
    )


def _said(of_view: Mapping[str, Any]) -> str:
    counts = f"{of_view['positives']} of {of_view['n']:,} images with it"
    return counts if of_view.get("auroc") is None else f"AUROC {of_view['auroc']:.2f}, {counts}"


def _is_told(of_view: Mapping[str, Any]) -> bool:
    interval = of_view.get("auroc_ci")
    return interval is not None and interval[0] > CHANCE


def _medians(arms: Mapping[str, Any]) -> list[float]:
    return [one["median"] for one in arms.values() if one.get("median") is not None]
