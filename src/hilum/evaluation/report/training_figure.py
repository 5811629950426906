"""The training curves: loss and discrimination by epoch, a row of panels for each stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hilum.evaluation.report.style import CYCLE, QUIET
from hilum.evaluation.report.training_log import Series, TrainingLog

_LINES = ("-", "--", "-.", ":")


def training_figure(logs: Sequence[TrainingLog]) -> Figure:
    """One row a stage: the losses, and the AUROC of each part (the mean over labels where there are several).

    Call it inside `styled`. Stages without any such series show empty panels.
    """
    figure = Figure(figsize=(8.4, 2.9 * len(logs)))
    for row, log in enumerate(logs):
        loss = figure.add_subplot(len(logs), 2, 2 * row + 1)
        area = figure.add_subplot(len(logs), 2, 2 * row + 2)
        lead = f"{log.stage}: " if log.stage else ""
        _draw(loss, log.about("loss"), title=f"{lead}loss", y="loss")
        _draw(area, _mean_by_part(log.about("auroc", "mean_auroc")), title=f"{lead}AUROC", y="AUROC")
    return figure


def _draw(axes: Axes, series: Mapping[str, Series], *, title: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.set_ylabel(y)
    if not series:
        axes.text(0.5, 0.5, "not logged", ha="center", va="center", color=QUIET, transform=axes.transAxes)
        return
    for index, (name, points) in enumerate(series.items()):
        x, values = zip(*points, strict=True)
        axes.plot(
            np.add(x, 1),
            values,
            label=name.partition("/")[0],
            color=CYCLE[index % len(CYCLE)],
            linestyle=_LINES[index % len(_LINES)],
            marker="o",
            markersize=2.5,
        )
    axes.legend()
    axes.locator_params(axis="x", integer=True)


def _mean_by_part(series: Mapping[str, Series]) -> dict[str, Series]:
    """The mean over the labels of each part: the logged one, else at the epochs that all labels have."""
    logged = {name: points for name, points in series.items() if name.endswith("/mean_auroc")}
    by_part: dict[str, list[dict[float, float]]] = {}
    for name, points in (logged or series).items():
        by_part.setdefault(name.partition("/")[0], []).append(dict(points))
    means = {}
    for part, labels in by_part.items():
        epochs = sorted(set.intersection(*(set(label) for label in labels)))
        if epochs:
            means[part] = tuple((epoch, float(np.mean([label[epoch] for label in labels]))) for epoch in epochs)
    return means
