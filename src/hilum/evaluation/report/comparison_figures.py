"""The figures of a comparison: every model's curves laid over each other, and the differences with the margin."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hilum.evaluation.comparing.comparison import Comparison, Difference, LabelComparison, PairLabel
from hilum.evaluation.comparing.many_predictions import ManyPredictions, Pair
from hilum.evaluation.comparing.words import pair_name
from hilum.evaluation.judging.curve_bands import BAND_REPLICATES, LabelCurves, label_curves
from hilum.evaluation.predictions.estimate_text import estimate_text
from hilum.evaluation.report.figures import ReportFigure, written_figure
from hilum.evaluation.report.label_figures import CurveStyle, Pattern, draw_curve, unit_square
from hilum.evaluation.report.style import (
    BLUE,
    CYCLE,
    INK,
    QUIET,
    SKY,
    VERMILION,
    draw_estimate,
    grid_of_axes,
    set_title,
    styled,
)
from hilum.statistics.estimate import Estimate

_PATTERNS: tuple[Pattern, ...] = ("-", "--", ":", "-.")
_BAND_OPACITY = 0.12
_NAMED_INSIDE = 5
"""Up to so many models are named in each panel with their figure; more stand once below all panels."""
_ROW_INCHES = 0.27
_PANELS_BESIDE = 3
_NAME_LETTERS = 18


@dataclass(frozen=True, slots=True, eq=False)
class OverlaidPanel:
    """One label: its numbers, and each model's curves; none where an outcome is lacking."""

    label: LabelComparison
    curves: Mapping[str, LabelCurves]


def comparison_figures(
    comparison: Comparison, *, models: ManyPredictions, band_replicates: int = BAND_REPLICATES
) -> tuple[ReportFigure, ...]:
    """The figures with their words, as PNG and SVG; `models` are what was compared."""
    panels = overlaid_panels(comparison, models=models, replicates=band_replicates)
    wide = len(panels) > 1
    margin = "" if comparison.margin is None else f" Shaded: within the margin of {comparison.margin:g}."
    with styled():
        figures = [
            written_figure(
                "roc",
                roc_figure(panels, models=comparison.models),
                title="ROC curves",
                caption="Bands: 95%, pointwise, bootstrap by patient. Numbers: AUROC. Bands that overlap do not say "
                "that models are alike, since all judged the same images: the paired differences do.",
                words="ROC curve of each model on each label; the areas and their differences stand in the table.",
                wide=wide,
            ),
            written_figure(
                "precision_recall",
                precision_recall_figure(panels, models=comparison.models),
                title="Precision-recall curves",
                caption="Bands as above. Numbers: average precision. Thin dashes: the prevalence here.",
                words="Precision-recall curve of each model on each label.",
                wide=wide,
            ),
            written_figure(
                "differences",
                differences_figure(comparison, measures=("AUROC",)),
                title="Differences of AUROC",
                caption="Squares with 95% intervals by patient; right of 0 the model before the minus sign is better."
                f"{margin}",
                words="Differences of AUROC for each label and pair; the same numbers stand in the table.",
                wide=True,
            ),
        ]
        if comparison.points:
            figures.append(
                written_figure(
                    "decision_differences",
                    differences_figure(comparison, measures=("sensitivity", "specificity")),
                    title="Differences of sensitivity and specificity",
                    caption="At each model's own operating point. Squares: sensitivity; circles: specificity; 95% "
                    f"intervals by patient.{margin}",
                    words="Differences of sensitivity and specificity for each label and pair; the same numbers stand "
                    "in the table.",
                    wide=True,
                )
            )
    return tuple(figures)


def overlaid_panels(
    comparison: Comparison, *, models: ManyPredictions, replicates: int = BAND_REPLICATES
) -> tuple[OverlaidPanel, ...]:
    """Every label's curves, computed once for both figures; the bands draw the same patients for every model."""
    found = []
    for label in comparison.labels:
        truth, scores = models.column(label.label)
        curves = {
            name: label_curves(truth, scores=scores[name], patient=models.first.patient, replicates=replicates)
            for name in label.models
        }
        found.append(OverlaidPanel(label, curves))
    return tuple(found)


