"""What `hilum localise` shows on the terminal: under each label a row for each map."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from hilum.cli.terminal.say import one_line
from hilum.evaluation.localisation.judge import Localisation
from hilum.evaluation.localisation.tables import MEAN
from hilum.evaluation.predictions.estimate_text import estimate_text
from hilum.evaluation.report.table import counted

_MAP_CELLS = 22
_HIT = 0.1
"""The IoU of a hit that is shown; the report has all."""


def localisation_tables(figures: Localisation, *, titles: Mapping[str, str]) -> Group:
    """One table a threshold, with the pointing game, which needs none."""
    return Group(*(_table(figures, at=at, titles=titles) for at in figures.thresholds))


def _table(figures: Localisation, *, at: float, titles: Mapping[str, str]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        header_style="dim",
        title=f"boxes of maps at {at:g} of their positive maximum, fixed beforehand",
        title_justify="left",
        caption="less average: the IoU less that of the average box of other patients on the same images",
        caption_justify="left",
    )
    table.add_column("label, map", min_width=_MAP_CELLS)
    for column in ("IoU", "less average", f"IoU ≥ {_HIT:g}", "maximum in a box"):
        table.add_column(column, justify="right")
    for label, found in figures.labels.items():
        table.add_row(_heading(label, images=next(iter(found.values())).images))
        for method, one in found.items():
            there = one.at[at]
            table.add_row(
                titles[method],
                estimate_text(there.iou),
                estimate_text(there.gain, sign="+"),
                estimate_text(there.hits[_HIT]),
                estimate_text(one.pointing),
            )
    if len(figures.labels) > 1:
        table.add_row(Text(MEAN, style="bold"))
        for method, mean in figures.mean.items():
            gain = estimate_text(mean.gain.get(at), sign="+")
            table.add_row(titles[method], estimate_text(mean.iou[at]), gain, "", estimate_text(mean.pointing))
    return table


def _heading(label: str, *, images: int) -> Text:
    return Text(one_line(f"{label}: {counted(images, 'image')}"), style="bold")
