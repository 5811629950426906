"""From the last feature map of one network to the box that another looks at, for a whole batch and every device.

A map over the cells says where the network attends. Scaled to [0, 1] over its picture and brought to a finer grid, it
is cut at a threshold; the largest 8-connected part is kept, and its bounding box is what is looked at (Guan et al.
2018, section 3.2, equation 2, for the channels' maximum). What is done is the same whatever the map holds, so that it
waits for no device and goes into a graph. No gradient flows through a box.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hilum.bundle.two_looks_spec import AttendedMap
from hilum.errors import UsageError
from hilum.networks.cut import cut, exactly, whole_boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """How a feature map becomes a box.

    A cell belongs to the mask where the map, scaled to [0, 1], is at least `threshold`; the map is first interpolated
    to `subdivisions` a cell, an odd number, so that the middle of each cell is seen. The threshold is fixed beforehand,
    never fitted.
    """

    map: AttendedMap = "channel maximum"
    threshold: float = 0.7
    subdivisions: int = 9

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0 or self.subdivisions not in range(1, 32, 2):
            raise UsageError(
                "The attention threshold must be above 0 and at most 1, and the number of subdivisions odd and at most "
                f"31; given: {self.threshold} and {self.subdivisions}"
            )


def attended_boxes(
    features: Tensor, weight: Tensor, logits: Tensor, attention: Attention, picture: tuple[int, int]
) -> Tensor:
    """Left, top, right and bottom in whole pixels of a picture of `picture` (rows, columns): int64 (N, B, 4).

    `features` (N, K, h, w) is the last feature map, `weight` (L, K) of the linear layer over its means, `logits`
    (N, L). B is 1, or L for `each label`. A box is no smaller than one cell, and the whole picture where the map is
    the same everywhere, as a map of one cell is.
    """
    maps = attended_maps(features.detach(), weight.detach(), logits.detach(), attention.map)
    masks = attended_masks(maps, attention)
    return boxes_of(masks, picture=picture, cells=(maps.shape[-2], maps.shape[-1]))


def attended_maps(features: Tensor, weight: Tensor, logits: Tensor, by: AttendedMap) -> Tensor:
    """The map (N, B, h, w), float32, in the unit of `features` or of the logits; see `AttendedMap`."""
    with exactly(features):
        if by == "channel maximum":
            return features.float().abs().amax(dim=1, keepdim=True)
        cells = features.shape[-2] * features.shape[-1]
        maps = functional.conv2d(features.float(), weight.float()[:, :, None, None]) / cells
    if by == "each label":
        return maps
    chosen = logits.float().argmax(dim=1)[:, None, None, None]
    return maps.gather(1, chosen.expand(-1, 1, maps.shape[-2], maps.shape[-1]))


def attended_masks(maps: Tensor, attention: Attention) -> Tensor:
    """The largest part above the threshold of `maps` (N, B, h, w): bool (N, B, h s, w s), s the subdivisions.

    Everything is in the mask where a map is the same everywhere, or no number.
    """
    fine = maps
    if attention.subdivisions > 1:
        size = maps.shape[-2] * attention.subdivisions, maps.shape[-1] * attention.subdivisions
        as_pictures = maps.flatten(0, 1)[:, None]
        fine = cut(as_pictures, whole_boxes(as_pictures), size).reshape(*maps.shape[:2], *size)
    lowest = fine.amin(dim=(-2, -1), keepdim=True)
    spread = fine.amax(dim=(-2, -1), keepdim=True) - lowest
    says = spread > 0  # also false for NaN
    high = (fine - lowest >= attention.threshold * spread) | ~says
    return largest_components(high.flatten(0, 1)).reshape(high.shape)


def largest_components(masks: Tensor) -> Tensor:
    """The largest 8-connected part of each mask, bool (N, H, W); of parts of one size the first in raster order."""
    labels = labelled_components(masks).flatten(1)
    pixels = labels.shape[1]
    sizes = torch.zeros(labels.shape[0], pixels + 1, dtype=torch.int64, device=masks.device)
    sizes = sizes.scatter_add(1, labels, torch.ones_like(labels))[:, :pixels]
    # one number orders by size and then by place: no device promises which of equal ones it finds
    order = sizes * pixels - torch.arange(pixels, device=masks.device)
    largest = order.argmax(dim=1, keepdim=True)
    return (labels == largest).reshape(masks.shape)


def labelled_components(masks: Tensor) -> Tensor:
    """For each pixel of `masks` bool (N, H, W) the raster index of its 8-connected part's first pixel, H W outside.

    In every round a pixel and the root that it points to take the least index among the pixel's neighbours, and then
    each points to its root's root (Shiloach and Vishkin 1982). The rounds are two more than the binary logarithm of the
    longer side: more than spirals, serpents and noise at the brink of percolation need on 126 x 126.
    """
    count, rows, columns = masks.shape
    pixels = rows * columns
    inside = functional.pad(masks.reshape(count, pixels), (0, 1))  # one more place, for what points outside
    outside = torch.full((1, 1), pixels, dtype=torch.int64, device=masks.device)
    labels = torch.where(inside, torch.arange(pixels + 1, device=masks.device), outside)
    for _ in range(math.ceil(math.log2(max(rows, columns))) + 2):
        plane = labels[:, :pixels].reshape(count, 1, rows, columns).float()
        least = -functional.max_pool2d(-plane, kernel_size=3, stride=1, padding=1)
        least = functional.pad(least.reshape(count, pixels).long(), (0, 1))
        least = torch.where(inside, least, outside)
        labels = torch.minimum(labels.scatter_reduce(1, labels, least, "amin"), least)
        labels = labels.gather(1, labels)
        labels = labels.gather(1, labels)
    return labels[:, :pixels].reshape(count, rows, columns)


def boxes_of(masks: Tensor, *, picture: tuple[int, int], cells: tuple[int, int]) -> Tensor:
    """The boxes around `masks` bool (N, B, H, W), none of them empty, in whole pixels outwards: int64 (N, B, 4).

    The masks cover a picture of `picture` (rows, columns) pixels, whose attention had `cells`. A box that is smaller
    than a cell is widened to one about its middle, and moved inside the picture.
    """
    top, bottom = _extent(masks.any(dim=-1), pixels=picture[0], cells=cells[0])
    left, right = _extent(masks.any(dim=-2), pixels=picture[1], cells=cells[1])
    return torch.stack([left, top, right, bottom], dim=-1)


def _extent(occupied: Tensor, *, pixels: int, cells: int) -> tuple[Tensor, Tensor]:
    """Where the occupied part of one side (N, B, H) begins and ends in pixels, at least a cell long."""
    places = occupied.shape[-1]
    place = torch.arange(places, device=occupied.device)
    first = torch.where(occupied, place, places).amin(dim=-1)
    last = torch.where(occupied, place, -1).amax(dim=-1)
    start, end = first * pixels // places, -(-(last + 1) * pixels // places)
    length = (end - start).clamp(min=min(pixels, -(-pixels // cells)))
    start = torch.minimum((start - (length - (end - start)) // 2).clamp(min=0), pixels - length)
    return start, start + length
