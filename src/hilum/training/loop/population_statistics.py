"""Means and variances of batch norm from all training images, in the place of running averages.

Running averages lag behind weights that still move: after few updates from random weights they describe a network that
is no more, and what it says outside training is wrong though its training loss is not. A last pass over the training
images with still weights mends that (Wu and Johnson 2021, "Rethinking Batch in BatchNorm", section 3), and is how
MATLAB's `trainNetwork` ends (`BatchNormalizationStatistics`, by default "population").
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader

from hilum.training.data.batches import SideBySide, as_batch
from hilum.training.loop.task import Items
from hilum.training.recipe.machine import accelerator

_ORDER = 0
"""The seed of the images' order."""


def with_population_statistics(
    network: nn.Module, *, state: Mapping[str, Tensor], images: Items, count: int, batch_size: int
) -> dict[str, Tensor]:
    """`state` with the statistics of `count` training images, each drawn once, in random order, as training draws them.

    They are the means over batches of `batch_size` images of each batch's own mean and unbiased variance: in the order
    of their names a release's images would come class by class, and what differs between classes be left out. The
    images of a last, smaller batch take no part. Float32 without autocast. `network` ends with the state, in evaluation
    mode, on the CPU.
    """
    network.load_state_dict(state)
    device = accelerator()
    order = np.random.default_rng(_ORDER).permutation(count).tolist()
    loader = DataLoader(
        SideBySide(images),
        batch_size=batch_size,
        sampler=[(index, index) for index in order],  # the draws: an image, and the seed of its augmentation
        collate_fn=as_batch,
        drop_last=True,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)  # of dropout
        update_bn(loader, network.to(device), device=device)
    return network.to("cpu").eval().state_dict()
