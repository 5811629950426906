"""Score-CAM: a map's weights are what a network says of the picture seen through each of its channels.

Wang et al. 2020 (arXiv:1910.01279), definition 4 and equations 5 to 8: channel k is brought to the picture's size,
stretched to [0, 1] and multiplied with the normalised picture; its weight is the softmax over channels of the logit of
what is left, less that of nothing, which a softmax does not see. One pass for each channel serves all labels: 1,024 for
a DenseNet-121.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from hilum.networks.pooled_classifier import PooledClassifier

BATCH = 32
_LEAST = 1e-8
"""Keeps a channel that is the same everywhere from dividing by 0; it then hides everything."""


def score_cam(network: PooledClassifier, images: Tensor) -> Tensor:
    """The maps (L, h, w), >= 0, of one normalised picture (1, C, H, W) on the network's last grid."""
    with torch.inference_mode():
        features = network.features(images)
        scores = torch.cat([network(images * masks) for masks in torch.split(_masks(features, images=images), BATCH)])
        weights = scores.softmax(dim=0).T  # (L, K)
        maps = torch.einsum("lk,khw->lhw", weights, features[0])
    return maps.clamp(min=0)


def _masks(features: Tensor, *, images: Tensor) -> Tensor:
    """Each channel of (1, K, h, w) at the picture's size, from 0 to 1: (K, 1, H, W)."""
    size = images.shape[-2:]
    large = functional.interpolate(features, size=size, mode="bilinear", align_corners=False)[0, :, None]
    low, high = large.amin(dim=(-2, -1), keepdim=True), large.amax(dim=(-2, -1), keepdim=True)
    return (large - low) / (high - low + _LEAST)
