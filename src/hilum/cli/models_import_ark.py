"""`hilum models import ark`: one of its heads becomes a bundle on the user's shelf."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.options.models import NewModelFolder, ReplaceOption
from hilum.cli.terminal.say_imported import say_imported
from hilum.training.export.import_ark import HEADS, NAMES, bundle_name, import_ark

app = typer.Typer(
    help="Import a classifier of Ark or Ark+.",
    epilog=(
        "[bold]Example[/]\n\nhilum models import ark large Ark6_swinLarge768_ep50.pth.tar --head chestxray14\n\n"
        "Their authors give the files on request at github.com/jlianglab/Ark, for non-commercial research. Not tried "
        "on a released file: hilum's makers had files of their layout with random weights."
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def ark(
    size: Annotated[
        str, typer.Argument(metavar="SIZE", help=f"One of: {', '.join(NAMES)} (Ark-6's Swin-Base, Ark+'s Swin-Large).")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Their file, a .pth.tar.")],
    *,
    head: Annotated[
        str, typer.Option(help=f"Whose labels: one of {', '.join(HEADS)}.", metavar="HEAD")
    ] = "chestxray14",
    out: NewModelFolder = None,
    replace: ReplaceOption = False,
) -> None:
    """Make a model of hilum from Ark's weights; `hilum read --model` then reads with it, without torch.

    The model gives uncalibrated probabilities and decides nothing. Its heatmaps are exact where the file's projector
    is one layer, as Ark+'s is; else they are made by occlusion, which is slow.
    """
    folder = local_models_folder(os.environ) / bundle_name(size, head=head) if out is None else out
    command = shlex.join(["hilum", "models", "import", "ark", size, file.name, "--head", head])
    imported = import_ark(size, head=head, weights=file, folder=folder, command=command, replace=replace)
    say_imported(file=file, folder=folder, sha256=imported.sha256, is_known=imported.is_known)
