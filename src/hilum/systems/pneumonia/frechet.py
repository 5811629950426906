"""The Fréchet distance of two sets of vectors taken for normal ones; of a network's features it is an FID."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import DataError


def frechet_distance(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of vectors (n, K) and (m, K), with the covariances over n and m.

    Dowson and Landau 1982; Heusel et al. 2017. The trace of the root is the sum of the roots of the eigenvalues of
    C1^(1/2) C2 C1^(1/2), which is symmetric, so that it is real where either covariance is singular too. Sets of few
    vectors lie further apart than what they were drawn from. Raises `DataError` for other shapes and for an empty set.
    """
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.ndim != 2 or two.ndim != 2 or one.shape[1] != two.shape[1] or not len(one) or not len(two):
        raise DataError(f"Two sets of vectors of one length are needed; their shapes: {one.shape} and {two.shape}")
    (mean, covariance), (other_mean, other) = _moments(one), _moments(two)
    root = _root(covariance)
    middle = np.linalg.eigvalsh(root @ other @ root)
    apart = float(((mean - other_mean) ** 2).sum())
    trace = float(np.trace(covariance) + np.trace(other) - 2 * np.sqrt(np.clip(middle, 0.0, None)).sum())
    return apart + max(0.0, trace)


def _moments(vectors: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    return mean, centred.T @ centred / len(vectors)


def _root(covariance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    values, directions = np.linalg.eigh(covariance)
    return np.asarray((directions * np.sqrt(np.clip(values, 0.0, None))) @ directions.T, np.float64)
