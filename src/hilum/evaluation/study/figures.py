"""The figures of a study: ROC curves of every arm by class, and the differences beside the paper's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import cycle, islice
from math import lcm

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hilum.evaluation.comparing.many_models import LabelAurocs
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.judging.curve_bands import BAND_REPLICATES, BandedCurve, label_curves
from hilum.evaluation.report.figures import ReportFigure, written_figure
from hilum.evaluation.report.label_figures import CurveStyle, Pattern, draw_curve, unit_square
from hilum.evaluation.report.style import CYCLE, INK, QUIET, draw_estimate, grid_of_axes, set_title, styled
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.study import Arm, Study
from hilum.statistics.estimate import Estimate

_PATTERNS: tuple[Pattern, ...] = ("-", "--", ":", "-.")
_BAND_OPACITY = 0.12
_ROW_INCHES = 0.27
_PANELS_BESIDE = 3
_LINE = 0.085
"""The height of a line of text in a panel, as a share of it."""

_NAME_LETTERS = 24
"""The longest name of an arm that fits into a panel beside its number."""

_NUMBERS_FIT = 7
"""As many arms' numbers fit into a panel; those of more would lie on one another."""


def study_figures(
    study: Study, *, content: StudyContent, band_replicates: int = BAND_REPLICATES
) -> tuple[ReportFigure, ...]:
    """The figures with their words, as PNG and SVG; differences where a pair is compared."""
    printed = (
        " Hollow diamonds: the paper's printed differences, on another test set and without intervals."
        if study.published is not None and any(map(study.published.differences, study.close_pairs))
        else ""
    )
    with styled():
        roc = written_figure(
            "roc",
            roc_figure(study, content=content, replicates=band_replicates),
            title="ROC curves",
            caption="Bands: 95%, pointwise, bootstrap by patient. Numbers: AUROC of pooled out-of-fold scores.",
            words=f"ROC curves of {', '.join(study.close_titles.values())} for each class; areas stand in the table.",
            wide=True,
        )
        if not study.close_pairs:
            return (roc,)
        differences = written_figure(
            "differences",
            differences_figure(study, content=content),
            title="Differences of AUROC, ours and the paper's" if printed else "Differences of AUROC",
            caption=f"Squares: ours, with 95% intervals by patient.{printed}",
            words="Differences of AUROC by class with intervals; the same numbers stand in the table.",
            wide=True,
        )
    return roc, differences


def roc_figure(study: Study, *, content: StudyContent, replicates: int = BAND_REPLICATES) -> Figure:
    """One panel a class with every arm's curve, and a panel that names them; call it inside `styled`."""
    labels, styles = content.aurocs.labels, arm_styles(study)
    figure, axes = grid_of_axes(len(labels) + 1)
    for one, label in zip(axes, labels, strict=False):
        set_title(one, label.label)
        unit_square(one, x="1 − specificity", y="sensitivity")
        if label.undefined is not None:
            one.text(0.5, 0.5, f"no curve:\n{label.undefined}", ha="center", va="center", color=QUIET)
            continue
        _draw_curves(
            one,
            label,
            curves=_curves(content, label.label, arms=study.close_titles, replicates=replicates),
            styles=styles,
        )
    axes[-1].set_axis_off()
    only = labels[0] if len(labels) == 1 and labels[0].undefined is None else None
    many = only is not None and len(study.close_titles) > _NUMBERS_FIT
    lines = [
        Line2D(
            [],
            [],
            color=styles[arm].colour,
            linestyle=styles[arm].pattern,
            label=f"{only.auroc[arm].value:.3f}  {title}" if only is not None and many else title,
        )
        for arm, title in study.close_titles.items()
    ]
    axes[-1].legend(handles=lines, loc="center", fontsize=8 if many else 10)
    return figure


