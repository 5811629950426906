"""What a fit of calibration and operating points gave, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table

from hilum.bundle.label import Label
from hilum.cli.terminal.say import say
from hilum.evaluation.calibrating.fit_label import FittedLabel
from hilum.evaluation.predictions.estimate_text import interval_text
from hilum.statistics.estimate import Estimate, Interval

_SAID_EVERY = 1000


def fitted_table(labels: Sequence[FittedLabel]) -> Table:
    """One row a fitted label; what it reaches is of patients whom the fit did not know."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for column in ("finding", "n (positive)", "AUROC", "positive from", "sensitivity", "specificity"):
        table.add_column(column, overflow="fold")
    for one in labels:
        if one.unfitted is None and one.label.fit is not None and one.label.results:
            table.add_row(*_row(one.label))
    return table


def _row(label: Label) -> tuple[str, ...]:
    result, fit = label.results[0], label.fit
    return (
        label.name,
        f"{result.n:,} ({result.positives:,})",
        _with_interval(result.auroc, result.auroc_ci),
        _with_interval(label.operating_point or 0.0, None if fit is None else fit.operating_point_ci),
        _with_interval(result.sensitivity, result.sensitivity_ci),
        _with_interval(result.specificity, result.specificity_ci),
    )


def _with_interval(value: float, interval: Interval | None) -> str:
    return interval_text(Estimate(value, interval), unknown="")


def say_not_fitted(labels: Iterable[FittedLabel]) -> None:
    """One line for each reason why labels were not fitted."""
    unfitted: dict[str, list[str]] = {}
    for one in labels:
        if one.unfitted is not None:
            unfitted.setdefault(one.unfitted, []).append(one.label.name)
    for why, names in unfitted.items():
        say(f"not fitted: {', '.join(dict.fromkeys(names))}: {why}")


def say_images_read(done: int, count: int) -> None:
    """A line at the beginning, at the end, and every thousand images."""
    if done in (0, count) or done % _SAID_EVERY == 0:
        say(f"read {done:,} of {count:,} images")
