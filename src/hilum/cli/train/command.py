"""`hilum train`: run a recipe to a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.options.cache import CacheOption
from hilum.cli.options.data import RsnaOption
from hilum.cli.options.models import SHIPPED_LUNGS
from hilum.cli.options.patient_pattern import PatientPatternOption
from hilum.cli.options.show_settings import show_settings
from hilum.cli.options.weights import starting_weights
from hilum.cli.terminal.say import say
from hilum.cli.train.gate import gate_recipe_of, train_a_gate
from hilum.cli.train.lungs import LUNGS, lung_recipe_of, train_the_lungs
from hilum.cli.train.request import TrainRequest
from hilum.cli.train.specialist import recipe_of, train_a_specialist
from hilum.datasets.prepared.images import BadFiles
from hilum.errors import UsageError
from hilum.networks.starting_weights import StartingWeights
from hilum.systems.recipe_file import is_own_recipe
from hilum.systems.table import GATES, RECIPES
from hilum.training.recipe.machine import Machine, workers_here
from hilum.training.records.card_words import StatedWords

app = typer.Typer(
    help="Train a recipe to a bundle; after a stop the same command goes on.",
    epilog=(
        "[bold]Examples[/]\n\nhilum train pneumonia --data kermany=chest_xray "
        "--weights mobilenet_v2_imagenet.safetensors --out runs/pneumonia\n\n"
        "hilum train chest14 --show-settings\n\n"
        "hilum train chest14 --data nih=ChestXray14 --set optimizer.lr=3e-4 --devices 8 --out runs/chest14\n\n"
        "hilum train sdfn --data nih=ChestXray14 --lungs lung-regions --out runs/sdfn\n\n"
        "hilum train my_recipe.py --data nih=ChestXray14 --smoke --out runs/smoke"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE", help=f"One of: {', '.join((*RECIPES, *GATES, LUNGS))}; or a Python file of your own."
        ),
    ],
    *,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FOLDER", help="Where a release lies; may be given several times."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder: checkpoints, logs, and at the end the bundle.")
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            metavar="FILE|BUNDLE|imagenet|torchxrayvision/NAME|random",
            help="Starting weights: a safetensors file in torchvision's names, a bundle's folder, timm's ImageNet "
            "weights, torchxrayvision's, or none.",
        ),
    ] = "imagenet",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe; may be given several times."),
    ] = None,
    show: Annotated[bool, typer.Option("--show-settings", help="Print every setting of RECIPE and end.")] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="The same code on few images and steps; its numbers count for nothing.")
    ] = False,
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
    jobs: Annotated[int, typer.Option(min=1, help="Images that are decoded at the same time.")] = 1,
    cache: CacheOption = None,
    bad_files: Annotated[
        BadFiles,
        typer.Option("--bad-files", help="What becomes of files that cannot be decoded: end here, or leave them out."),
    ] = "stop",
    lungs: Annotated[
        str,
        typer.Option(
            metavar="BUNDLE",
            help="What draws the lungs for a recipe that cuts pictures to them: a name on the shelf or a folder.",
        ),
    ] = SHIPPED_LUNGS,
    patient_pattern: PatientPatternOption = None,
    rsna: RsnaOption = None,
    title: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The model's title on its card and pages, else the recipe's."),
    ] = None,
    intended_use: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the model is for, else the recipe's words.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The terms of the weights, such as 'CC BY 4.0'.")
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="For gate and lungs: the folder of `hilum study`, for thresholds and figures."
        ),
    ] = None,
) -> None:
    """Train RECIPE and write the bundle to OUT/bundle."""
    if recipe not in (*RECIPES, *GATES, LUNGS) and not is_own_recipe(recipe):
        raise UsageError(
            f"expected a recipe among {', '.join((*RECIPES, *GATES, LUNGS))}, or a file named .py, came {recipe!r}"
        )
    pairs = [*(settings or ()), *([] if precision is None else [f"precision={precision}"])]
    if show:
        show_settings(_recipe(recipe, weights=starting_weights(weights), pairs=pairs, smoke=smoke))
        return
    if out is None or not data:
        raise UsageError(
            f"expected --data NAME=FOLDER and --out FOLDER, came {'no --out' if out is None else 'no --data'}"
        )
    request = TrainRequest(
        recipe=recipe,
        data=tuple(data),
        out=out,
        weights=weights,
        settings=tuple(pairs),
        smoke=smoke,
        machine=Machine(
            devices=devices, nodes=nodes, strategy=strategy, workers=workers_here() if workers is None else workers
        ),
        jobs=jobs,
        cache=cache,
        bad_files=bad_files,
        lungs=lungs,
        patient_pattern=patient_pattern,
        rsna=rsna,
        stated=StatedWords(title=title, intended_use=intended_use, licence=licence),
    )
    if recipe in GATES:
        bundle = train_a_gate(request, study=study)
        say(f"wrote {bundle.folder}")
        return
    if recipe == LUNGS:
        bundle = train_the_lungs(request, study=study)
        say(f"wrote {bundle.folder}; draw with it: hilum segment --model {bundle.folder} FILE --out FOLDER")
        return
    trained = train_a_specialist(request)
    if trained is not None:
        say(f"wrote {trained.folder}; read with it: hilum read --model {trained.folder} FILE")


def _recipe(named: str, *, weights: StartingWeights, pairs: Sequence[str], smoke: bool) -> object:
    """The recipe of whatever kind, with its settings."""
    if named == LUNGS:
        return lung_recipe_of(weights=weights, pairs=pairs, smoke=smoke)
    make = gate_recipe_of if named in GATES else recipe_of
    return make(named, weights=weights, pairs=pairs, smoke=smoke)
