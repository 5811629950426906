"""What the study says against the findings that are decided: views in which they are not, and places of their maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hilum.bundle.label import ViewNotReliable
from hilum.evaluation.judging.earned_label import ViewAuroc, weak_views
from hilum.statistics.estimate import Estimate
from hilum.systems.chest_adult.recipe import VIEWS
from hilum.systems.chest_adult.sections import EARNED_KEY, INSIDE_KEY

LEAST_INSIDE = 0.25
"""Below this median share of its map inside the lungs, in either network, a finding of the lungs is named."""

FLATTERS = (
    "Sensitivity, specificity and calibration here are counted on the images that thresholds and calibrations were "
    "chosen on, so that they flatter, the more the fewer images have the finding; the AUROC does not."
)
"""The limit of a card whose figures are not cross-fitted, which those of versions before 1.2.0 are not."""

BEGINNINGS = ("Among images of view ", "Heatmaps of ", FLATTERS)
"""How the limits begin in whose place those of another study come."""

Sections = Mapping[str, Any]


def limits_of_study(sections: Sections) -> tuple[str, ...]:
    """One limit a view in which decided findings are not decided, and one of maps outside the lungs.

    `sections` are those of the study's `study.json`; of a finding that is never decided nothing is said.
    """
    weak = views_of_study(sections)
    found = []
    for view in VIEWS:
        named = [label for label, views in weak.items() if any(one.view == view for one in views)]
        if named:
            found.append(
                f"Among images of view {view} alone it is not shown that these are told from others, so that they are "
                f"not decided there: {', '.join(named)}. They are judged here without such images."
            )
    outside = [
        f"{label} (median share inside {', '.join(f'{share:.2f}' for share in shares)})"
        for label in weak
        if (shares := _medians(sections[INSIDE_KEY].get(label, {}))) and max(shares) < LEAST_INSIDE
    ]
    if outside:
        found.append(
            f"Heatmaps of {' and '.join(outside)} lie mostly outside the lungs, in the network of the whole picture "
            "and in that of the lungs: the score rests on what goes with the finding."
        )
    return tuple(found)


def views_of_study(sections: Sections) -> dict[str, tuple[ViewNotReliable, ...]]:
    """For every finding that is decided the views in which it is not, by the figures of the study's `study.json`."""
    earned = {label: one for label, one in sections[EARNED_KEY].items() if one["earned"]}
    return {label: views_not_reliable(aurocs_by_view(one)) for label, one in earned.items()}


def views_not_reliable(by_view: Mapping[str, ViewAuroc]) -> tuple[ViewNotReliable, ...]:
    """The views of the model's scope in which a label is not decided, as its card names them."""
    weak = weak_views(by_view, views=VIEWS)
    return tuple(ViewNotReliable(view=view, why=weak[view]) for view in VIEWS if view in weak)


def aurocs_by_view(earned: Mapping[str, Any]) -> dict[str, ViewAuroc]:
    """One label's AUROC in each view, from its part of the study's `study.json`."""
    return {view: _view_auroc(one) for view, one in earned["by_view"].items()}


def _view_auroc(found: Mapping[str, Any]) -> ViewAuroc:
    value, bounds = found.get("auroc"), found.get("auroc_ci")
    auroc = None if value is None else Estimate(value, None if bounds is None else (bounds[0], bounds[1]))
    return ViewAuroc(n=found["n"], positives=found["positives"], auroc=auroc)


def _medians(arms: Mapping[str, Any]) -> list[float]:
    return [one["median"] for one in arms.values() if one.get("median") is not None]
