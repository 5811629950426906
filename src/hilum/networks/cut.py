"""Cuts boxes out of a batch of pictures and brings each to one size.

The filter is Pillow's `bilinear`: a triangle as wide as an output pixel where the box shrinks, and as an input pixel
where it grows, that sees nothing outside the box. So a box with whole edges gives what slicing the picture and resizing
the slice gives, and the box that is the whole picture gives what resizing it gives.

Two matrix products cut the whole batch at once: they wait for no device and go into a graph. A CPU is faster one slice
after the other, as most of these matrices is zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import functional

from hilum.errors import UsageError

_SMALL_PX = 64
"""Up to this side, as a map's, the products are as fast as anything."""


def cut(pictures: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The boxes of each picture, resized: (N, B, C, rows, columns) of `pictures` (N, C, H, W), float32.

    `boxes` (N, B, 4) holds left, top, right and bottom in whole pixels, within the picture and not empty; `size` is
    rows and columns.
    """
    if boxes.ndim != 3 or boxes.shape[-1] != 4 or pictures.ndim != 4 or boxes.shape[0] != pictures.shape[0]:
        raise UsageError(
            f"Images need shape (N, C, H, W) and boxes (N, B, 4); their shapes: {tuple(pictures.shape)} and "
            f"{tuple(boxes.shape)}"
        )
    large = max(*pictures.shape[-2:], *size) > _SMALL_PX
    with exactly(pictures):
        if large and pictures.device.type == "cpu" and not torch.compiler.is_compiling():
            return in_turn(pictures, boxes, size)
        return at_once(pictures, boxes, size)


def at_once(pictures: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """What `cut` gives, as two matrix products."""
    left, top, right, bottom = boxes.unbind(-1)
    down = _weights(top, bottom, pixels=pictures.shape[-2], size=size[0])
    across = _weights(left, right, pixels=pictures.shape[-1], size=size[1])
    return down[:, :, None] @ pictures.float()[:, None] @ across[:, :, None].transpose(-1, -2)


def in_turn(pictures: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """What `cut` gives, one box after the other; torch's antialiasing is Pillow's filter."""
    count, each = boxes.shape[:2]
    parts = [
        functional.interpolate(
            picture[None, :, top:bottom, left:right], size=size, mode="bilinear", align_corners=False, antialias=True
        )
        for picture, own in zip(pictures.float(), boxes.tolist(), strict=True)
        for left, top, right, bottom in own
    ]
    return torch.cat(parts).reshape(count, each, pictures.shape[1], *size)


def whole_boxes(pictures: Tensor) -> Tensor:
    """One box around each picture (N, C, H, W), (N, 1, 4)."""
    rows, columns = pictures.shape[-2:]
    whole = torch.tensor([0, 0, columns, rows], device=pictures.device)
    return whole.expand(pictures.shape[0], 1, 4)


@contextmanager
def exactly(like: Tensor) -> Iterator[None]:
    """Without autocast on the device of `like`: a place in a picture is no place any more in half precision."""
    kind = like.device.type
    if not torch.is_autocast_enabled(kind):
        yield
        return
    with torch.autocast(kind, enabled=False):
        yield


def _weights(start: Tensor, end: Tensor, *, pixels: int, size: int) -> Tensor:
    """What each of `pixels` along one side adds to each of `size` output pixels, (N, B, size, pixels); sums of 1."""
    scale = (end - start).float()[..., None] / size
    middle = (torch.arange(size, device=start.device) + 0.5) * scale
    place = torch.arange(pixels, device=start.device) - start[..., None] + 0.5
    away = (place[..., None, :] - middle[..., None]).abs() / scale[..., None].clamp(min=1.0)
    inside = (place > 0) & (place < (end - start)[..., None])
    weights = (1.0 - away).clamp(min=0.0) * inside[..., None, :]
    return weights / weights.sum(dim=-1, keepdim=True)