def roc_figure(panels: Sequence[OverlaidPanel], *, models: Sequence[str]) -> Figure:
    """One panel a label with a curve for each model; call it inside `styled`."""

    def draw(axes: Axes, panel: OverlaidPanel) -> None:
        unit_square(axes, x="1 − specificity", y="sensitivity")
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        for name, curves in panel.curves.items():
            found = panel.label.models[name].auroc
            draw_curve(axes, curves.roc, step=False, style=_style(name, models=models, value=found))

    return _panels(panels, models=models, draw=draw, legend="lower right", note=_difference_in_words)


def _difference_in_words(panel: OverlaidPanel) -> str | None:
    """Of two models alone the difference of AUROC with its interval and p-value; None of more."""
    if len(panel.curves) != 2 or len(panel.label.pairs) != 1:
        return None
    found = panel.label.pairs[0].auroc
    said = f"difference {estimate_text(found.estimate, sign='+')}"
    return said if found.p is None else f"{said}\np {'< 0.001' if found.p < 0.001 else f'= {found.p:.2g}'}"


def precision_recall_figure(panels: Sequence[OverlaidPanel], *, models: Sequence[str]) -> Figure:
    """One panel a label with a curve for each model over the prevalence; call it inside `styled`."""

    def draw(axes: Axes, panel: OverlaidPanel) -> None:
        unit_square(axes, x="recall (sensitivity)", y="precision (PPV)")
        for name, curves in panel.curves.items():
            axes.axhline(curves.prevalence, color=QUIET, linewidth=0.5, linestyle=(0, (4, 3)))
            found = panel.label.models[name].average_precision
            draw_curve(axes, curves.pr, step=True, style=_style(name, models=models, value=found))

    return _panels(panels, models=models, draw=draw, legend="best")


