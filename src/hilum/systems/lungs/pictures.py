"""Pictures with lung masks in memory, and what training draws from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (the name that every torch user reads)
from torch.utils.data import Dataset

from hilum.datasets.prepared.images import fixed_size
from hilum.datasets.records.record import Record
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import PreprocessSpec, normalise, stretched_again
from hilum.systems.lungs.recipe import LungFraming
from hilum.systems.lungs.study.truth import read_targets
from hilum.training.data.images import IN_MEMORY, Preparation, load_images
from hilum.training.recipe.augment import (
    Augmentation,
    affine_grid,
    change_grey_scale,
    change_sharpness,
    even_out_contrast,
)

Bytes = npt.NDArray[np.uint8]

MIRRORED = [1, 0, 2, 4, 3, 5, 6]
"""For each of `TRUTHS` the plane that shows the same in a mirrored picture."""


@dataclass(frozen=True, slots=True, eq=False)
class LungPicture:
    """`grey` uint8 (S, S), as reading sees it, and `target` uint8 (7, S, S) as the loss wants it."""

    record: Record
    grey: Bytes
    target: Bytes


def load_lung_pictures(
    records: Sequence[Record], *, spec: PreprocessSpec, preparation: Preparation = IN_MEMORY
) -> list[LungPicture]:
    """Bring pictures (or take them from the cache) and masks to the network's grid, a plain stretch of the picture.

    Raises `DataError` where a mask has another size than its picture, or the specification fixes no size, and what
    decoding raises.
    """
    size = fixed_size(spec)
    greys = load_images(records, spec=spec, labels=(), preparation=preparation).grey
    with ThreadPoolExecutor(max_workers=preparation.jobs, thread_name_prefix="hilum-masks") as pool:
        targets = list(pool.map(partial(read_targets, size=size), records))
    return [LungPicture(record, grey_bytes(greys[index]), targets[index]) for index, record in enumerate(records)]


def grey_bytes(unit: npt.NDArray[np.float32]) -> Bytes:
    """A picture (H, W) in [0, 1] in 8 bits."""
    return np.rint(unit * 255).astype(np.uint8)


class LungTrainingImages(Dataset[tuple[Tensor, Tensor]]):
    """Framed, changed, normalised pictures (C, S, S) with targets uint8 (7, S, S); indexed by (picture, seed)."""

    def __init__(
        self, pictures: Sequence[LungPicture], *, spec: PreprocessSpec, framing: LungFraming, grey: Augmentation
    ) -> None:
        self._pictures, self._spec, self._framing, self._grey = pictures, spec, framing, grey

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, drawn: tuple[int, int]) -> tuple[Tensor, Tensor]:
        index, seed = drawn
        picture, draw = self._pictures[index], torch.Generator().manual_seed(seed)
        unit = torch.from_numpy(to_unit(picture.grey, bits=8))
        unit, target = reframe_lungs(unit, torch.from_numpy(picture.target), framing=self._framing, draw=draw)
        changed = change_grey(unit, settings=self._grey, draw=draw).numpy()
        return torch.from_numpy(normalise(stretched_again(changed, spec=self._spec), spec=self._spec)), target


def reframe_lungs(
    unit: Tensor, target: Tensor, *, framing: LungFraming, draw: torch.Generator
) -> tuple[Tensor, Tensor]:
    """One random affine of a picture (H, W) in [0, 1] and its targets uint8 (7, H, W).

    Outside the frame the picture is black, as collimated borders are, and the targets are `UNKNOWN`: lung may go on
    there.
    """
    turn = math.radians(_around(framing.rotation_deg, draw))
    zoom, stretch = _around(framing.zoom, draw) + _smaller(framing, draw), _around(framing.stretch, draw) / 2
    scale_x, scale_y = math.exp(zoom + stretch), math.exp(zoom - stretch)
    shift_x, shift_y = 2 * _around(framing.shift, draw), 2 * _around(framing.shift, draw)
    mirrored = bool(torch.rand((), generator=draw) < framing.flip_probability)
    cos, sin = math.cos(turn), math.sin(turn)
    mirror = -1.0 if mirrored else 1.0
    rows = [[mirror * scale_x * cos, -scale_y * sin, shift_x], [mirror * scale_x * sin, scale_y * cos, shift_y]]
    grid = affine_grid(torch.tensor(rows), height=unit.shape[0], width=unit.shape[1])
    moved = F.grid_sample(unit[None, None], grid, padding_mode="zeros", align_corners=False)[0, 0]
    # classes are moved one up, so that what comes from outside the frame is 0; in uint8 `UNKNOWN` + 1 is 0 too
    labels = (target + 1).float()
    drawn = F.grid_sample(labels[None], grid, mode="nearest", padding_mode="zeros", align_corners=False)[0].round()
    moved_target = drawn.to(torch.uint8) - 1
    return moved, moved_target[MIRRORED] if mirrored else moved_target


def _smaller(framing: LungFraming, draw: torch.Generator) -> float:
    """What a chest that fills less adds to the logarithm of the scale."""
    # without it no number is drawn, so that older recipes draw what they drew
    if framing.small_probability == 0 or float(torch.rand((), generator=draw)) >= framing.small_probability:
        return 0.0
    low, high = framing.small
    return -math.log(low + (high - low) * float(torch.rand((), generator=draw)))


def change_grey(unit: Tensor, *, settings: Augmentation, draw: torch.Generator) -> Tensor:
    """The grey changes of `augment`, without its framing: local contrast by chance, sharpness, grey scale, noise."""
    if bool(torch.rand((), generator=draw) < settings.local_contrast_probability):
        low, high = settings.local_contrast_sigma_px
        unit = even_out_contrast(unit, sigma_px=low + (high - low) * float(torch.rand((), generator=draw)))
    unit = change_sharpness(unit, settings=settings, draw=draw)
    return change_grey_scale(unit, settings=settings, draw=draw)


def _around(reach: float, draw: torch.Generator) -> float:
    return reach * (2 * float(torch.rand((), generator=draw)) - 1)
