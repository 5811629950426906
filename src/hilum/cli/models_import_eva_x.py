"""`hilum models import eva-x`: their ChestX-ray14 classifier becomes a bundle on the user's shelf."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.options.models import NewModelFolder, ReplaceOption
from hilum.cli.terminal.say_imported import say_imported
from hilum.training.export.import_eva_x import SIZES, bundle_name, import_eva_x

app = typer.Typer(
    help="Import a ChestX-ray14 classifier of EVA-X.",
    epilog=(
        "[bold]Example[/]\n\nhilum models import eva-x small eva_x_small_patch16_merged520k_mim_cxr14_ft.pth\n\n"
        "Their files are at huggingface.co/MapleF/eva_x (MIT). Not tried on a released file: hilum's makers had files "
        "of their layout with random weights."
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def eva_x(
    size: Annotated[str, typer.Argument(metavar="SIZE", help=f"One of: {', '.join(SIZES)}.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Their fine-tuned file, a .pth.")],
    *,
    out: NewModelFolder = None,
    replace: ReplaceOption = False,
) -> None:
    """Make a model of hilum from EVA-X's weights; `hilum read --model` then reads with it, without torch.

    The model gives uncalibrated probabilities and decides nothing. Its heatmaps are made by occlusion, which is slow.
    """
    folder = local_models_folder(os.environ) / bundle_name(size) if out is None else out
    command = shlex.join(["hilum", "models", "import", "eva-x", size, file.name])
    imported = import_eva_x(size, weights=file, folder=folder, command=command, replace=replace)
    say_imported(file=file, folder=folder, sha256=imported.sha256, is_known=imported.is_known)
