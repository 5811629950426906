"""Copies of one picture whose readings are averaged without training: as it is, blurred, sharpened and equalised."""

from __future__ import annotations

import numpy as np
import torch

from hilum.imaging.preprocess import equalise
from hilum.radiograph import Pixels
from hilum.training.recipe.augment import EQUALISE_LEVELS, gaussian_blur

COPIES = ("as it is", "blurred", "sharpened", "equalised")
SIGMA_SHARE = 1.0 / 224
"""The Gaussian's standard deviation, of the blur and of the unsharp mask, as a share of the picture's height."""


def copies_of(grey: Pixels) -> tuple[Pixels, ...]:
    """The copies of a prepared picture (H, W) in [0, 1], in the order of `COPIES`.

    Blurred with a Gaussian of one pixel in 224, sharpened by the difference from that (an unsharp mask of weight 1),
    and with its histogram equalised.
    """
    image = torch.from_numpy(np.array(grey, np.float32))
    soft = gaussian_blur(image, sigma_px=SIGMA_SHARE * grey.shape[0])
    sharp = (2.0 * image - soft).clamp(0.0, 1.0)
    return np.asarray(grey), soft.clamp(0.0, 1.0).numpy(), sharp.numpy(), equalise(grey, levels=EQUALISE_LEVELS)
