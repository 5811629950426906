"""A two-output softmax as one logit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hilum.errors import UsageError

Floats = npt.NDArray[np.floating]


def as_single_logit(weight: Floats, *, bias: Floats) -> tuple[Floats, Floats]:
    """The one-logit head with the same probability: weight (1, K) and bias (1,) from weight (2, K) and bias (2,).

    softmax(z)_1 = sigmoid(z_1 - z_0), so the evidence for output 1 has the gradient w_1 - w_0. A class map of w_1
    alone leaves out all that speaks against output 0. Raises `UsageError` for another number of outputs.
    """
    if weight.ndim != 2 or weight.shape[0] != 2 or bias.shape != (2,):
        raise UsageError(f"expected weight (2, K) and bias (2,), came {weight.shape} and {bias.shape}")
    return weight[1:] - weight[:1], bias[1:] - bias[:1]
