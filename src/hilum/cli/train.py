"""`hilum train`: run a recipe to a bundle."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.data_folders import gate_folder, needed_study, read_release
from hilum.cli.say import say
from hilum.cli.starting import starting_weights
from hilum.datasets.gate_releases import read_gate_data
from hilum.errors import UsageError
from hilum.evaluation.gate_study import read_spec
from hilum.evaluation.ledger import commit_and_dirty
from hilum.recipes.table import GATES, RECIPES
from hilum.training.gate_bundle import train_gate
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
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help=f"One of: {', '.join((*RECIPES, *GATES))}.")],
    *,
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
    study: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="For a gate: the folder of `hilum study`, for thresholds and figures."),
    ] = None,
) -> None:
    """Train RECIPE and write the bundle to OUT/bundle."""
    if recipe not in (*RECIPES, *GATES):
        raise UsageError(f"expected a recipe among {', '.join((*RECIPES, *GATES))}, came {recipe!r}")
    pairs = [part for pair in data for part in ("--data", pair)]
    words = ["hilum", "train", recipe, *pairs, "--weights", weights, "--out", str(out)]
    commit = commit_and_dirty(Path.cwd())[0]
    if recipe in GATES:
        found = read_gate_data(gate_folder(data))
        words += ["--study", str(study)]
        bundle = train_gate(
            GATES[recipe](starting_weights(weights)),
            records=found.records,
            spec=read_spec(needed_study(study)),
            provenance=Provenance(command=shlex.join(words), commit=commit, data=found.licences),
            folder=out,
            workers=workers,
        )
        say(f"wrote {bundle.folder}")
        return
    entry = RECIPES[recipe]
    records = read_release(data, release=entry.release)
    provenance = Provenance(command=shlex.join(words), commit=commit, data=entry.citation)
    bundle = train_specialist(
        entry.make(starting_weights(weights)), records=records, provenance=provenance, folder=out, workers=workers
    )
    say(f"wrote {bundle.folder}; read with it: hilum read --model {bundle.folder} FILE")
