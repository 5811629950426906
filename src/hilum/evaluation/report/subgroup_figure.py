"""The subgroups as pictures: each group's AUROC beside the whole set's, and its gaps to the rest as a forest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hilum.evaluation.judging.judgement import GroupJudgement
from hilum.evaluation.judging.subgroup_tests import MEASURES, TITLES, SubgroupTest
from hilum.evaluation.report.style import BLUE, INK, QUIET, VERMILION, draw_estimate
from hilum.statistics.estimate import Estimate
from hilum.statistics.holm import is_significant

_ROW_INCHES, _GAP_ROW_INCHES = 0.24, 0.26


def subgroup_figure(whole: GroupJudgement, *, subgroups: Mapping[str, Mapping[str, GroupJudgement]]) -> Figure:
    """One line a group: the mean AUROC over the labels that have both outcomes there, with its 95% interval.

    Where there is one label it is that label's. Call it inside `styled`.
    """
    rows: list[tuple[str, GroupJudgement | None]] = [("all images", whole)]
    for column, groups in subgroups.items():
        rows.append((column, None))
        rows += [(f"   {name}", group) for name, group in groups.items()]
    figure = Figure(figsize=(7.2, 0.9 + _ROW_INCHES * len(rows)))
    axes = figure.add_subplot()
    for place, (_, group) in enumerate(rows):
        if group is None:
            continue
        _draw(axes, group.mean_auroc, place=place, colour=VERMILION if group is whole else BLUE)
        counts = f"{group.n:,} images, {len(group.in_mean) - len(group.left_out)}/{len(group.in_mean)} labels"
        axes.text(1.02, place, counts, va="center", fontsize=7.5, color=QUIET, transform=axes.get_yaxis_transform())
    if whole.mean_auroc is not None:
        axes.axvline(whole.mean_auroc.value, color=VERMILION, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axvline(0.5, color=QUIET, linewidth=0.8)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], color=INK)
    for label, (_, group) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if group is None else "normal")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(_lowest([group for _, group in rows if group is not None]), 1.01)
    axes.set_xlabel("AUROC" if len(whole.in_mean) == 1 else "mean AUROC")
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return figure


def _draw(axes: Axes, estimate: Estimate | None, *, place: int, colour: str) -> None:
    if estimate is None:
        axes.text(0.5, place, "  no label has both outcomes here", va="center", fontsize=7.5, color=QUIET)
        return
    draw_estimate(axes, estimate, at=place, colour=colour)


def _lowest(groups: Sequence[GroupJudgement]) -> float:
    """Where the axis begins: a little below one half, or below the lowest interval."""
    known = [group.mean_auroc for group in groups if group.mean_auroc is not None]
    lows = [each.value if each.interval is None else each.interval[0] for each in known]
    return max(0.0, min([0.48, *lows]) - 0.02)


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
    figure = Figure(figsize=(2.9 + 2.0 * len(measures), 1.0 + _GAP_ROW_INCHES * len(rows)))
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, measures, strict=True):
        by_row = {(one.column, one.group): one for one in shown if one.measure == measure}
        axes.axvline(0, color=QUIET, linewidth=0.9)
        for place, row in enumerate(rows):
            if row[1] is not None and (row[0], row[1]) in by_row:
                _draw_gap(axes, by_row[row[0], row[1]], place=place)
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


def _draw_gap(axes: Axes, test: SubgroupTest, *, place: int) -> None:
    if test.gap is None or test.gap.interval is None:
        axes.text(0, place, "  not tested", va="center", fontsize=7.5, color=QUIET)
        return
    found = is_significant(test.p_holm)
    colour, marker = (VERMILION, "s") if found else (BLUE, "o")
    draw_estimate(axes, test.gap, at=place, colour=colour, marker=marker, hollow=not found)
