"""`hilum ensemble`: models that exist, joined into one that says the mean of their probabilities."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import SHIPPED_LUNGS
from hilum.cli.options.completion import data_option
from hilum.cli.options.data import PatientPatternOption, called_by, read_as_trained, words_of_data
from hilum.cli.options.models import (
    FitGateOption,
    OutsideScopeOption,
    ReplaceOption,
    choose_bundle,
    model_names,
)
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.fitted_table import fitted_table, say_images_read, say_not_fitted
from hilum.cli.terminal.say import say, say_caution
from hilum.evaluation.bundles.ledger import commit_and_dirty
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.evaluation.predictions.validation import ValidationPredictions
from hilum.training.joining.card import JoinedWords
from hilum.training.joining.join import JoinedBundle, JoinSettings, join

app = typer.Typer(
    help="Join models that exist into one that says the mean of their probabilities.",
    epilog=(
        "[bold]Examples[/]\n\nhilum ensemble runs/resnet50 runs/densenet121 --out models/both\n\n"
        "hilum ensemble models/a models/b --data nih=ChestXray14 --fit-weights --out models/both\n\n"
        "hilum ensemble models/a models/b --weights-from a.parquet --weights-from b.parquet --out models/both"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def ensemble(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Two or more: names of installed models, models' folders, or runs of `hilum train`.",
            autocompletion=model_names,
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The new model's folder.")],
    data: Annotated[
        list[str] | None,
        data_option(
            "Images to fit calibration and operating points on; once for each. What a model learnt from, its "
            "patients' other images and held-out images are left out."
        ),
    ] = None,
    fit_weights: Annotated[
        bool, typer.Option("--fit-weights", help="Fit the weights on --data too, in the place of equal ones.")
    ] = False,
    weights_from: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PREDICTIONS",
            help="Fit the weights on these predictions of validation images: a file for each MODEL, in their order.",
        ),
    ] = None,
    common_labels: Annotated[
        bool, typer.Option("--common-labels", help="Where labels differ, take those that all models have.")
    ] = False,
    name: Annotated[str, typer.Option(metavar="NAME", help="The new model's name.")] = "ensemble",
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="The card's title.")] = None,
    lungs: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            autocompletion=model_names,
            help="For models that read the crop to the lungs: what drew the lungs in their training.",
        ),
    ] = SHIPPED_LUNGS,
    outside_scope: OutsideScopeOption = False,
    gate: FitGateOption = True,
    patient_pattern: PatientPatternOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Write one model whose probability is the mean of those of MODEL..., each by its own calibration.

    The models must prepare their pictures alike. Weights are equal, or fitted on validation images: none below 0, all
    together 1. A reading shows what each says, and marks a finding on which they would decide differently.
    """
    bundles = [choose_bundle(one) for one in models]
    words = ["hilum", "ensemble", *(bundle.card.name for bundle in bundles), *words_of_data(data or ())]
    words += ["--fit-weights"] if fit_weights else []
    words += [word for path in weights_from or () for word in ("--weights-from", path.name)]
    words += ["--common-labels"] if common_labels else []
    words += ["--outside-scope"] if outside_scope else []
    words += [] if gate else ["--no-gate"]
    settings = JoinSettings(
        words=JoinedWords(name=name, title=title, command=shlex.join(words), commit=commit_and_dirty(Path.cwd())[0]),
        common_labels=common_labels,
        fit=fit_weights,
        gate=gate,
        outside_scope=outside_scope,
        called=called_by(data) if data else "validation images",
        replace=replace,
    )
    mixed = read_as_trained(data, patient_pattern=patient_pattern) if data else None
    done = join(
        bundles,
        folder=out,
        settings=settings,
        predictions=[ValidationPredictions(read_predictions(path)) for path in weights_from or ()],
        records=() if mixed is None else mixed.records,
        lungs=_lungs(bundles, named=lungs),
        left_out=() if mixed is None else mixed.left_out,
        progress=say_images_read,
    )
    _show(done)


def _lungs(bundles: Sequence[Bundle], *, named: str) -> Bundle | None:
    wanted = any("lungs" in bundle.card.needs - bundle.card.brings for bundle in bundles)
    return choose_bundle(named) if wanted else None


def _show(done: JoinedBundle) -> None:
    if done.common.left_out:
        say(f"left out, for not every model has them: {', '.join(done.common.left_out)}")
    for reason, count in done.left_out.items():
        say(f"left out of the fit: {count:,} images: {reason}")
    for caution in done.cautions:
        say_caution(caution)
    if done.weights is None:
        say(f"equal weights: {', '.join(done.common.names)}")
    else:
        named = zip(done.common.names, done.weights.weights, strict=True)
        say(
            f"weights: {', '.join(f'{name} {weight:.3f}' for name, weight in named)}, fitted on "
            f"{done.weights.images:,} images of {done.weights.patients:,} patients; cross-entropy "
            f"{done.weights.loss:.4f} on patients whom they did not know, {done.weights.equal_loss:.4f} with equal ones"
        )
    if any(one.unfitted is None for one in done.labels):
        output_console().print(fitted_table(done.labels))
    say_not_fitted(done.labels)
    card = done.bundle.card
    folder = shlex.quote(str(done.bundle.folder))
    say(f"Wrote {done.bundle.folder} ({card.name} {card.version}); read with it: hilum read --model {folder} FILE")
