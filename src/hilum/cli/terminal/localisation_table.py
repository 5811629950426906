"""What `hilum localise` shows on the terminal: a row for each label and map."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Group
from rich.table import Table

from hilum.evaluation.localisation.judge import Localisation
from hilum.evaluation.localisation.tables import MEAN
from hilum.evaluation.predictions.estimate_text import estimate_text

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
    table.add_column("label")
    table.add_column("map")
    for column in ("images", "IoU", "less average", f"IoU ≥ {_HIT:g}", "maximum in a box"):
        table.add_column(column, justify="right")
    for label, found in figures.labels.items():
        for method, one in found.items():
            there = one.at[at]
            table.add_row(
                label,
                titles[method],
                f"{one.images:,}",
                estimate_text(there.iou),
                estimate_text(there.gain, sign="+"),
                estimate_text(there.hits[_HIT]),
                estimate_text(one.pointing),
            )
    if len(figures.labels) > 1:
        for method, mean in figures.mean.items():
            gain = estimate_text(mean.gain.get(at), sign="+")
            table.add_row(MEAN, titles[method], "", estimate_text(mean.iou[at]), gain, "", estimate_text(mean.pointing))
    return table
