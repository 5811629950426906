"""Trains capsules on pictures of their size, or takes up what was trained; in the one training loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from hilum.datasets.splits.split import Split
from hilum.errors import DataError
from hilum.networks.capsules.network import CapsuleShape, Painting
from hilum.networks.fetch import sha256_of
from hilum.networks.starting_weights import StartingWeights, WeightsFile
from hilum.systems.capsules.painted import CapsuleTask, PaintedCapsules
from hilum.training.data.stage_data import image_data
from hilum.training.loop.checkpoints import WEIGHTS, has_begun, load_weights
from hilum.training.loop.stages import fit_and_keep, has_ended
from hilum.training.loop.starts import started_before
from hilum.training.recipe.losses import Loss
from hilum.training.recipe.recipe import FromStage, FusedFrom, Recipe, Stage
from hilum.training.records.run_place import RunPlace


class OfCapsules(Protocol):
    """What a recipe says of the capsules that it trains."""

    @property
    def shape(self) -> CapsuleShape:
        """How large they are."""

    @property
    def painting(self) -> Painting | None:
        """How they paint, if they do."""

    @property
    def seed(self) -> int:
        """What random weights follow from."""


@dataclass(frozen=True, slots=True)
class FittedCapsules:
    """The trained capsules in evaluation mode, and one line on the weights that they started from."""

    network: PaintedCapsules
    started_from: str


def new_capsules(recipe: OfCapsules, *, labels: int) -> PaintedCapsules:
    """Capsules with random weights, which follow from the recipe's seed."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        return PaintedCapsules(recipe.shape, labels=labels, painting=recipe.painting)


def start_capsules(network: PaintedCapsules, *, weights: StartingWeights | FromStage | FusedFrom) -> str:
    """Put the weights of a capsule run's file into the network, or leave random ones; what they are, in one line.

    What paints is taken too where it is the same. Raises `DataError` for a file that is none of such capsules.
    """
    if not isinstance(weights, WeightsFile):
        return "random"
    load_capsules(network, path=weights.path)
    return f"capsules: {weights.path.name} (sha256 {sha256_of(weights.path)})"


def load_capsules(network: PaintedCapsules, *, path: Path) -> None:
    """Put a capsule run's weights into the network, in place; raises `DataError` where they are of other capsules."""
    state, _ = load_weights(path)
    own = network.state_dict()
    unfit = [name for name in own if name.startswith("network.") and _shape_of(state, name) != own[name].shape]
    if unfit:
        raise DataError(
            f"{path} does not fit capsules of this size and these labels; it differs at {unfit[0]}. Give the "
            "weights.safetensors of a run with the same shape"
        )
    fit = {name: state[name] for name in own if _shape_of(state, name) == own[name].shape}
    network.load_state_dict(fit, strict=False)


def _shape_of(state: Mapping[str, Tensor], name: str) -> torch.Size | None:
    return state[name].shape if name in state else None


def check_capsules(of: OfCapsules, *, stage: Stage, folder: Path) -> None:
    """Find out before anything is decoded that starting weights are missing or do not fit, and raise as they do.

    A training that has begun in `folder` needs them no more. Raises `UsageError` where it began with others.
    """
    started_before(folder / stage.name, weights=stage.start)
    if not has_begun(folder / stage.name):
        start_capsules(new_capsules(of, labels=len(stage.labels)), weights=stage.start)


def fit_capsules(recipe: Recipe, *, of: OfCapsules, stage: Stage, split: Split, place: RunPlace) -> FittedCapsules:
    """Train on the part `train` of `split` in `place.folder`, or take the weights of a training that ended there.

    `of` says how large the capsules are. After a stop it goes on where the last whole epoch ended. Raises as `fit`.
    """
    labels = len(stage.labels)
    if not has_ended(stage, folder=place.folder):
        network = new_capsules(of, labels=labels)
        before = started_before(place.folder / stage.name, weights=stage.start)
        started_from = before or start_capsules(network, weights=stage.start)

        def task(loss: Loss) -> CapsuleTask:
            return CapsuleTask(network, labels=stage.labels, loss=loss)

        fit_and_keep(
            recipe,
            stage=stage,
            network=network,
            split=split,
            place=place,
            data=partial(image_data, recipe, stage=stage, split=split, preparation=place.preparation),
            started_from=started_from,
            task=task,
        )
    state, about = load_weights(place.folder / stage.name / WEIGHTS)
    trained = new_capsules(of, labels=labels)  # made anew: training changes how one runs
    trained.load_state_dict(state)
    trained.eval()
    return FittedCapsules(trained, about["started_from"])
