"""The black around a picture: collimated borders and padding, where a network that never learnt them may draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.explain.components import labelled_components
from hilum.imaging.preprocess import PreprocessSpec

Mask = npt.NDArray[np.bool_]

_SMOOTHED = 3
"""Grey is averaged over squares of so many pixels, and thinner black than that is no frame: a dark line, a letter."""


def inside_frame(array: npt.NDArray[np.float32], *, spec: PreprocessSpec, black: float) -> Mask:
    """Where an input float32 (C, H, W), prepared by `spec`, shows a picture: bool (H, W).

    What is at most `black` (of the range [0, 1]) and reaches in from an edge is the frame. A dark lung is none: between
    it and the edge lies the wall of the chest; where the picture is cut within the lungs a little may be lost.
    """
    grey = array[0] * np.float32(spec.std[0]) + np.float32(spec.mean[0])
    dark = _mean_of_squares(grey) <= black
    numbers, count = labelled_components(dark)
    reaches = np.zeros(count + 1, np.bool_)
    for edge in (numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]):
        reaches[edge] = True
    reaches[0] = False
    return ~reaches[numbers]


def without_frame(passes: npt.NDArray[np.float32], *, inside: Mask) -> npt.NDArray[np.float32]:
    """Probabilities (P, S, H, W), led back to the picture as it is, with none outside of `inside`, bool (H, W)."""
    return np.where(inside, passes, np.float32(0))


def _mean_of_squares(grey: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mean around each pixel of (H, W), with the border repeated."""
    rows, columns = grey.shape
    padded = np.pad(grey, _SMOOTHED // 2, mode="edge")
    total = np.zeros_like(grey)
    for row in range(_SMOOTHED):
        for column in range(_SMOOTHED):
            total += padded[row : row + rows, column : column + columns]
    return total / np.float32(_SMOOTHED**2)
