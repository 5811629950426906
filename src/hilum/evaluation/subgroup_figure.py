"""The subgroups as one picture: each group's AUROC with its interval, the whole set above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hilum.evaluation.figure_style import BLUE, INK, QUIET, VERMILION
from hilum.evaluation.judgement import GroupJudgement
from hilum.statistics.estimate import Estimate

_ROW_INCHES = 0.24


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
    if estimate.interval is not None:
        axes.hlines(place, *estimate.interval, color=colour, linewidth=1.4)
    axes.plot(estimate.value, place, marker="s", markersize=5, color=colour)


def _lowest(groups: Sequence[GroupJudgement]) -> float:
    """Where the axis begins: a little below one half, or below the lowest interval."""
    known = [group.mean_auroc for group in groups if group.mean_auroc is not None]
    lows = [each.value if each.interval is None else each.interval[0] for each in known]
    return max(0.0, min([0.48, *lows]) - 0.02)
