"""Each optimizer's update on one parameter of value 1 with gradient 0.5, worked out by hand."""

import math

import pytest
import torch
from torch import nn

from hilum.errors import UsageError
from hilum.training.recipe.optimizers import Adam, AdamW, RAdam, Sgd, build_optimizer


class OneWeight(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.ones(1, 1))
        self.bias = nn.Parameter(torch.ones(1))


def updated(spec, *, gradients=(0.5,)):
    network = OneWeight()
    optimizer = build_optimizer(network, spec=spec)
    for gradient in gradients:
        network.matrix.grad = torch.full((1, 1), gradient)
        network.bias.grad = torch.full((1,), gradient)
        optimizer.step()
    return float(network.matrix.detach()), float(network.bias.detach())


def test_sgd_adds_momentum_and_decays_everything():
    # gradient 0.5 + 0.1 x 1; then 0.9 of it again + 0.5 + 0.1 x the new weight
    first = 1 - 0.2 * 0.6
    second = first - 0.2 * (0.9 * 0.6 + 0.5 + 0.1 * first)
    assert updated(Sgd(learning_rate=0.2, weight_decay=0.1)) == pytest.approx((first, first))
    assert updated(Sgd(learning_rate=0.2, weight_decay=0.1), gradients=(0.5, 0.5)) == pytest.approx((second, second))


def test_nesterov_looks_ahead():
    assert updated(Sgd(learning_rate=0.2, nesterov=True))[0] == pytest.approx(1 - 0.2 * (0.5 + 0.9 * 0.5))


def test_adam_steps_by_the_sign_first_and_adds_decay_to_the_gradient():
    assert updated(Adam(learning_rate=0.1)) == pytest.approx((0.9, 0.9), abs=1e-6)
    # a gradient of 0.5 - 1 x 1 = -0.5 turns the step round
    assert updated(Adam(learning_rate=0.1, weight_decay=1.0), gradients=(-1.5,)) == pytest.approx((1.1, 1.1), abs=1e-6)


def test_keras_epsilon_is_settable():
    step = 0.1 * 0.5 / (0.5 + 0.5)
    assert updated(Adam(learning_rate=0.1, epsilon=0.5))[0] == pytest.approx(1 - step, abs=1e-6)


def test_adamw_decays_matrices_but_neither_norms_nor_biases():
    matrix, bias = updated(AdamW(learning_rate=0.1, weight_decay=0.5))
    assert matrix == pytest.approx(1 * (1 - 0.1 * 0.5) - 0.1, abs=1e-6)
    assert bias == pytest.approx(0.9, abs=1e-6)


def test_radam_is_plain_momentum_at_first_and_rectified_later():
    # Liu et al. 2020: no adaptive step while the variance is not tractable, which is up to the fifth step
    assert updated(RAdam(learning_rate=0.1))[0] == pytest.approx(1 - 0.1 * 0.5, abs=1e-6)
    gradients = (0.5,) * 6
    longest = 2 / (1 - 0.999) - 1
    length = longest - 2 * 6 * 0.999**6 / (1 - 0.999**6)
    rectified = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    expected = 1 - 5 * 0.1 * 0.5 - 0.1 * rectified
    assert updated(RAdam(learning_rate=0.1), gradients=gradients)[0] == pytest.approx(expected, abs=1e-5)


def test_a_parameter_without_a_gradient_stays_even_with_decay():
    network = OneWeight()
    optimizer = build_optimizer(network, spec=AdamW(learning_rate=0.1, weight_decay=0.5))
    network.bias.grad = torch.ones(1)
    optimizer.step()
    assert float(network.matrix.detach()) == 1.0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Sgd(learning_rate=-1.0), "a learning_rate of at least 0"),
        (lambda: Sgd(learning_rate=float("nan")), "a learning_rate of at least 0"),
        (lambda: Sgd(learning_rate=0.1, momentum=-0.1), "a momentum in"),
        (lambda: Sgd(learning_rate=0.1, momentum=0.0, nesterov=True), "a momentum above 0 with nesterov"),
        (lambda: AdamW(learning_rate=0.1, weight_decay=-1.0), "a weight_decay of at least 0"),
        (lambda: Adam(learning_rate=0.1, betas=(2.0, 2.0)), "betas in"),
        (lambda: RAdam(learning_rate=0.1, epsilon=-1.0), "an epsilon of at least 0"),
    ],
)
def test_values_that_torch_would_refuse_later_are_refused_at_once(make, said):
    with pytest.raises(UsageError, match=said):
        make()
