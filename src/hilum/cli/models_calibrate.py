"""`hilum models calibrate`: operating points of a model fitted on one's own images, into a new version of it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from hilum.bundle.label import Label
from hilum.bundle.shelf import SHIPPED_LUNGS, local_models_folder
from hilum.cli.options.data import PatientPatternOption, data_folders, read_as_trained
from hilum.cli.options.models import choose_bundle
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.say import say
from hilum.datasets.releases.table import RELEASES
from hilum.errors import UsageError
from hilum.evaluation.calibrating.calibrate import Calibrated, CalibrationSettings, calibrate
from hilum.evaluation.calibrating.calibrated_card import calibrated_name
from hilum.evaluation.calibrating.fit_label import FittedLabel
from hilum.evaluation.calibrating.rule import PointRule
from hilum.statistics.estimate import Interval

_SAID_EVERY = 1000

app = typer.Typer(
    help="Fit calibration and operating points of a model on your own images.",
    epilog=(
        "[bold]Examples[/]\n\nhilum models calibrate NAME --data table=labels.csv --called 'St. Elsewhere 2025'\n\n"
        "hilum models calibrate NAME --data table=hospital --sensitivity 0.95 --label Pneumonia\n\n"
        "hilum models calibrate NAME --data table=hospital --as 'Lung Opacity=opacity' --out models/ours"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def calibrate_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A name on the shelf, or a bundle's folder.")],
    *,
    data: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=FOLDER",
            help="Where your images lie; table=FOLDER_OR_CSV for a table of your own. Once for each.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The new bundle's folder; else one in your models folder.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The new bundle's name; else MODEL's with -calibrated.")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Fit this label; once for each. Else all that the images tell of."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="LABEL=COLUMN", help="The data call this label otherwise; once for each."),
    ] = None,
    sensitivity: Annotated[
        float | None, typer.Option(help="Reach this sensitivity, in the place of the greatest Youden index.")
    ] = None,
    specificity: Annotated[
        float | None, typer.Option(help="Reach this specificity, in the place of the greatest Youden index.")
    ] = None,
    outside_scope: Annotated[
        bool, typer.Option("--outside-scope", help="Fit on images outside the model's scope too.")
    ] = False,
    called: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the card calls your images; else their folder's name.")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="TEXT", help="Who does this, for the card.")] = None,
    lungs: Annotated[
        str,
        typer.Option(
            metavar="BUNDLE", help="For a model that reads the crop to the lungs: what drew the lungs in its training."
        ),
    ] = SHIPPED_LUNGS,
    patient_pattern: PatientPatternOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of a bundle in that folder.")] = False,
) -> None:
    """Fit MODEL's calibration and operating points on your own labelled images, into a new version of it.

    The network stays as it is. A decision needs 20 patients with the finding and 20 without. Images that the model was
    made with are refused, held-out ones left out. After a stop the same command goes on.
    """
    bundle = choose_bundle(model)
    words = ["hilum", "models", "calibrate", bundle.card.name, *_words_of_data(data)]
    for flag, value in (("--sensitivity", sensitivity), ("--specificity", specificity)):
        words += [] if value is None else [flag, f"{value:g}"]
    words += [word for one in label or () for word in ("--label", one)]
    words += [word for one in columns or () for word in ("--as", one)]
    words += ["--outside-scope"] if outside_scope else []
    settings = CalibrationSettings(
        rule=PointRule(sensitivity=sensitivity, specificity=specificity),
        labels=label or None,
        columns=dict(map(_pair, columns or ())),
        outside_scope=outside_scope,
        called=called or _called(data),
        by=by,
        command=shlex.join(words),
        name=name,
        replace=replace,
    )
    mixed = read_as_trained(data, patient_pattern=patient_pattern)
    done = calibrate(
        bundle,
        records=mixed.records,
        folder=out or local_models_folder(os.environ) / (name or calibrated_name(bundle.card.name)),
        settings=settings,
        lungs=choose_bundle(lungs) if "lungs" in bundle.card.needs - bundle.card.brings else None,
        left_out=mixed.left_out,
        progress=_say_progress,
    )
    _show(done)


def _words_of_data(data: Sequence[str]) -> list[str]:
    """The option as the card keeps it: of folders and files the names alone."""
    pairs = [f"{name}={folder.resolve().name}" for name, folder in data_folders(data)]
    return [word for pair in pairs for word in ("--data", pair)]


def _called(data: Sequence[str]) -> str:
    """A table by its folder's name or its own, any other release by its title."""
    names = []
    for name, folder in data_folders(data):
        release = RELEASES.get(name)
        own = release is None or release.is_a_table or release.licence is None
        names.append(folder.resolve().stem if release is None or own else release.title)
    return ", ".join(dict.fromkeys(names))


def _pair(text: str) -> tuple[str, str]:
    label, sign, column = text.partition("=")
    if not (sign and label.strip() and column.strip()):
        raise UsageError(f"expected --as LABEL=COLUMN, came {text!r}")
    return label.strip(), column.strip()


def _show(done: Calibrated) -> None:
    card = done.bundle.card
    for reason, count in done.left_out.items():
        say(f"left out of the fit: {count:,} images: {reason}")
    for caution in done.cautions:
        say(f"caution: {caution}")
    console = output_console()
    console.print(_fitted(done.fitted.labels))
    if any(one.label.fit is not None for one in done.fitted.whole_labels):
        console.print("Where the lungs are not trusted:")
        console.print(_fitted(done.fitted.whole_labels))
    unfitted: dict[str, list[str]] = {}
    for one in (*done.fitted.labels, *done.fitted.whole_labels):
        if one.unfitted is not None:
            unfitted.setdefault(one.unfitted, []).append(one.label.name)
    for why, names in unfitted.items():
        say(f"not fitted: {', '.join(dict.fromkeys(names))}: {why}")
    say(
        f"wrote {done.bundle.folder} ({card.name} {card.version}), fitted on {done.images:,} images of "
        f"{done.patients:,} patients; read with it: hilum read --model {shlex.quote(str(done.bundle.folder))} FILE"
    )


def _fitted(labels: Sequence[FittedLabel]) -> Table:
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
    return f"{value:.3f}" if interval is None else f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _say_progress(done: int, count: int) -> None:
    if done in (0, count) or done % _SAID_EVERY == 0:
        say(f"read {done:,} of {count:,} images")
