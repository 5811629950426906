"""The CAM family in closed form, for networks that end in global average pooling and a linear layer.

F (K, h, w) is the last feature map after its ReLU, so F >= 0, n = h w its cells, m_k the mean of channel k, and
`z_l = b_l + sum_k w_lk m_k` the logit of label l. Its gradient is the same in every cell, `dz_l / dF_kij = w_lk / n`,
so that no method of this family needs autograd: the maps of all labels cost one matrix product.

Every function takes `features` (K, h, w) or (N, K, h, w) and `weight` (L, K), and gives float maps (L, h, w) or
(N, L, h, w). Nothing is scaled to the range of one image: a healthy chest must not glow. The target is always a logit
of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError

Floats = npt.NDArray[np.floating]


def logit_contribution(features: Floats, weight: Floats) -> Floats:
    """The class map `sum_k w_lk F_k / n`, unrectified; its sum over cells is the logit minus the bias.

    This is CAM (Zhou et al. 2016, equation 2) divided by n, and Grad-CAM before its ReLU. The unit is that of the
    logit.
    """
    _check(features, weight)
    cells = features.shape[-2] * features.shape[-1]
    return _weighted_sum(features, weight / weight.dtype.type(cells))


def grad_cam(features: Floats, weight: Floats) -> Floats:
    """Grad-CAM: `ReLU(sum_k alpha_lk F_k)`, `alpha_lk = mean_ij dz_l / dF_kij` (Selvaraju et al. 2017, eq. 1 and 2).

    The gradient being w_lk / n everywhere, alpha_lk is w_lk / n, and this is the positive part of
    `logit_contribution`, in the same unit. So is XGrad-CAM, whose `alpha_lk = sum_ij (F_kij / sum F_k) dz_l / dF_kij`
    (Fu et al. 2020, equation 8) is a weighted mean of that one constant.
    """
    return np.maximum(logit_contribution(features, weight), 0)


def grad_cam_plus_plus(features: Floats, weight: Floats, *, epsilon: float = 0.0) -> Floats:
    """Grad-CAM++ for the score exp(z): `ReLU(sum_k v_lk F_k)` (Chattopadhay et al. 2018, equations 5 and 19).

    With g = w_lk / n the paper's `alpha = g^2 / (2 g^2 + g^3 sum_ij F_kij)` is the same in every cell, and
    `v_lk = n alpha max(g, 0) = max(w_lk, 0) / (2 + m_k w_lk)`; the factor exp(z), common to all channels, is left out.
    `epsilon` is added to the denominator of alpha. The paper has none (0); the common library adds 1e-6, which on a
    7 x 7 grid is of the size of g^2 and changes the picture. The map is >= 0; its scale has no unit.
    """
    _check(features, weight)
    if epsilon < 0:
        raise UsageError(f"epsilon must be 0 or more, not {epsilon}")
    cells = features.shape[-2] * features.shape[-1]
    total = features.sum(axis=(-2, -1), dtype=np.float64)[..., None, :]
    gradient = np.maximum(weight.astype(np.float64) / cells, 0.0)
    # over g > 0 both sides of the fraction are divided by g^2, which would underflow; elsewhere the weight is 0
    loss = np.divide(epsilon, gradient**2, out=np.zeros_like(gradient), where=gradient > 0)
    weights = cells * gradient / (2 + gradient * total + loss)
    return _weighted_sum(features, weights.astype(np.result_type(features, weight)))


def _weighted_sum(features: Floats, weights: Floats) -> Floats:
    """`sum_k weights_lk F_k` as one matrix product; `weights` is (L, K) or (N, L, K)."""
    flat = features.reshape(*features.shape[:-2], -1)
    product: Floats = weights @ flat
    return product.reshape(*product.shape[:-1], *features.shape[-2:])


def _check(features: Floats, weight: Floats) -> None:
    if features.ndim not in (3, 4) or weight.ndim != 2 or features.shape[-3] != weight.shape[1]:
        raise UsageError(
            f"features must be (K, h, w) or (N, K, h, w) and weight (L, K), not {features.shape} and {weight.shape}"
        )
    if 0 in features.shape:
        raise UsageError(f"the feature map has no cells: its shape is {features.shape}")
