"""The figures with one panel a label: ROC, precision-recall, reliability and confusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hilum.evaluation.judging.curve_bands import GRID, BandedCurve, LabelCurves
from hilum.evaluation.judging.reliability import ReliabilityBin
from hilum.evaluation.predictions.estimate_text import estimate_text
from hilum.evaluation.report.style import BAND_OPACITY, BLUE, INK, ORANGE, QUIET, VERMILION, grid_of_axes, set_title
from hilum.statistics.calibration_curve import CalibrationCurve
from hilum.statistics.confusion import Confusion
from hilum.statistics.estimate import Estimate
from hilum.statistics.net_benefit import DecisionCurve
from hilum.statistics.outcomes import UndefinedMetric

Pattern = Literal["-", "--", ":", "-."]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelPanel:
    """What the panels of one label show; `curves` is None where it lacks an outcome, `confusion` without a threshold.

    `point` is where the operating point lies on both curves: (false positive rate, sensitivity) and (recall,
    precision), or None.
    """

    label: str
    n: int
    positives: int
    auroc: Estimate | None
    average_precision: Estimate | None
    ece: float | None
    smooth: CalibrationCurve | UndefinedMetric | None
    curves: LabelCurves | None
    bins: tuple[ReliabilityBin, ...]
    confusion: Confusion | None

    @property
    def roc_point(self) -> tuple[float, float] | None:
        """False positive rate and sensitivity at the operating point."""
        table = self.confusion
        if table is None or not table.positives or not table.negatives:
            return None
        return table.false_positives / table.negatives, table.true_positives / table.positives

    @property
    def pr_point(self) -> tuple[float, float] | None:
        """Recall and precision at the operating point; None where nothing is called positive."""
        table = self.confusion
        called = 0 if table is None else table.true_positives + table.false_positives
        if table is None or not table.positives or not called:
            return None
        return table.true_positives / table.positives, table.true_positives / called


def roc_figure(panels: Sequence[LabelPanel]) -> Figure:
    """Sensitivity against the false positive rate, with 95% bands and the operating points."""
    return _panels(panels, _draw_roc)


def precision_recall_figure(panels: Sequence[LabelPanel]) -> Figure:
    """Precision against recall, with 95% bands, the prevalence and the operating points."""
    return _panels(panels, _draw_pr)


def reliability_figure(panels: Sequence[LabelPanel]) -> Figure:
    """How often a label is there against the mean probability of each bin, over the share of images in each bin."""
    return _panels(panels, _draw_reliability)


def confusion_figure(panels: Sequence[LabelPanel]) -> Figure:
    """Counts of truth against decision, each row shaded by its share."""
    return _panels(panels, _draw_confusion, side_inches=2.3, letters=20)


def _panels(
    panels: Sequence[LabelPanel],
    draw: Callable[[Axes, LabelPanel], None],
    *,
    side_inches: float = 2.7,
    letters: int = 26,
) -> Figure:
    figure, axes = grid_of_axes(len(panels), side_inches=side_inches)
    for one, panel in zip(axes, panels, strict=True):
        set_title(one, panel.label, letters=letters)
        draw(one, panel)
    return figure


def _draw_roc(axes: Axes, panel: LabelPanel) -> None:
    unit_square(axes, x="1 − specificity", y="sensitivity")
    if panel.curves is None:
        _nothing(axes, panel)
        return
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    draw_curve(axes, panel.curves.roc, step=False)
    _draw_point(axes, panel.roc_point)
    _note(axes, f"AUROC {_with_interval(panel.auroc)}", x=0.97, y=0.05)


def _draw_pr(axes: Axes, panel: LabelPanel) -> None:
    unit_square(axes, x="recall (sensitivity)", y="precision (PPV)")
    if panel.curves is None:
        _nothing(axes, panel)
        return
    axes.axhline(panel.curves.prevalence, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    draw_curve(axes, panel.curves.pr, step=True)
    _draw_point(axes, panel.pr_point)
    low = panel.curves.prevalence < 0.5
    _note(axes, f"AP {_with_interval(panel.average_precision)}", x=0.97, y=0.95 if low else 0.05, below=low)


def _draw_reliability(axes: Axes, panel: LabelPanel) -> None:
    unit_square(axes, x="stated probability", y="share of positives")
    if not panel.bins:
        _nothing(axes, panel)
        return
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    width = panel.bins[0].stop - panel.bins[0].start
    for each in panel.bins:
        axes.bar(each.start, each.n / panel.n, width=width, align="edge", color=BLUE, alpha=0.15, linewidth=0)
    x = np.array([each.probability for each in panel.bins])
    y = np.array([each.observed.value for each in panel.bins])
    low, high = np.array([each.observed.interval or (np.nan, np.nan) for each in panel.bins]).T
    reach = np.clip([y - low, high - y], 0, None)
    axes.errorbar(
        x, y, yerr=reach, color=INK, marker="o", markersize=3.5, capsize=2, elinewidth=0.8, linestyle="none", zorder=4
    )
    if isinstance(panel.smooth, CalibrationCurve):
        curve = panel.smooth
        axes.fill_between(curve.probability, curve.low, curve.high, color=BLUE, alpha=BAND_OPACITY, linewidth=0)
        axes.plot(curve.probability, curve.observed, color=BLUE)
    if panel.ece is not None:
        _note(axes, f"ECE {panel.ece:.3f}", x=0.03, y=0.95, below=True, right=False)


def _draw_confusion(axes: Axes, panel: LabelPanel) -> None:
    axes.grid(visible=False)
    table = panel.confusion
    if table is None:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no operating point", ha="center", va="center", color=QUIET)
        return
    counts = np.array(
        [[table.true_positives, table.false_negatives], [table.false_positives, table.true_negatives]], np.float64
    )
    whole = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.25, aspect="equal")
    for row in (0, 1):
        for column in (0, 1):
            share = f"{shares[row, column]:.1%}" if whole[row, 0] else "–"
            colour = "white" if shares[row, column] > 0.85 else INK
            axes.text(
                column, row, f"{counts[row, column]:,.0f}\n{share}", ha="center", va="center", color=colour, fontsize=9
            )
    axes.set_xticks([0, 1], ["called\npositive", "called\nnegative"])
    axes.set_yticks([0, 1], ["positive", "negative"], rotation=90, va="center")
    axes.set_ylabel("truth")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


@dataclass(frozen=True, slots=True)
class CurveStyle:
    """How a curve is drawn: its colour says what its pattern says; `name` stands in a legend, where there is one."""

    colour: str = BLUE
    pattern: Pattern = "-"
    band_opacity: float = BAND_OPACITY
    name: str = ""


_ALONE = CurveStyle()


def draw_curve(axes: Axes, curve: BandedCurve, *, step: bool, style: CurveStyle = _ALONE) -> None:
    """A curve over its band; `step` draws one in which the value of a cut holds for every x up to its own."""
    axes.fill_between(
        GRID,
        curve.low,
        curve.high,
        color=style.colour,
        alpha=style.band_opacity,
        linewidth=0,
        step="pre" if step else None,
    )
    x, y = curve.x, curve.y
    if step:  # precision of a cut holds for every recall up to its own
        x, y = np.concatenate([[0.0], x]), np.concatenate([y[:1], y])
    drawn = axes.step(x, y, where="pre", color=style.colour) if step else axes.plot(x, y, color=style.colour)
    drawn[0].set_linestyle(style.pattern)
    if style.name:
        drawn[0].set_label(style.name)


def _draw_point(axes: Axes, point: tuple[float, float] | None) -> None:
    if point is not None:
        axes.plot(
            *point, marker="D", markersize=6, color=VERMILION, markeredgecolor="white", markeredgewidth=0.8, zorder=5
        )


def unit_square(axes: Axes, *, x: str, y: str) -> None:
    """Both axes from 0 to 1, square, with their names."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _nothing(axes: Axes, panel: LabelPanel) -> None:
    axes.text(
        0.5,
        0.5,
        f"no curve:\n{panel.positives:,} positive\nof {panel.n:,}",
        ha="center",
        va="center",
        color=QUIET,
        transform=axes.transAxes,
    )


def _note(axes: Axes, text: str, *, x: float, y: float, below: bool = False, right: bool = True) -> None:
    axes.text(
        x,
        y,
        text,
        ha="right" if right else "left",
        va="top" if below else "bottom",
        transform=axes.transAxes,
        fontsize=8,
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5},
    )


def _with_interval(estimate: Estimate | None) -> str:
    return estimate_text(estimate).replace(" [", "\n[", 1)


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
        set_title(one, panel.label)
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
