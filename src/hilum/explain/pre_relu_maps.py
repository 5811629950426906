"""The CAM family on the map before the last ReLU, for networks that pool behind it, as DenseNets do.

Whoever hooks the last norm of a DenseNet explains the map A (K, h, w) before its ReLU, and not F = max(A, 0), which is
pooled. With n = h w cells, `z_l = b_l + sum_k w_lk mean(max(A_k, 0))`, so `dz_l / dA_kij = w_lk / n` where A_kij > 0
and 0 elsewhere: the gradient is no longer the same in every cell, and Grad-CAM and XGrad-CAM are two pictures. Pun et
al. 2021 (table III) have two columns that differ for their DenseNet-121 alone, as they must in this form.

Every function takes `before` (K, h, w) or (N, K, h, w) and `weight` (L, K) and gives maps (L, h, w) or (N, L, h, w),
which are >= 0. None is scaled to the range of one image.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError

Floats = npt.NDArray[np.floating]


def pre_relu_grad_cam(before: Floats, weight: Floats) -> Floats:
    """Grad-CAM of A: `ReLU(sum_k alpha_lk A_k)`, `alpha_lk = w_lk / n` times the share of cells with A_k > 0.

    Selvaraju et al. 2017, equations 1 and 2.
    """
    _check(before, weight)
    cells = before.shape[-2] * before.shape[-1]
    lit = (before > 0).mean(axis=(-2, -1), dtype=np.float64)[..., None, :]
    return _positive_sum(before, weight * lit / cells)


def pre_relu_xgrad_cam(before: Floats, weight: Floats) -> Floats:
    """XGrad-CAM of A: `alpha_lk = w_lk / n * sum max(A_k, 0) / sum A_k` (Fu et al. 2020, equation 8).

    Where a channel's values sum to nearly 0 its weight is huge, and where the sum is negative it changes sign: that is
    the formula, whose authors have A >= 0. A channel that sums to 0 is left out.
    """
    _check(before, weight)
    cells = before.shape[-2] * before.shape[-1]
    total = before.sum(axis=(-2, -1), dtype=np.float64)
    positive = np.maximum(before, 0).sum(axis=(-2, -1), dtype=np.float64)
    ratio = np.divide(positive, total, out=np.zeros_like(total), where=total != 0)[..., None, :]
    return _positive_sum(before, weight * ratio / cells)


def pre_relu_grad_cam_plus_plus(before: Floats, weight: Floats) -> Floats:
    """Grad-CAM++ of A for the score exp(z) (Chattopadhay et al. 2018, equations 5 and 19).

    With g = w_lk / n in the cells where A > 0, alpha is `1 / (2 + g sum_ij A_kij)` there, and
    `v_lk = (number of such cells) alpha max(g, 0)`. A channel whose denominator is not positive is left out.
    """
    _check(before, weight)
    cells = before.shape[-2] * before.shape[-1]
    gradient = np.maximum(weight.astype(np.float64) / cells, 0.0)
    denominator = 2 + gradient * before.sum(axis=(-2, -1), dtype=np.float64)[..., None, :]
    lit = (before > 0).sum(axis=(-2, -1))[..., None, :]
    weights = np.divide(lit * gradient, denominator, out=np.zeros_like(denominator), where=denominator > 0)
    return _positive_sum(before, weights)


def _positive_sum(before: Floats, weights: Floats) -> Floats:
    """`ReLU(sum_k weights_lk A_k)` as one matrix product; `weights` is (L, K) or (N, L, K)."""
    flat = before.reshape(*before.shape[:-2], -1)
    product: Floats = weights.astype(np.result_type(before)) @ flat
    return np.maximum(product.reshape(*product.shape[:-1], *before.shape[-2:]), 0)


def _check(before: Floats, weight: Floats) -> None:
    if before.ndim not in (3, 4) or weight.ndim != 2 or before.shape[-3] != weight.shape[1] or 0 in before.shape:
        raise UsageError(
            f"maps must be (K, h, w) or (N, K, h, w) with cells and weight (L, K), not {before.shape} and "
            f"{weight.shape}"
        )
