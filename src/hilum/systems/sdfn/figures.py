"""The figures of the SDFN study: ROC curves of the three networks by class, and the differences beside the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hilum.evaluation.comparing.many_models import LabelAurocs, ModelAurocs
from hilum.evaluation.judging.curve_bands import BAND_REPLICATES, GRID, BandedCurve, label_curves
from hilum.evaluation.report.figures import ReportFigure, written_figure
from hilum.evaluation.report.label_figures import unit_square
from hilum.evaluation.report.style import (
    BLUE,
    GREEN,
    INK,
    QUIET,
    VERMILION,
    grid_of_axes,
    styled,
)
from hilum.systems.sdfn.paper import MEANS, TABLE_1, paper_difference
from hilum.systems.sdfn.predictions import NETWORKS, PAIRS, TITLES, Network, Pair, SdfnPredictions
from hilum.systems.sdfn.study import SdfnStudy
from hilum.systems.sdfn.tables import pair_title

COLOURS: dict[Network, str] = {"whole": BLUE, "lung": GREEN, "sdfn": VERMILION}
PATTERNS: dict[Network, Literal["-", "--", ":"]] = {"whole": "--", "lung": ":", "sdfn": "-"}
"""A line's pattern says what its colour says."""

_BAND_OPACITY = 0.12
_ROW_INCHES = 0.27


@dataclass(frozen=True, slots=True, eq=False)
class RocPanel:
    """One class: its numbers, and the banded ROC curve of each network; no curve where an outcome is lacking."""

    aurocs: LabelAurocs
    curves: Mapping[Network, BandedCurve]


def sdfn_figures(study: SdfnStudy, *, band_replicates: int = BAND_REPLICATES) -> tuple[ReportFigure, ...]:
    """Both figures, with their words, as PNG and SVG."""
    panels = roc_panels(study.predictions, aurocs=study.aurocs, replicates=band_replicates)
    with styled():
        return (
            written_figure(
                "roc",
                roc_figure(panels),
                title="ROC curves",
                caption="Bands: 95%, pointwise, bootstrap by patient. Numbers: AUROC of pooled out-of-fold scores.",
                words="ROC curves of the whole image, the lung crop and SDFN for each class; the areas stand in the "
                "table.",
                wide=True,
            ),
            written_figure(
                "differences",
                differences_figure(study.aurocs),
                title="Differences of AUROC, ours and the paper's",
                caption="Squares: ours, with 95% intervals by patient. Hollow diamonds: the paper's printed "
                "differences, on another test set and without intervals.",
                words="Differences of AUROC by class with intervals; the same numbers stand in the table.",
                wide=True,
            ),
        )


def roc_panels(
    predictions: SdfnPredictions, *, aurocs: ModelAurocs, replicates: int = BAND_REPLICATES
) -> tuple[RocPanel, ...]:
    """What the ROC figure shows of each class."""
    return tuple(
        RocPanel(one, {} if one.undefined else _curves(predictions, one.label, replicates)) for one in aurocs.labels
    )


def roc_figure(panels: Sequence[RocPanel]) -> Figure:
    """One panel a class with three curves, and a panel that names them; call it inside `styled`."""
    figure, axes = grid_of_axes(len(panels) + 1)
    for one, panel in zip(axes, panels, strict=False):
        _draw_panel(one, panel)
    _draw_legend(axes[-1])
    return figure


def differences_figure(aurocs: ModelAurocs) -> Figure:
    """One panel a pair, one line a class, the mean last; call it inside `styled`."""
    rows = [one for one in aurocs.labels if one.undefined is None]
    figure = Figure(figsize=(10.8, 1.3 + _ROW_INCHES * (len(rows) + 1)))
    axes: list[Axes] = list(figure.subplots(1, len(PAIRS), sharey=True))
    reach = _reach(rows)
    for one, pair in zip(axes, PAIRS, strict=True):
        _draw_differences(one, rows, pair=pair, aurocs=aurocs)
        one.set_xlim(-reach, reach)
        one.set_title(pair_title(pair))
        one.set_xlabel("difference of AUROC")
    axes[0].set_yticks(range(len(rows) + 1), [*(one.label for one in rows), "mean"], color=INK)
    axes[0].set_ylim(len(rows) + 0.6, -0.6)
    return figure


def _curves(predictions: SdfnPredictions, label: str, replicates: int) -> dict[Network, BandedCurve]:
    truth, scores = predictions.column(label)
    patient = predictions.whole.patient
    return {
        network: label_curves(truth, scores=scores[network], patient=patient, replicates=replicates).roc
        for network in NETWORKS
    }


def _draw_panel(axes: Axes, panel: RocPanel) -> None:
    one = panel.aurocs
    axes.set_title(one.label)
    unit_square(axes, x="1 − specificity", y="sensitivity")
    if not panel.curves:
        axes.text(0.5, 0.5, f"no curve:\n{one.undefined}", ha="center", va="center", color=QUIET)
        return
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, network in enumerate(NETWORKS):
        curve, colour = panel.curves[network], COLOURS[network]
        axes.fill_between(GRID, curve.low, curve.high, color=colour, alpha=_BAND_OPACITY, linewidth=0)
        axes.plot(curve.x, curve.y, color=colour, linewidth=1.3, linestyle=PATTERNS[network])
        height = 0.05 + 0.085 * (len(NETWORKS) - 1 - place)
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}
        text = f"{TITLES[network]} {one.auroc[network].value:.3f}"
        axes.text(0.98, height, text, ha="right", va="bottom", color=colour, fontsize=7.5, bbox=box)
    axes.text(0.98, 0.31, f"{one.positives:,} of {one.n:,}", ha="right", va="bottom", color=QUIET, fontsize=7.5)


def _draw_legend(axes: Axes) -> None:
    axes.set_axis_off()
    lines = [Line2D([], [], color=COLOURS[one], linestyle=PATTERNS[one], label=TITLES[one]) for one in NETWORKS]
    axes.legend(handles=lines, loc="center", fontsize=10)


def _draw_differences(axes: Axes, rows: Sequence[LabelAurocs], *, pair: Pair, aurocs: ModelAurocs) -> None:
    axes.axvline(0.0, color=QUIET, linewidth=0.9)
    axes.axhline(len(rows) - 0.5, color=QUIET, linewidth=0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    estimates = [*(one.difference[pair] for one in rows), aurocs.mean_difference[pair]]
    for place, found in enumerate(estimates):
        colour = COLOURS[pair[0]]
        if found.interval is not None:
            axes.hlines(place, *found.interval, color=colour, linewidth=1.4)
        axes.plot(found.value, place, marker="s", markersize=4.5, color=colour)
    printed = {
        place: paper_difference(one.label, first=pair[0], second=pair[1])
        for place, one in enumerate(rows)
        if one.label in TABLE_1
    }
    printed[len(rows)] = MEANS.of(pair[0]) - MEANS.of(pair[1])
    for place, value in printed.items():
        axes.plot(value, place, marker="D", markersize=5, markerfacecolor="none", markeredgecolor=INK, zorder=4)


def _reach(rows: Sequence[LabelAurocs]) -> float:
    """How far the axes go to either side of 0, the same for every pair."""
    ends = [
        abs(bound)
        for one in rows
        for found in one.difference.values()
        for bound in (found.value, *(found.interval or ()))
    ]
    return float(np.ceil(20 * max([0.05, *ends])) / 20)
