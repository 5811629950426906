"""`hilum train`: run a recipe to a bundle."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.data_folders import read_release
from hilum.cli.say import say
from hilum.errors import UsageError
from hilum.evaluation.ledger import commit_and_dirty
from hilum.networks.starting_weights import RandomWeights, StartingWeights, TimmImageNet, WeightsFile
from hilum.recipes.table import RECIPES
from hilum.training.specialist import Provenance, train_specialist

app = typer.Typer(
    help="Train a recipe to a bundle; after a stop the same command goes on.",
    epilog=(
        "[bold]Example[/]\n\nhilum train pneumonia --data kermany=chest_xray "
        "--weights mobilenet_v2_imagenet.safetensors --out runs/pneumonia"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help=f"One of: {', '.join(RECIPES)}.")],
    data: Annotated[list[str], typer.Option(metavar="NAME=FOLDER", help="Where the release lies.")],
    out: Annotated[Path, typer.Option(help="The run's folder: checkpoint, logs, and at the end the bundle.")],
    weights: Annotated[
        str,
        typer.Option(
            metavar="FILE|imagenet|random",
            help="Starting weights: a safetensors file in torchvision's names, timm's ImageNet weights, or none.",
        ),
    ] = "imagenet",
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare images beside the training.")] = 0,
) -> None:
    """Train RECIPE and write the bundle to OUT/bundle."""
    if recipe not in RECIPES:
        raise UsageError(f"expected a recipe among {', '.join(RECIPES)}, came {recipe!r}")
    entry = RECIPES[recipe]
    records = read_release(data, release=entry.release)
    pairs = [part for pair in data for part in ("--data", pair)]
    words = ["hilum", "train", recipe, *pairs, "--weights", weights, "--out", str(out)]
    provenance = Provenance(command=shlex.join(words), commit=commit_and_dirty(Path.cwd())[0], data=entry.citation)
    bundle = train_specialist(
        entry.make(_starting_weights(weights)), records=records, provenance=provenance, folder=out, workers=workers
    )
    say(f"wrote {bundle.folder}; read with it: hilum read --model {bundle.folder} FILE")


def _starting_weights(named: str) -> StartingWeights:
    if named == "random":
        return RandomWeights()
    if named == "imagenet":
        return TimmImageNet(Path("weights"))
    return WeightsFile(Path(named))
