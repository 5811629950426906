"""Train a gate's network to the end of its recipe; after a stop the same call goes on where the last epoch ended."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from hilum.bundle.gate_outputs import GATE_OUTPUTS
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import load_starting_weights
from hilum.systems.gate.groups import group_of, groups_to_draw, shares_of_groups
from hilum.systems.gate.losses import gate_loss
from hilum.systems.gate.pictures import GatePicture, GateTrainingImages
from hilum.systems.gate.recipe import GateRecipe
from hilum.training.loop.fit import Fitted, fit
from hilum.training.loop.starts import started_before
from hilum.training.loop.task import TaskData, UnwatchedTask
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.samplers import GroupShareSampler, draw_groups

ASPECTS = 4096


def aspects_as_drawn(pictures: Sequence[GatePicture], *, recipe: GateRecipe) -> list[float]:
    """Aspects of radiographs, each as often as training draws it, so that the aspect gives nothing away."""
    groups = groups_to_draw(pictures)
    shares = shares_of_groups(groups, shares=recipe.sampler.shares)
    xrays = {name: np.array(groups[name]) for name in shares if pictures[groups[name][0]].is_xray}
    draws = draw_groups(xrays, shares=shares, count=ASPECTS, generator=np.random.default_rng(recipe.seed))
    return [pictures[index].aspect for index in draws]


def fit_gate(recipe: GateRecipe, *, pictures: Sequence[GatePicture], folder: Path, machine: Machine) -> Fitted:
    """Train on `pictures` and return the network after the last epoch: nothing is chosen by a score."""

    def make() -> tuple[UnwatchedTask, TaskData]:
        network = new_network(recipe)
        before = started_before(folder, weights=recipe.starting_weights)
        started_from = before or load_starting_weights(network, weights=recipe.starting_weights)
        images = GateTrainingImages(
            pictures, spec=recipe.preprocess, changes=recipe.changes, aspects=aspects_as_drawn(pictures, recipe=recipe)
        )
        sampler = GroupShareSampler(
            [group_of(picture) for picture in pictures],
            shares=shares_of_groups(groups_to_draw(pictures), shares=recipe.sampler.shares),
            per_epoch=recipe.sampler.images_per_epoch,
            seed=recipe.seed,
        )
        return UnwatchedTask(network, loss=partial(gate_loss, weights=recipe.loss)), TaskData(
            training=images, sampler=sampler, started_from=started_from
        )

    kept = fit(make, plan=recipe.plan(), seed=recipe.seed, folder=folder, machine=machine)
    trained = new_network(recipe)  # made anew: training changes how a network runs
    trained.load_state_dict(kept.state)
    return Fitted(trained.eval(), kept.started_from)


def new_network(recipe: GateRecipe) -> PooledClassifier:
    """The recipe's network with random weights, which follow from its seed."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        return PooledClassifier(recipe.backbone, labels=len(GATE_OUTPUTS), dropout=recipe.dropout)
