"""`hilum models calibrate`: operating points of a model fitted on one's own images, into a new version of it."""

from __future__ import annotations

import os
import shlex
from typing import Annotated

import typer

from hilum.bundle.shelf import SHIPPED_LUNGS, local_models_folder
from hilum.cli.options.completion import data_sets
from hilum.cli.options.data import (
    ImageColumnOption,
    PatientColumnOption,
    PatientPatternOption,
    called_by,
    read_as_trained,
    words_of_data,
)
from hilum.cli.options.judging import LungsOption
from hilum.cli.options.models import (
    MODEL_HELP,
    FitGateOption,
    NewModelFolder,
    OutsideScopeOption,
    ReplaceOption,
    choose_bundle,
    model_names,
)
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.fitted_table import fitted_table, say_images_read, say_not_fitted
from hilum.cli.terminal.say import say, say_caution
from hilum.datasets.own.columns import StatedColumns
from hilum.errors import UsageError
from hilum.evaluation.calibrating.calibrate import Calibrated, CalibrationSettings, calibrate
from hilum.evaluation.calibrating.calibrated_card import calibrated_name
from hilum.evaluation.calibrating.rule import PointRule

app = typer.Typer(
    help="Fit calibration and operating points of a model on your own images.",
    epilog=(
        "[bold]Examples[/]\n\nhilum models calibrate NAME --data labels.csv --called 'St. Elsewhere 2025'\n\n"
        "hilum models calibrate NAME --data table=hospital --sensitivity 0.95 --label Pneumonia\n\n"
        "hilum models calibrate NAME --data table=hospital --as 'Lung Opacity=opacity' --out models/ours"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def calibrate_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP, autocompletion=model_names)],
    *,
    data: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=FOLDER|PATH",
            autocompletion=data_sets,
            help="Your table (CSV) or class folders, or where a release lies; once for each.",
        ),
    ],
    out: NewModelFolder = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The new model's name; else MODEL's with -calibrated.")
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
    outside_scope: OutsideScopeOption = False,
    gate: FitGateOption = True,
    called: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the card calls your images; else their folder's name.")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="TEXT", help="Who does this, for the card.")] = None,
    lungs: LungsOption = SHIPPED_LUNGS,
    image_column: ImageColumnOption = None,
    patient_column: PatientColumnOption = None,
    patient_pattern: PatientPatternOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Fit MODEL's calibration and operating points on your own labelled images, into a new version of it.

    The network stays as it is. A decision needs 20 patients with the finding and 20 without. Images that the model was
    made with are refused, held-out ones left out. After a stop the same command goes on.
    """
    bundle = choose_bundle(model)
    words = ["hilum", "models", "calibrate", bundle.card.name, *words_of_data(data)]
    for flag, value in (("--sensitivity", sensitivity), ("--specificity", specificity)):
        words += [] if value is None else [flag, f"{value:g}"]
    words += [word for one in label or () for word in ("--label", one)]
    words += [word for one in columns or () for word in ("--as", one)]
    words += ["--outside-scope"] if outside_scope else []
    words += [] if gate else ["--no-gate"]
    settings = CalibrationSettings(
        rule=PointRule(sensitivity=sensitivity, specificity=specificity),
        labels=label or None,
        columns=dict(map(_pair, columns or ())),
        outside_scope=outside_scope,
        gate=gate,
        called=called or called_by(data),
        by=by,
        command=shlex.join(words),
        name=name,
        replace=replace,
    )
    wanted = (*bundle.card.label_names, *settings.columns.values())
    stated = StatedColumns(image=image_column, patient=patient_column, wanted=wanted)
    mixed = read_as_trained(data, columns=stated, patient_pattern=patient_pattern)
    done = calibrate(
        bundle,
        records=mixed.records,
        folder=out or local_models_folder(os.environ) / (name or calibrated_name(bundle.card.name)),
        settings=settings,
        lungs=choose_bundle(lungs) if "lungs" in bundle.card.needs - bundle.card.brings else None,
        left_out=mixed.left_out,
        progress=say_images_read,
    )
    _show(done)


def _pair(text: str) -> tuple[str, str]:
    label, sign, column = text.partition("=")
    if not (sign and label.strip() and column.strip()):
        raise UsageError(f"--as {text!r} has no two names; say LABEL=COLUMN")
    return label.strip(), column.strip()


def _show(done: Calibrated) -> None:
    card = done.bundle.card
    for reason, count in done.left_out.items():
        say(f"left out of the fit: {count:,} images: {reason}")
    for caution in done.cautions:
        say_caution(caution)
    console = output_console()
    console.print(fitted_table(done.fitted.labels))
    if any(one.label.fit is not None for one in done.fitted.whole_labels):
        console.print("Where the lungs are not trusted:")
        console.print(fitted_table(done.fitted.whole_labels))
    say_not_fitted((*done.fitted.labels, *done.fitted.whole_labels))
    say(
        f"Wrote {done.bundle.folder} ({card.name} {card.version}), fitted on {done.images:,} images of "
        f"{done.patients:,} patients; read with it: hilum read --model {shlex.quote(str(done.bundle.folder))} FILE"
    )
