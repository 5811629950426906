"""What `hilum tune NAME` runs, with the options of every search."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import local_models_folder
from hilum.cli.commands import RAY_HANDS
from hilum.cli.options.cache import CacheOption, cache_folder
from hilum.cli.options.completion import BY_PLACEHOLDER, data_option, starting_weights
from hilum.cli.options.data import data_folders
from hilum.cli.options.named_commands import add_commands
from hilum.cli.options.recipe_names import NOT_TUNED, OWN_RECIPE, RECIPES
from hilum.cli.options.run import SmokeOption
from hilum.cli.terminal.progress import ON_TERMINAL
from hilum.cli.terminal.say import say
from hilum.errors import MissingPartError
from hilum.systems.table import TRAININGS, training_of
from hilum.systems.tune import TuneRequest, tune
from hilum.training.recipe.machine import Machine, workers_here
from hilum.training.records.request import TrainRequest
from hilum.training.search.hands import Hands, LocalHands

app = typer.Typer(rich_markup_mode="rich", add_completion=False)


def tune_recipe(
    name: str,
    *,
    own: object,
    data: Annotated[
        list[str],
        data_option("Where a data set lies, or your table (CSV) or class folders; may be given several times."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="The search's folder: the record, a run for each trial, best.py, the page."
        ),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=LOW..HIGH[:log]|KEY=A|B",
            help="A setting to search over, by its key of --set: a range, a range by its logarithm, or options. May be "
            "given several times.",
        ),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Trials in all; a larger number later adds some.")] = 20,
    at_once: Annotated[int, typer.Option(min=1, help="Trials that are trained at the same time.")] = 1,
    monitor: Annotated[
        str, typer.Option(metavar="mean_auroc|loss", help="What is to be best on the recipe's validation part.")
    ] = "mean_auroc",
    least_epochs: Annotated[
        int, typer.Option(min=1, help="Epochs before a trial that lags behind may be stopped.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Draws the settings; the recipe's own seed stays.")] = 0,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS|local",
            help="Let the machines of this Ray train, in the place of processes here; all must see OUT and the data.",
        ),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(metavar="WEIGHTS", autocompletion=starting_weights, help="As for `hilum train`."),
    ] = "imagenet",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting in every trial; may be given several times."),
    ] = None,
    smoke: SmokeOption = False,
    cache: CacheOption = None,
) -> None:
    """Train trials with other settings, stop those that lag on validation, and write the best as OUT/best.py.

    Every trial stands in OUT/trials.db before it is trained, so that a stop loses none that ended. `hilum train
    OUT/best.py` trains the best again; its own run is OUT/trials/NUMBER.
    """
    request = TuneRequest(
        train=TrainRequest(
            name=name,
            data=data_folders(data),
            out=out,
            weights=weights,
            settings=tuple(settings or ()),
            smoke=smoke,
            machine=Machine(workers=workers_here()),
            cache=cache_folder(cache),
            models=local_models_folder(os.environ),
        ),
        own=own,
        vary=tuple(vary or ()),
        trials=trials,
        jobs=at_once,
        monitor=monitor,
        least_epochs=least_epochs,
        seed=seed,
    )
    done = tune(request, hands=_hands(ray), progress=ON_TERMINAL)
    say(f"best: trial {done.best.number}, {done.metric} {done.best.value:.4f}; all trials: {done.page}")
    say(f"Wrote {done.recipe}; train it: hilum train {done.recipe} …")


def _hands(address: str | None) -> Hands:
    if address is None:
        return LocalHands()
    try:
        made = RAY_HANDS.load()
    except ModuleNotFoundError as error:
        raise MissingPartError("'--ray' needs the package ray, which is not installed; run: pip install ray") from error
    hands: Hands = made(address)
    return hands


add_commands(
    app,
    shared=tune_recipe,
    rows={
        **{name: row.own for name, row in TRAININGS.items() if name not in NOT_TUNED},
        OWN_RECIPE: training_of(OWN_RECIPE).own,
    },
    completions=BY_PLACEHOLDER,
    lines={**RECIPES, OWN_RECIPE: "A recipe of your own: a Python file that defines the function recipe."},
    example=lambda name: f"hilum tune {name} --data NAME=FOLDER --vary optimizer.lr=1e-4..1e-2:log --out runs/search",
)
