"""Means and variances of batch norm from all training images, in the place of running averages.

Running averages lag behind weights that still move: after few updates from random weights they describe a network that
is no more, and what it says outside training is wrong though its training loss is not. A last pass over the training
images with still weights mends that (Wu and Johnson 2021, "Rethinking Batch in BatchNorm", section 3), and is how
MATLAB's `trainNetwork` ends (`BatchNormalizationStatistics`, by default "population"). Validations before go by those
of a part of the images, or a training would be stopped by what is said of a network that nobody keeps.

The images are those of one epoch of the training's own draws. Where draws are balanced, the statistics of all images as
they are would be of another mixture than the weights have learnt with, and every output would be moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from lightning import pytorch as pl
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader

from hilum.training.data.batches import SideBySide, as_batch
from hilum.training.loop.task import Items
from hilum.training.recipe.machine import accelerator
from hilum.training.recipe.samplers import SeededSampler

_ORDER = 0
"""The seed of the images' order."""

_AT_VALIDATIONS = 512
"""Images whose statistics a validation goes by, where there are more."""


def with_population_statistics(
    network: nn.Module, *, state: Mapping[str, Tensor], images: Items, order: Sequence[int], batch_size: int
) -> dict[str, Tensor]:
    """`state` with the statistics of the training images `order`, an epoch's draws by `population_order`.

    They are the means over batches of `batch_size` images of each batch's own mean and unbiased variance: in the order
    of their names a release's images would come class by class, and what differs between classes be left out. The
    images of a last, smaller batch take no part, unless it is the only one. Float32 without autocast. `network` ends
    with the state, in evaluation mode, on the CPU.
    """
    network.load_state_dict(state)
    device = accelerator()
    _measure(network.to(device), images=images, indices=order, batch_size=batch_size, device=device)
    return network.to("cpu").eval().state_dict()


class ValidatedWithPopulation(Callback):
    """Validates `network` with statistics of training images, and leaves what it trains with as it was.

    They are measured anew before each validation, as `with_population_statistics` does, from the first 512 images of
    `order` (from one whole batch, where that is more). No random number of the training is used up. It
    is to stand before a callback that averages weights, which has put them in when the first batch comes, and takes
    them out after this one.
    """

    def __init__(self, network: nn.Module, *, images: Items, order: Sequence[int], batch_size: int) -> None:
        self._network, self._images, self._batch_size = network, images, batch_size
        self._indices = order[: max(_AT_VALIDATIONS, batch_size)]
        self._before: list[Tensor] = []

    def on_validation_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Measure before the first batch."""
        del trainer, batch
        if batch_idx or dataloader_idx:
            return
        self._before = [buffer.clone() for buffer in self._network.buffers()]
        _measure(
            self._network,
            images=self._images,
            indices=self._indices,
            batch_size=self._batch_size,
            device=pl_module.device,
        )

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the running averages back."""
        del trainer, pl_module
        for buffer, before in zip(self._network.buffers(), self._before, strict=True):
            buffer.copy_(before)
        self._before = []


def population_order(sampler: SeededSampler) -> list[int]:
    """The images whose statistics are measured, in order: an epoch of the draws of `sampler`, the same each time."""
    order: list[int] = sampler.order(np.random.default_rng(_ORDER)).tolist()
    return order


def _measure(
    network: nn.Module, *, images: Items, indices: Sequence[int], batch_size: int, device: torch.device
) -> None:
    """Put the statistics of whole batches of the images `indices`, in that order, into `network` on `device`."""
    loader = DataLoader(
        SideBySide(images),
        batch_size=min(batch_size, len(indices)),  # or there would be no whole batch
        sampler=[(index, index) for index in indices],  # the draws: an image, and the seed of its augmentation
        collate_fn=as_batch,
        drop_last=True,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)  # of dropout
        update_bn(loader, network, device=device)