def differences_figure(comparison: Comparison, *, measures: Sequence[str]) -> Figure:
    """One panel a pair, one line a label, of AUROC the mean last; call it inside `styled`.

    All panels share one axis, symmetric about 0, with the margin shaded where one was stated.
    """
    rows = [label for label in comparison.labels if label.pairs]
    names = [label.label for label in rows]
    mean = measures == ("AUROC",) and len(comparison.averaged) > 1
    wide = min(len(comparison.pairs), _PANELS_BESIDE)
    high = -(-len(comparison.pairs) // wide)
    count = len(names) + mean
    figure = Figure(figsize=(2.6 + 3.1 * wide, high * (1.2 + _ROW_INCHES * len(measures) * count)))
    reach = _reach(comparison, measures=measures)
    for place, pair in enumerate(comparison.pairs):
        axes = figure.add_subplot(high, wide, place + 1)
        _draw_ground(axes, margin=comparison.margin, reach=reach)
        axes.set_title(_short_pair(pair))
        axes.set_xlabel(f"difference of {' and '.join(measures)}")
        for row, label in enumerate(rows):
            _draw_pair(axes, label.pairs[place], row=row, measures=measures)
        if mean:
            axes.axhline(len(rows) - 0.5, color=QUIET, linewidth=0.6)
            _draw_difference(axes, comparison.mean_pairs[place].auroc, at=len(rows), marker="s", colour=BLUE)
        shown = [*names, *([f"mean of {len(comparison.averaged)}"] if mean else [])]
        axes.set_yticks(range(count), [] if place % wide else [_short(name) for name in shown], color=INK)
        axes.set_ylim(count - 0.4, -0.6)
    return figure


def _panels(
    panels: Sequence[OverlaidPanel],
    *,
    models: Sequence[str],
    draw: Callable[[Axes, OverlaidPanel], None],
    legend: Literal["best", "lower right"],
    note: Callable[[OverlaidPanel], str | None] = lambda _: None,
) -> Figure:
    inside = len(models) <= _NAMED_INSIDE
    figure, axes = grid_of_axes(len(panels))
    for one, panel in zip(axes, panels, strict=True):
        set_title(one, panel.label.label)
        draw(one, panel)
        if not panel.curves:
            one.text(0.5, 0.5, f"no curve:\n{panel.label.undefined}", ha="center", va="center", color=QUIET)
        elif inside:
            one.legend(
                loc=legend,
                fontsize=8.5 if len(panels) == 1 else 7,
                title=note(panel),
                title_fontsize=8 if len(panels) == 1 else 6.5,
                alignment="left",
                handlelength=2.2,
                borderaxespad=0.2,
                labelspacing=0.25,
                frameon=True,
                framealpha=0.8,
                edgecolor="none",
            )
    if not inside:
        lines = []
        for name in models:
            style = _style(name, models=models, value=None)
            lines.append(Line2D([], [], color=style.colour, linestyle=style.pattern, label=_short(name)))
        figure.legend(handles=lines, loc="outside lower center", ncols=min(len(models), 4), fontsize=8)
    return figure


def _style(name: str, *, models: Sequence[str], value: Estimate | None) -> CurveStyle:
    place = models.index(name)
    return CurveStyle(
        colour=CYCLE[place % len(CYCLE)],
        pattern=_PATTERNS[place % len(_PATTERNS)],
        band_opacity=_BAND_OPACITY,
        name=_short(name) if value is None else f"{_short(name)} {value.value:.3f}",
    )


def _draw_ground(axes: Axes, *, margin: float | None, reach: float) -> None:
    if margin is not None:
        axes.axvspan(-margin, margin, color=SKY, alpha=0.18, linewidth=0)
        axes.axvline(-margin, color=VERMILION, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.axvline(0.0, color=QUIET, linewidth=0.9)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(-reach, reach)
    axes.locator_params(axis="x", nbins=5)


def _draw_pair(axes: Axes, one: PairLabel, *, row: int, measures: Sequence[str]) -> None:
    drawn: dict[str, tuple[Difference | None, str, str]] = {
        "AUROC": (one.auroc, "s", BLUE),
        "sensitivity": (one.sensitivity, "s", BLUE),
        "specificity": (one.specificity, "o", VERMILION),
    }
    apart = 0.32 * (len(measures) - 1)
    for place, measure in enumerate(measures):
        found, marker, colour = drawn[measure]
        at = row - apart / 2 + (apart / (len(measures) - 1) * place if apart else 0.0)
        if found is not None:
            _draw_difference(axes, found, at=at, marker=marker, colour=colour)


def _draw_difference(axes: Axes, difference: Difference, *, at: float, marker: str, colour: str) -> None:
    found = difference.estimate  # without an interval the point alone shows nothing
    draw_estimate(axes, found, at=at, colour=colour, marker=marker, size=4.5, hollow=found.interval is None)


def _reach(comparison: Comparison, *, measures: Sequence[str]) -> float:
    """How far the axes go to either side of 0, the same for every pair."""
    ends = [0.01, 1.15 * (comparison.margin or 0.0)]
    shown: list[Difference | None] = []
    for label in comparison.labels:
        for one in label.pairs:
            shown += [one.auroc] if measures == ("AUROC",) else [one.sensitivity, one.specificity]
    for found in shown:
        if found is not None:
            ends += [abs(bound) for bound in (found.estimate.value, *(found.estimate.interval or ()))]
    return min(1.0, float(np.ceil(102 * max(ends)) / 100))


def _short_pair(pair: Pair) -> str:
    return pair_name((_short(pair[0]), _short(pair[1])))


def _short(name: str) -> str:
    return textwrap.shorten(name, _NAME_LETTERS, placeholder="…") if " " in name else _cut(name)


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
