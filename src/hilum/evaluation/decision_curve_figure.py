"""Decision curves: net benefit over threshold probabilities, beside calling everyone and calling no one."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hilum.evaluation.figure_style import BAND_OPACITY, BLUE, INK, ORANGE, QUIET, VERMILION, grid_of_axes
from hilum.evaluation.label_figures import TITLE_LETTERS
from hilum.statistics.net_benefit import DecisionCurve


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecisionPanel:
    """One label's curve, None where it lacks an outcome; `point` is (threshold, net benefit) at the operating point."""

    label: str
    curve: DecisionCurve | None
    point: tuple[float, float] | None


def decision_curve_figure(panels: Sequence[DecisionPanel]) -> Figure:
    """One panel a label; call it inside `styled`."""
    figure, axes = grid_of_axes(len(panels))
    for one, panel in zip(axes, panels, strict=True):
        one.set_title(textwrap.shorten(panel.label, TITLE_LETTERS, placeholder="…"))
        _draw(one, panel)
    named = {
        str(label): handle for each in axes for handle, label in zip(*each.get_legend_handles_labels(), strict=True)
    }
    if named:
        columns = 2 if len(panels) == 1 else 4
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=columns, handlelength=1.8)
    return figure


def _draw(axes: Axes, panel: DecisionPanel) -> None:
    axes.set_xlim(0, 1)
    axes.set_xlabel("threshold probability")
    axes.set_ylabel("net benefit")
    curve = panel.curve
    if curve is None:
        axes.text(0.5, 0.5, "no curve: an outcome is lacking", ha="center", va="center", color=QUIET)
        return
    top = float(np.nanmax(np.concatenate([curve.model_high, curve.everyone_high[:1]])))
    # calling everyone falls without end: what lies far below calling no one is not shown
    axes.set_ylim(-0.3 * top, 1.1 * top)
    axes.axhline(0, color=QUIET, linewidth=1.0, label="call no one")
    axes.plot(curve.thresholds, curve.everyone, color=ORANGE, linestyle=(0, (4, 2)), label="call everyone")
    axes.fill_between(
        curve.thresholds, curve.everyone_low, curve.everyone_high, color=ORANGE, alpha=BAND_OPACITY, linewidth=0
    )
    axes.plot(curve.thresholds, curve.model, color=BLUE, label="model")
    axes.fill_between(curve.thresholds, curve.model_low, curve.model_high, color=BLUE, alpha=BAND_OPACITY, linewidth=0)
    if panel.point is not None:
        axes.plot(
            *panel.point, marker="D", markersize=6, color=VERMILION, markeredgecolor="white", markeredgewidth=0.8,
            linestyle="none", label="operating point", zorder=5,
        )  # fmt: skip
    axes.tick_params(labelcolor=INK)
