"""The gaps of one label's subgroups as a forest: one line a group, one panel a measure, 0 where it is as the rest."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hilum.evaluation.figure_style import BLUE, INK, QUIET, VERMILION
from hilum.evaluation.subgroup_tests import MEASURES, TITLES, SubgroupTest

LEVEL = 0.05
_ROW_INCHES = 0.26


def subgroup_gap_figure(tests: Sequence[SubgroupTest]) -> Figure:
    """Gaps of one label's groups, group minus rest, with their intervals; crossed groups stand in the table alone.

    A gap that stays after Holm's correction is a filled square in vermilion, another a ring. Call it inside `styled`.
    """
    shown = [one for one in tests if not one.is_crossed]
    names = list(dict.fromkeys((one.column, one.group) for one in shown))
    measures = [measure for measure in MEASURES if any(one.measure == measure for one in shown)]
    rows: list[tuple[str, str | None]] = []
    for column in dict.fromkeys(column for column, _ in names):
        rows += [(column, None), *((column, group) for of, group in names if of == column)]
    figure = Figure(figsize=(2.9 + 2.0 * len(measures), 1.0 + _ROW_INCHES * len(rows)))
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, measures, strict=True):
        by_row = {(one.column, one.group): one for one in shown if one.measure == measure}
        axes.axvline(0, color=QUIET, linewidth=0.9)
        for place, row in enumerate(rows):
            if row[1] is not None and (row[0], row[1]) in by_row:
                _draw(axes, by_row[row[0], row[1]], place=place)
        axes.set_title(TITLES[measure])
        axes.set_xlabel("group − rest")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.margins(x=0.12)
    first = panels[0]
    first.set_yticks(
        range(len(rows)), [column if group is None else f"   {group}" for column, group in rows], color=INK
    )
    for label, (_, group) in zip(first.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if group is None else "normal")
    first.set_ylim(len(rows) - 0.4, -0.6)
    return figure


def _draw(axes: Axes, test: SubgroupTest, *, place: int) -> None:
    if test.gap is None or test.gap.interval is None:
        axes.text(0, place, "  not tested", va="center", fontsize=7.5, color=QUIET)
        return
    found = test.p_holm is not None and test.p_holm < LEVEL
    colour = VERMILION if found else BLUE
    axes.hlines(place, *test.gap.interval, color=colour, linewidth=1.4)
    axes.plot(
        test.gap.value, place, marker="s" if found else "o", markersize=5, color=colour,
        markerfacecolor=colour if found else "white",
    )  # fmt: skip
