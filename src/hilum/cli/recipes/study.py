"""What `hilum study NAME` runs, with the options of every study."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.options.cache import CacheOption, cache_folder
from hilum.cli.options.completion import BY_PLACEHOLDER, data_sets, starting_weights
from hilum.cli.options.data import data_folders
from hilum.cli.options.named_commands import add_commands
from hilum.cli.options.recipe_names import STUDIES
from hilum.cli.options.run import JobsOption, SmokeOption
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.reading.engines.engine import available_cores
from hilum.systems import table
from hilum.training.recipe.machine import Machine
from hilum.training.records.request import StudyRequest

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


def study(
    name: str,
    *,
    own: object,
    data: Annotated[
        list[str],
        typer.Option(
            metavar="[NAME=]FOLDER",
            autocompletion=data_sets,
            help="The folder that holds all data sets of the study, or NAME=FOLDER for each.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where networks, predictions, study.json and study.html go.")
    ],
    weights: Annotated[
        str,
        typer.Option(
            metavar="WEIGHTS", autocompletion=starting_weights, help="Starting weights, as for `hilum train`."
        ),
    ] = "imagenet",
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare images beside the training.")] = 0,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Train nothing; make the tables from what lies in OUT.")
    ] = False,
    smoke: SmokeOption = False,
    jobs: JobsOption = None,
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
        jobs=jobs or available_cores(),
        cache=cache_folder(cache),
        models=local_models_folder(os.environ),
    )
    table.study(request, own=own, progress=ON_TERMINAL)


add_commands(
    app,
    shared=study,
    rows={name: row.own for name, row in table.STUDIES.items()},
    completions=BY_PLACEHOLDER,
    lines=STUDIES,
    example=lambda name: f"hilum study {name} --data FOLDER --out runs/{name}-study",
)
