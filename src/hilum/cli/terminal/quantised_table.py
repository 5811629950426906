"""How a network in 8 bits did beside itself in float32, on the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table

from hilum.bundle.quantised import QuantisedLabel
from hilum.evaluation.quantising.compare_forms import auroc_loss
from hilum.evaluation.quantising.quantise import Way


def quantised_table(way: Way) -> Table:
    """One row a label: before in float32, then in 8 bits."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        header_style="dim",
        title=f"overflow_fix={way.overflow_fix}: float32, then int8",
        title_justify="left",
    )
    for column in ("finding", "n (positive)", "AUROC", "loss", "flagged", "sensitivity", "specificity", "differ"):
        table.add_column(column, overflow="fold")
    for label in () if way.forms is None else way.forms.labels:
        table.add_row(*_row(label))
    return table


def _row(label: QuantisedLabel) -> tuple[str, ...]:
    loss = auroc_loss(label)
    return (
        label.name,
        f"{label.n:,} ({label.positives:,})",
        _pair(label.auroc_before, label.auroc_after, digits=4),
        "–" if loss is None else f"{loss:+.4f}",
        _pair(label.flagged_before, label.flagged_after),
        _pair(label.sensitivity_before, label.sensitivity_after),
        _pair(label.specificity_before, label.specificity_after),
        "–" if label.decided_otherwise is None else f"{label.decided_otherwise:,}",
    )


def _pair(before: float | None, after: float | None, *, digits: int = 3) -> str:
    if before is None or after is None:
        return "–"
    return f"{before:.{digits}f} {after:.{digits}f}"


def lines_of_way(way: Way) -> list[str]:
    """What else must be known of a way: how alike its heatmaps are, and why it may not be."""
    said = []
    maps = None if way.forms is None else way.forms.maps
    if maps is not None:
        said.append(
            f"heatmaps: {maps.maps:,} compared, median correlation {maps.median_correlation:.3f}, boxes unlike "
            f"{100 * maps.unlike_boxes:.1f}%"
        )
    said += [f"refused: {reason}" for reason in way.refused] or ["accepted"]
    return said
