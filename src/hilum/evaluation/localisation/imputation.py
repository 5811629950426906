"""Takes pixels out of a picture without leaving an edge: noisy linear imputation (Rong et al. 2022, section 4).

Every pixel that is taken out becomes the weighted mean of its eight neighbours, direct ones weighing 1/6 and diagonal
ones 1/12, of which some are taken out too: a sparse linear system. At the border the weights of the neighbours that are
there are taken as they are, in proportion. A little noise is added, so that the values do not tell what was taken out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix  # type: ignore[import-untyped]
from scipy.sparse.linalg import splu  # type: ignore[import-untyped]

from hilum.errors import UsageError

NOISE = 0.01
"""Standard deviation of the noise, in units of the normalised picture."""

_WEIGHTS = {
    (down, across): 1 / 6 if 0 in (down, across) else 1 / 12
    for down in (-1, 0, 1)
    for across in (-1, 0, 1)
    if (down, across) != (0, 0)
}

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def imputed(picture: Floats, *, gone: Mask, seed: int, noise: float = NOISE) -> Floats:
    """The picture (C, H, W) whose pixels in `gone` (H, W) are made of those around them; the others are as they were.

    Raises `UsageError` where nothing is left to make them of.
    """
    channels, rows, columns = picture.shape
    if gone.shape != (rows, columns) or gone.all():
        raise UsageError(
            f"The mask needs shape {(rows, columns)} and must leave some pixels; its shape is {gone.shape}, or it "
            "hides all of them"
        )
    if not gone.any():
        return picture.copy()
    places = np.flatnonzero(gone)
    number = np.full(gone.size, -1)
    number[places] = np.arange(places.size)
    down, across = np.divmod(places, columns)
    flat = picture.reshape(channels, -1).astype(np.float64)
    known, weight_sum = np.zeros((places.size, channels)), np.zeros(places.size)
    entries: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], float]] = []
    for (up, aside), weight in _WEIGHTS.items():
        inside = (down + up >= 0) & (down + up < rows) & (across + aside >= 0) & (across + aside < columns)
        own = np.flatnonzero(inside)
        beside = places[own] + up * columns + aside
        weight_sum[own] += weight
        unknown = number[beside] >= 0
        known[own[~unknown]] += weight * flat[:, beside[~unknown]].T
        entries.append((own[unknown], number[beside[unknown]], -weight))
    row = np.concatenate([np.arange(places.size), *(own for own, _, _ in entries)])
    column = np.concatenate([np.arange(places.size), *(other for _, other, _ in entries)])
    value = np.concatenate([weight_sum, *(np.full(own.size, weight) for own, _, weight in entries)])
    solved = splu(csc_matrix((value, (row, column)), shape=(places.size, places.size))).solve(known)
    drawn = np.random.default_rng(seed).normal(0.0, noise, solved.shape) if noise else 0.0
    flat[:, places] = (solved + drawn).T
    return flat.reshape(picture.shape).astype(np.float32)
