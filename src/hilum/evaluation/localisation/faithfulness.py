"""Whether a map says what a network looks at: the network is asked again with what the map marks taken out.

A map may overlap a box and explain nothing, so these figures stand beside overlap. They need no box.

- Deletion: pixels become the picture's mean, those that the map marks most first; the area under the curve of the
  probability is low for a faithful map. Insertion: they come back into a blurred picture; the area is high (Petsiuk et
  al. 2018, section 4.1).
- ROAD: a share of the pixels is taken out by noisy linear imputation, the most marked ones, and as many of the least
  marked ones; the second probability less the first is high for a faithful map, whatever the shape of what was taken
  out tells (Rong et al. 2022, section 4).

Beside a model's maps stand what knows no network: the average box, and a random map as smooth as a network's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]

from hilum.errors import UsageError
from hilum.evaluation.localisation.imputation import imputed
from hilum.explain.fused_map import PlacedMap
from hilum.explain.onto_pixels import onto_pixels
from hilum.geometry import Geometry

STEPS = 16
"""Steps of deletion and insertion, each of as many pixels."""
TAKEN = (0.2, 0.4, 0.6, 0.8)
"""Shares of the pixels that ROAD takes out."""
BLUR = 1 / 22
"""Standard deviation of the blur that insertion starts from, of the picture's shorter side: 10 of 224 pixels."""
_BATCH = 16

Floats = npt.NDArray[np.float32]
Ask = Callable[[Floats], npt.NDArray[np.float64]]
"""From pictures (N, C, H, W) to the probability (N,) of the label in question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithful:
    """Areas under the curves of deletion and insertion, and ROAD's mean difference, all in units of probability."""

    deletion: float
    insertion: float
    road: float


def importance(placed: PlacedMap, *, geometry: Geometry, size: tuple[int, int]) -> Floats:
    """A map in native pixels at the pixels (rows, columns) of a network's input, whose `geometry` leads home."""
    way = geometry.inverse().after(placed.geometry)
    return onto_pixels(placed.grid, geometry=way, rows=size[0], columns=size[1])


def random_map(*, size: tuple[int, int], cells: int, seed: int) -> Floats:
    """A random map at a network's input, as smooth as one of `cells` a side: what knows neither picture nor network."""
    grid = np.random.default_rng(seed).normal(size=(cells, cells)).astype(np.float32)
    return onto_pixels(
        grid, geometry=Geometry(size[1] / cells, size[0] / cells, 0.0, 0.0), rows=size[0], columns=size[1]
    )


def faithfulness(picture: Floats, *, marks: Floats, ask: Ask, seed: int) -> Faithful:
    """How faithful a map `marks` (H, W) of a normalised picture (C, H, W) is; the higher a pixel, the more it marks.

    Pixels that are marked alike are taken in a random order that follows from `seed`. Raises `UsageError` where the
    shapes differ or a probability is none.
    """
    if picture.shape[1:] != marks.shape or not np.isfinite(marks).all():
        raise UsageError(
            f"The map needs shape {picture.shape[1:]} and finite values; its shape is {marks.shape}, or it holds NaN "
            "or infinity"
        )
    order = _order(marks, seed=seed)
    grey = np.broadcast_to(picture.mean(axis=(1, 2), keepdims=True), picture.shape)
    sigma = BLUR * min(marks.shape)
    blurred = np.stack([gaussian_filter(channel, sigma) for channel in picture]).astype(np.float32)
    least_first = order[::-1]
    taken = [(share, first) for share in TAKEN for first in (order, least_first)]
    road = _answers(
        (imputed(picture, gone=_mask(first, share=share, shape=marks.shape), seed=seed) for share, first in taken), ask
    )
    return Faithful(
        deletion=_area(_answers(_replaced(picture, by=grey, order=order), ask)),
        insertion=_area(_answers(_replaced(blurred, by=picture, order=order), ask)),
        road=float(np.mean(road[1::2] - road[::2])),
    )


def _order(marks: Floats, *, seed: int) -> npt.NDArray[np.intp]:
    """Pixels from the most to the least marked one."""
    ties = np.random.default_rng(seed).random(marks.size)
    return np.lexsort((ties, -marks.ravel()))


def _mask(order: npt.NDArray[np.intp], *, share: float, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(order.size, np.bool_)
    mask[order[: round(share * order.size)]] = True
    return mask.reshape(shape)


def _replaced(picture: Floats, *, by: npt.NDArray[np.floating], order: npt.NDArray[np.intp]) -> Iterator[Floats]:
    """The picture with the first 0, 1/16, ... and all pixels of the order replaced."""
    for step in range(STEPS + 1):
        mask = _mask(order, share=step / STEPS, shape=picture.shape[1:])
        yield np.where(mask, by, picture).astype(np.float32)


def _answers(pictures: Iterator[Floats], ask: Ask) -> npt.NDArray[np.float64]:
    found: list[npt.NDArray[np.float64]] = []
    batch: list[Floats] = []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == _BATCH:
            found.append(ask(np.stack(batch)))
            batch = []
    if batch:
        found.append(ask(np.stack(batch)))
    probabilities = np.concatenate(found)
    if not np.isfinite(probabilities).all():
        raise UsageError("The model gave NaN or infinity instead of a probability")
    return probabilities


def _area(curve: npt.NDArray[np.float64]) -> float:
    """The area under a curve over shares from 0 to 1, by the trapezoid rule."""
    return float((curve[1:] + curve[:-1]).mean() / 2)