def differences_figure(study: Study, *, content: StudyContent) -> Figure:
    """One panel a pair, one line a class, the mean of several last; call it inside `styled`.

    All panels share one axis, symmetric about 0.
    """
    rows = [one for one in content.aurocs.labels if one.undefined is None]
    lines = [*(one.label for one in rows), *([] if content.aurocs.of_one_class else ["mean"])]
    wide = min(len(study.close_pairs), _PANELS_BESIDE)
    high = -(-len(study.close_pairs) // wide)
    figure = Figure(figsize=(3.6 * wide, high * (1.3 + _ROW_INCHES * len(lines))))
    reach = _reach(rows, study=study, content=content)
    for place, pair in enumerate(study.close_pairs):
        axes = figure.add_subplot(high, wide, place + 1)
        _draw_differences(axes, rows, pair=pair, study=study, content=content)
        axes.set_xlim(-reach, reach)
        set_title(axes, study.pair_title(pair), letters=34)
        axes.set_xlabel("difference of AUROC")
        axes.set_yticks(range(len(lines)), [""] * len(lines) if place % wide else lines, color=INK)
        axes.set_ylim(len(lines) - 0.4, -0.6)
    return figure


def arm_styles(study: Study) -> dict[str, CurveStyle]:
    """How each arm is drawn: as it says, else by the next colour and pattern that no arm asks for.

    No two look alike, as long as there are not more than there are pairs of a colour and a pattern.
    """
    free = _free_looks(study.shown)
    return {arm.name: _style(arm, free=free) for arm in study.shown}


def _style(arm: Arm, *, free: Iterator[tuple[str, Pattern]]) -> CurveStyle:
    colour, pattern = arm.colour, arm.pattern
    if colour is None or pattern is None:
        next_colour, next_pattern = next(free)
        colour, pattern = colour or next_colour, pattern or next_pattern
    return CurveStyle(colour=colour, pattern=pattern, band_opacity=_BAND_OPACITY, name=arm.title)


def _free_looks(arms: Sequence[Arm]) -> Iterator[tuple[str, Pattern]]:
    """Colours with patterns: first those of which no arm asks for either, then all other pairs, then again."""
    asked = {one for arm in arms for one in (arm.colour, arm.pattern)}
    colours = [colour for colour in CYCLE if colour not in asked] or list(CYCLE)
    patterns: list[Pattern] = [pattern for pattern in _PATTERNS if pattern not in asked] or list(_PATTERNS)
    first = islice(zip(cycle(colours), cycle(patterns), strict=False), lcm(len(colours), len(patterns)))
    others = (
        (colour, _PATTERNS[(place + turn) % len(_PATTERNS)])
        for turn in range(len(_PATTERNS))
        for place, colour in enumerate(CYCLE)
    )
    taken = {(arm.colour, arm.pattern) for arm in arms}
    return cycle([pair for pair in dict.fromkeys((*first, *others)) if pair not in taken])


def _curves(content: StudyContent, label: str, *, arms: Collection[str], replicates: int) -> dict[str, BandedCurve]:
    truth, scores = content.predictions.column(label)
    patient = content.predictions.first.patient
    return {arm: label_curves(truth, scores=scores[arm], patient=patient, replicates=replicates).roc for arm in arms}


def _draw_curves(
    axes: Axes, label: LabelAurocs, *, curves: Mapping[str, BandedCurve], styles: Mapping[str, CurveStyle]
) -> None:
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    line = min(_LINE, 0.6 / len(curves))
    short = all(len(styles[arm].name) <= _NAME_LETTERS for arm in curves)  # the panel beside them names long ones
    for place, (arm, curve) in enumerate(curves.items()):
        draw_curve(axes, curve, step=False, style=styles[arm])
        if len(curves) > _NUMBERS_FIT:
            continue
        height = 0.05 + line * (len(curves) - 1 - place)
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}
        name = f"{styles[arm].name} " if short else ""
        text = f"{name}{label.auroc[arm].value:.3f}"
        axes.text(0.98, height, text, ha="right", va="bottom", color=styles[arm].colour, fontsize=7.5, bbox=box)
    counts = f"{label.positives:,} of {label.n:,}"
    above = line * len(curves) if len(curves) <= _NUMBERS_FIT else 0.0
    axes.text(0.98, 0.055 + above, counts, ha="right", va="bottom", color=QUIET, fontsize=7.5)


def _draw_differences(
    axes: Axes, rows: Sequence[LabelAurocs], *, pair: Pair, study: Study, content: StudyContent
) -> None:
    axes.axvline(0.0, color=QUIET, linewidth=0.9)
    if not content.aurocs.of_one_class:
        axes.axhline(len(rows) - 0.5, color=QUIET, linewidth=0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    colour = arm_styles(study)[pair[0]].colour
    for place, estimate in enumerate(_found(rows, pair=pair, content=content)):
        draw_estimate(axes, estimate, at=place, colour=colour, size=4.5)
    for place, value in enumerate(_printed(rows, pair=pair, study=study, content=content)):
        if value is not None:
            axes.plot(value, place, marker="D", markersize=5, markerfacecolor="none", markeredgecolor=INK, zorder=4)


def _found(rows: Sequence[LabelAurocs], *, pair: Pair, content: StudyContent) -> list[Estimate]:
    """Our difference of each row, and of the mean where there are several classes."""
    mean = [] if content.aurocs.of_one_class else [content.aurocs.mean_difference[pair]]
    return [*(one.difference[pair] for one in rows), *mean]


def _printed(rows: Sequence[LabelAurocs], *, pair: Pair, study: Study, content: StudyContent) -> list[float | None]:
    """The paper's difference for each of ours; None where it prints none."""
    published = study.published
    if published is None:
        return []
    mean = [] if content.aurocs.of_one_class else [published.mean_difference(pair)]
    return [*(published.difference(one.label, pair) for one in rows), *mean]


def _reach(rows: Sequence[LabelAurocs], *, study: Study, content: StudyContent) -> float:
    """How far the axes go to either side of 0, the same for every pair: all that is drawn lies within."""
    ends = [0.05]
    for pair in study.close_pairs:
        for found in _found(rows, pair=pair, content=content):
            ends += [found.value, *(found.interval or ())]
        ends += [value for value in _printed(rows, pair=pair, study=study, content=content) if value is not None]
    return float(np.ceil(20 * max(map(abs, ends))) / 20)
