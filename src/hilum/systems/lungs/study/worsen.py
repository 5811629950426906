"""Annotated pictures made worse, as others come: softened, cropped, with a small chest, exposed otherwise.

The lungs' releases hold careful pictures of adults. What a rule of trust learns on their drawings alone it does not
know of children, the bedside and screenshots, of which no masks are here. Of a picture that was made worse the masks
are known. Each picture is made worse in one way, which follows from its content, as does how much.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)

from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import PreprocessSpec, stretched_again
from hilum.radiograph import Pixels
from hilum.systems.lungs.study.truth import UNKNOWN
from hilum.training.recipe.augment import affine_grid, gaussian_blur, shrink_and_enlarge, uniform

Way = Literal["as it is", "softened", "cropped", "small", "exposed"]
AS_IT_IS: Way = "as it is"
WORSE: tuple[Way, ...] = ("softened", "cropped", "small", "exposed")

_SOFT, _BLUR_PX = (0.12, 0.35), (0.5, 2.0)
_CROP, _SMALL, _STRETCH = (0.55, 0.85), (0.45, 0.8), 0.35
_LOG_GAMMA, _GAIN, _OFFSET = (0.5, 1.1), (0.5, 2.2), 0.35

Bytes = npt.NDArray[np.uint8]


def worse_way(sha256: str) -> Way:
    """In which way the picture with this content is made worse."""
    return WORSE[int(sha256[:8], 16) % len(WORSE)]


def worsened(grey: Bytes, *, way: Way, sha256: str, spec: PreprocessSpec) -> Pixels:
    """A prepared picture uint8 (H, W) made worse, as reading would prepare it: float32 (H, W) in [0, 1]."""
    unit, draw = torch.from_numpy(to_unit(grey, bits=8)), _generator(sha256)
    grid = _grid(way, shape=grey.shape, draw=draw)
    if grid is not None:
        unit = F.grid_sample(unit[None, None], grid, padding_mode="zeros", align_corners=False)[0, 0]
    if way == "softened":
        unit = _softened(unit, draw=draw)
    elif way == "exposed":
        unit = _exposed(unit, draw=draw)
    return stretched_again(unit.clamp(0.0, 1.0).numpy(), spec=spec)


def worsened_targets(targets: Bytes, *, way: Way, sha256: str) -> Bytes:
    """The targets uint8 (7, H, W) of `worsened`: outside the picture's frame nothing is drawn."""
    grid = _grid(way, shape=targets.shape[1:], draw=_generator(sha256))
    if grid is None:
        return targets
    planes = torch.from_numpy(targets).float()
    moved = F.grid_sample(planes[None], grid, mode="nearest", padding_mode="zeros", align_corners=False)[0]
    moved[planes.amin(dim=(1, 2)) == UNKNOWN] = UNKNOWN
    return moved.round().to(torch.uint8).numpy()


def _generator(sha256: str) -> torch.Generator:
    return torch.Generator().manual_seed(int(sha256[8:16], 16))


def _grid(way: Way, *, shape: tuple[int, ...], draw: torch.Generator) -> Tensor | None:
    """Where each pixel comes from, or None where they stay; it takes the first numbers of `draw`."""
    if way == "cropped":
        scale = uniform(*_CROP, draw)
        reach = 1 - scale
        rows = [[scale, 0.0, reach * uniform(-1, 1, draw)], [0.0, scale, reach * uniform(-1, 1, draw)]]
    elif way == "small":
        scale, stretch = 1 / uniform(*_SMALL, draw), math.exp(uniform(-_STRETCH, _STRETCH, draw) / 2)
        across, down = scale * stretch, scale / stretch
        rows = [
            [across, 0.0, (across - 1) * 0.5 * uniform(-1, 1, draw)],
            [0.0, down, (down - 1) * 0.5 * uniform(-1, 1, draw)],
        ]
    else:
        return None
    return affine_grid(torch.tensor(rows), height=shape[0], width=shape[1])


def _softened(unit: Tensor, *, draw: torch.Generator) -> Tensor:
    height, width = (max(8, round(side * uniform(*_SOFT, draw))) for side in unit.shape)
    return gaussian_blur(shrink_and_enlarge(unit, height=height, width=width), sigma_px=uniform(*_BLUR_PX, draw))


def _exposed(unit: Tensor, *, draw: torch.Generator) -> Tensor:
    """Far too dark or too bright, and cut where the range ends."""
    sign = 1 if uniform(0, 1, draw) < 0.5 else -1
    grey = unit.clamp(0.0, 1.0) ** math.exp(sign * uniform(*_LOG_GAMMA, draw))
    gain = uniform(*_GAIN, draw)
    return (0.5 + gain * (grey - 0.5) + uniform(-_OFFSET, _OFFSET, draw)).clamp(0.0, 1.0)
