"""The curves of the pneumonia study: loss and accuracy of every fold, at every validation within its epochs."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hilum.errors import DataError
from hilum.evaluation.report.figures import ReportFigure, written_figure
from hilum.evaluation.report.style import BLUE, VERMILION, styled
from hilum.systems.pneumonia.paper_recipe import VALIDATION
from hilum.training.loop.trainer import LOG_FOLDER
from hilum.training.loop.validations import TRAINING_LOSS, UPDATE, VALIDATIONS_NAME
from hilum.training.recipe.recipe import TRAIN

Rows = Sequence[Mapping[str, float]]
"""What one training logged, a row a validation."""

_STYLES = {"training": (BLUE, "--"), "validation": (VERMILION, "-")}
_LEAST_SPAN = 0.05
"""Of an axis: below it, differences of an image or two would fill the panel."""

LOSS, ACCURACY = f"{VALIDATION}/loss", f"{VALIDATION}/accuracy"


def read_curves(folder: Path) -> Rows:
    """The rows of the training in an arm's `folder`. Raises `DataError` where they are not there or malformed."""
    path = folder / TRAIN / LOG_FOLDER / VALIDATIONS_NAME
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise DataError(
            f"{path} does not hold the validations of a training ({error}). Remove {folder} and run the study again"
        ) from error


def curves_figure(curves: Mapping[str, Sequence[Rows]]) -> ReportFigure:
    """By an arm's title, the rows of its folds: a row of two panels an arm, a line a fold."""
    with styled():
        figure = Figure(figsize=(8.4, 2.9 * len(curves)))
        for place, (title, folds) in enumerate(curves.items()):
            left, right = (figure.add_subplot(len(curves), 2, 2 * place + side) for side in (1, 2))
            _draw(left, folds, title=f"{title}: loss", series={"training": TRAINING_LOSS, "validation": LOSS})
            _draw(right, folds, title="accuracy on validation", series={"validation": ACCURACY})
        return written_figure(
            "validations",
            figure,
            title="Training curves",
            caption="A line a fold. Training: the mean over the batches since the validation before. A line that ends "
            "early is a training that stopped for want of a lower loss. Validation here is with batch norm's "
            "statistics of 512 training images; what is judged has those of all.",
            words="Loss of training and validation, and accuracy on validation, by update, for each arm and fold.",
            wide=True,
        )


def _draw(axes: Axes, folds: Sequence[Rows], *, title: str, series: Mapping[str, str]) -> None:
    axes.set_title(title)
    axes.set_xlabel("update")
    for name, column in series.items():
        colour, line = _STYLES[name]
        for place, rows in enumerate(folds):
            points = [(row[UPDATE], row[column]) for row in rows if column in row]
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                label=name if place == 0 else None,
                color=colour,
                linestyle=line,
                marker="o",
                markersize=2.5,
            )
    low, high = axes.get_ylim()
    if high - low < _LEAST_SPAN:
        axes.set_ylim((low + high - _LEAST_SPAN) / 2, (low + high + _LEAST_SPAN) / 2)
    axes.legend()
    axes.locator_params(axis="x", integer=True)
