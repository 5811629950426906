"""Softened copies of validation images, on which the operating point is chosen.

Images from elsewhere are often softer than those trained on. A point chosen on sharp images then calls healthy
children ill, so it is chosen on copies that are blurred by a random amount fixed beforehand.
"""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from hilum.radiograph import Pixels
from hilum.training.recipe.augment import gaussian_blur

SIGMA_SHARE = (0.0, 1.5 / 224)
"""The Gaussian's standard deviation as a share of the image's height, drawn uniformly."""


def soften(pixels: Pixels, *, seed: int) -> Pixels:
    """A blurred copy of (H, W) in [0, 1]; the same seed gives the same copy."""
    sigma_px = float(np.random.default_rng(seed).uniform(*SIGMA_SHARE)) * pixels.shape[0]
    if sigma_px < 0.1:  # a narrower Gaussian has no weight outside its own pixel
        return pixels
    blurred: Pixels = gaussian_blur(torch.from_numpy(pixels), sigma_px=sigma_px).clamp(0.0, 1.0).numpy()
    return blurred


def as_png(pixels: Pixels) -> bytes:
    """An 8-bit grey PNG of (H, W) in [0, 1], as a file would come to the reader."""
    buffer = io.BytesIO()
    Image.fromarray(np.round(pixels * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
