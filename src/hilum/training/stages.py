"""The stages of a recipe, one after the other; a stage that has ended is not trained again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from hilum.datasets.split import Split
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import load_starting_weights
from hilum.training.checkpoints import LAST_CHECKPOINT, WEIGHTS, load_weights, save_weights
from hilum.training.fit import Fitted, fit_stage
from hilum.training.image_dataset import IN_MEMORY, Preparation
from hilum.training.recipe import FromStage, Recipe, Stage
from hilum.training.trainer import THIS_MACHINE, Machine, is_first_process, wait_for_all

_HEAD = ("head.weight", "head.bias")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run is kept (`folder` holds one folder a stage), and what it runs on."""

    folder: Path
    machine: Machine = THIS_MACHINE
    preparation: Preparation = IN_MEMORY


def run_stages(recipe: Recipe, *, splits: Mapping[str, Split], place: Place) -> Fitted:
    """Train every stage that has not ended, and return the last one's network; `splits` is by stage.

    `FOLDER/STAGE/weights.safetensors` appears when a stage has ended.
    """
    for stage in recipe.stages:
        fitted = _run_stage(recipe, stage=stage, split=splits[stage.name], place=place)
    return fitted


def _run_stage(recipe: Recipe, *, stage: Stage, split: Split, place: Place) -> Fitted:
    network = new_network(recipe, stage=stage)
    weights = place.folder / stage.name / WEIGHTS
    if weights.is_file():
        state, about = load_weights(weights)
        network.load_state_dict(state)
        return Fitted(network.eval(), about["started_from"])
    started_from = start(network, recipe=recipe, stage=stage, folder=place.folder)
    kept = fit_stage(
        recipe,
        stage=stage,
        network=network,
        split=split,
        folder=place.folder / stage.name,
        machine=place.machine,
        preparation=place.preparation,
    )
    if is_first_process():
        about = {"stage": stage.name, "epoch": str(kept.epoch), "started_from": started_from}
        save_weights(weights, state=kept.state, about=about)
    wait_for_all()
    fresh = new_network(recipe, stage=stage)  # training may have changed how the network computes
    fresh.load_state_dict(dict(kept.state))
    return Fitted(fresh.eval(), started_from)


def check_starts(recipe: Recipe, *, folder: Path) -> None:
    """Find out before anything is decoded that starting weights are missing or do not fit.

    Stages that have begun in `folder` are not looked at. Raises what `load_starting_weights` raises.
    """
    for stage in recipe.stages:
        begun = (folder / stage.name / LAST_CHECKPOINT).is_file()
        if not isinstance(stage.start, FromStage) and not begun:
            load_starting_weights(new_network(recipe, stage=stage), weights=stage.start)


def new_network(recipe: Recipe, *, stage: Stage) -> PooledClassifier:
    """The stage's network with random weights, which follow from the recipe's seed."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        return PooledClassifier(
            recipe.backbone, labels=len(stage.labels), dropout=recipe.dropout, channels=recipe.preprocess.channels
        )


def start(network: PooledClassifier, *, recipe: Recipe, stage: Stage, folder: Path) -> str:
    """Put the weights that the stage starts from into `network`; what they are, in one line for the card."""
    if not isinstance(stage.start, FromStage):
        return load_starting_weights(network, weights=stage.start)
    before = next(one for one in recipe.stages if one.name == stage.start.stage)
    state, about = load_weights(folder / before.name / WEIGHTS)
    same = before.labels == stage.labels
    network.load_state_dict({n: t for n, t in state.items() if same or n not in _HEAD}, strict=False)
    head = "with its linear layer" if same else "its linear layer anew"
    return f"the stage {before.name}, {head}; which started from {about['started_from']}"
