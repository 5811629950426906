"""`hilum models import torchxrayvision`: their weights become a bundle on the user's shelf."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.options.models import NewModelFolder, ReplaceOption
from hilum.cli.terminal.say_imported import say_imported
from hilum.networks.starting_weights import DOWNLOADS, torchxrayvision_file
from hilum.networks.torchxrayvision_weights import RELEASED, released_weights
from hilum.training.export.import_torchxrayvision import bundle_name, import_torchxrayvision

app = typer.Typer(
    help="Import a chest model of torchxrayvision.",
    epilog=(
        "[bold]Examples[/]\n\nhilum models import torchxrayvision densenet121-res224-all\n\n"
        "hilum models import torchxrayvision densenet121-res224-nih --weights FILE --out models/nih"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def torchxrayvision(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(RELEASED)}.")],
    *,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Their file; else it is looked for in weights/ and fetched."),
    ] = None,
    out: NewModelFolder = None,
    replace: ReplaceOption = False,
) -> None:
    """Make a model of hilum from torchxrayvision's weights NAME; `hilum read --model` then reads it without torch.

    Their operating points are not taken over: the model gives uncalibrated probabilities and decides nothing.
    """
    released_weights(name)  # a wrong name is refused before anything is fetched
    file = torchxrayvision_file(name, folder=DOWNLOADS) if weights is None else weights
    folder = local_models_folder(os.environ) / bundle_name(name) if out is None else out
    words = ["hilum", "models", "import", "torchxrayvision", name]
    words += [] if weights is None else ["--weights", weights.name]
    imported = import_torchxrayvision(name, weights=file, folder=folder, command=shlex.join(words), replace=replace)
    say_imported(file=file, folder=folder, sha256=imported.sha256, is_known=imported.is_known)
