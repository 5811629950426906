"""Train a lung network to the end of its recipe; after a stop the same call goes on where the last epoch ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from hilum.imaging.preprocess import ModelArray
from hilum.networks.lung_unet import PlainLungUNet, SlimLungUNet, load_encoder
from hilum.reading.lungs.frame import inside_frame, without_frame
from hilum.reading.lungs.passes import probabilities, quality_inputs
from hilum.systems.lungs.losses import lung_loss
from hilum.systems.lungs.pictures import LungPicture, LungTrainingImages
from hilum.systems.lungs.recipe import LungRecipe
from hilum.training.loop.fit import fit
from hilum.training.loop.starts import started_before
from hilum.training.loop.task import TaskData, UnwatchedTask
from hilum.training.recipe.machine import Machine
from hilum.training.recipe.samplers import GroupShareSampler

LungNetwork = SlimLungUNet | PlainLungUNet


@dataclass(frozen=True, slots=True)
class FittedLungs:
    """The trained network in evaluation mode, and one line on the weights that training started from."""

    network: LungNetwork
    started_from: str


def start_network(recipe: LungRecipe, *, folder: Path) -> tuple[LungNetwork, str]:
    """The recipe's network with its starting weights, and one line on them; it draws from torch's seeded generator.

    Where a training has begun in `folder` its checkpoint holds the weights, and they are not read again.
    """
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        network = _built(recipe)
        if isinstance(network, PlainLungUNet):
            return network, "random"
        before = started_before(folder, weights=recipe.starting_weights)
        return network, before or load_encoder(network, weights=recipe.starting_weights)


def fit_lungs(recipe: LungRecipe, *, pictures: Sequence[LungPicture], folder: Path, machine: Machine) -> FittedLungs:
    """Train on `pictures` and return the network after the last epoch: nothing is chosen by a score."""

    def make() -> tuple[UnwatchedTask, TaskData]:
        network, started_from = start_network(recipe, folder=folder)
        images = LungTrainingImages(pictures, spec=recipe.preprocess, framing=recipe.framing, grey=recipe.grey)
        sampler = GroupShareSampler(
            [picture.record.source for picture in pictures],
            shares=recipe.sampler.shares,
            per_epoch=recipe.sampler.images_per_epoch,
            seed=recipe.seed,
        )
        return UnwatchedTask(
            network, loss=partial(lung_loss, structures=recipe.structures, weights=recipe.loss)
        ), TaskData(training=images, sampler=sampler, started_from=started_from)

    kept = fit(make, plan=recipe.plan(), seed=recipe.seed, folder=folder, machine=machine)
    with torch.random.fork_rng():  # made anew: training changes how a network runs
        trained = _built(recipe)
    trained.load_state_dict(kept.state)
    return FittedLungs(trained.eval(), kept.started_from)


def lung_passes(network: LungNetwork, array: ModelArray, *, recipe: LungRecipe) -> npt.NDArray[np.float32]:
    """Float32 (2, S, H, W): what reading takes the drawing of one input (C, H, W) and its facts from."""
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(quality_inputs(array, moved=False))).numpy()
    passes = probabilities(logits, structures=recipe.structures)
    if recipe.frame_below is None:
        return passes
    return without_frame(passes, inside=inside_frame(array, spec=recipe.preprocess, black=recipe.frame_below))


def _built(recipe: LungRecipe) -> LungNetwork:
    planes = len(recipe.structures)
    if recipe.encoder is None:
        return PlainLungUNet(planes=planes)
    return SlimLungUNet(planes=planes, encoder=recipe.encoder)
