"""`hilum study`: cross-validate a recipe and write its tables, here or as a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.options.cache import CacheOption, cache_folder
from hilum.cli.options.data import data_folders
from hilum.cli.options.named_commands import NamedGroup, add_commands
from hilum.cli.options.run import JobsOption, SmokeOption
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.systems import table
from hilum.systems.table import STUDIES
from hilum.training.recipe.machine import Machine
from hilum.training.records.request import StudyRequest


class StudyGroup(NamedGroup):
    """The studies by name."""

    word = "study"

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The study of the name that comes first; a former name is refused with the one of today."""
        table.refuse_former_study(args[0])
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=StudyGroup,
    help="Cross-validate a recipe; after a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum study gate --data data --weights mobilenet_v2_imagenet.safetensors "
        "--out runs/gate-study\n\n"
        "hilum study sdfn --data nih=ChestXray14 --weights mobilenet_v2_imagenet.safetensors --out runs/sdfn-study"
    ),
    rich_markup_mode="rich",
    add_completion=False,
    no_args_is_help=True,
    subcommand_metavar="STUDY",
)


def study(
    name: str,
    *,
    own: object,
    data: Annotated[
        list[str],
        typer.Option(
            metavar="FOLDER|NAME=FOLDER",
            help="The folder that holds all releases of the study, or NAME=FOLDER for each.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Networks, predictions, study.json and study.html.")],
    weights: Annotated[
        str, typer.Option(metavar="FILE|imagenet|random", help="Starting weights, as for `hilum train`.")
    ] = "imagenet",
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare images beside the training.")] = 0,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Train nothing; make the tables from what lies in OUT.")
    ] = False,
    smoke: SmokeOption = False,
    jobs: JobsOption = 1,
    cache: CacheOption = None,
) -> None:
    """Train every network of the study, judge each on what it never saw, and write the tables.

    The page shows the pictures that were got wrong; it stays on this machine.
    """
    request = StudyRequest(
        name=name,
        data=data_folders(data),
        out=out,
        weights=weights,
        smoke=smoke,
        tables_only=tables_only,
        machine=Machine(workers=workers),
        jobs=jobs,
        cache=cache_folder(cache),
        models=local_models_folder(os.environ),
    )
    table.study(request, own=own, progress=ON_TERMINAL)


add_commands(app, shared=study, rows=STUDIES)
