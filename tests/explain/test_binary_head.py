import numpy as np
import pytest
import torch

from hilum.errors import UsageError
from hilum.explain.binary_head import as_single_logit
from hilum.explain.class_maps import logit_contribution


def _head() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return np.maximum(rng.normal(size=(5, 8, 3, 3)), 0), rng.normal(size=(2, 8)), rng.normal(size=2)


def test_the_probability_is_the_softmaxs() -> None:
    features, weight, bias = _head()
    pooled = features.mean(axis=(-2, -1))
    softmax = torch.softmax(torch.from_numpy(pooled @ weight.T + bias), dim=1)[:, 1].numpy()
    one_weight, one_bias = as_single_logit(weight, bias=bias)
    sigmoid = 1 / (1 + np.exp(-(pooled @ one_weight.T + one_bias)[:, 0]))
    np.testing.assert_allclose(sigmoid, softmax, rtol=1e-12)


def test_the_map_is_the_gradient_of_the_softmaxs_log_odds() -> None:
    """Trap 24: the target of a two-output head is z1 - z0, whose gradient is not that of z1."""
    features, weight, bias = _head()
    tensor = torch.from_numpy(features).requires_grad_()
    logits = tensor.mean(dim=(-2, -1)) @ torch.from_numpy(weight).T + torch.from_numpy(bias)
    probability = torch.softmax(logits, dim=1)[:, 1]
    (gradient,) = torch.autograd.grad((probability / (1 - probability)).log().sum(), tensor)
    expected = (gradient.mean(dim=(-2, -1), keepdim=True) * tensor).sum(dim=1).detach().numpy()
    one_weight, _ = as_single_logit(weight, bias=bias)
    np.testing.assert_allclose(logit_contribution(features, one_weight)[:, 0], expected, atol=1e-12)
    of_output_1 = logit_contribution(features, weight)[:, 1]
    assert np.abs(of_output_1 - expected).max() > 0.1 * np.ptp(expected)


def test_other_heads_are_refused() -> None:
    with pytest.raises(UsageError, match=r"\(2, K\)"):
        as_single_logit(np.zeros((3, 4)), bias=np.zeros(3))
