"""Networks read as the mean of their probabilities, against plain float64 arithmetic and autograd."""

import numpy as np
import pytest
import torch
from scipy.special import expit, logit

from hilum.errors import UsageError
from hilum.networks.ensemble import EnsembleClassifier, log_odds_of_mean, shares_of_cells
from hilum.networks.pooled_classifier import PooledClassifier

SIDE = 64
PICTURES = torch.rand(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))


def member(backbone="squeezenet1_1", *, seed=0, labels=2, channels=3):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = PooledClassifier(backbone, labels=labels, channels=channels).eval()
        torch.nn.init.normal_(made.head.weight, std=0.3)
    return made


def ensemble(*members):
    return EnsembleClassifier(members, size=(SIDE, SIDE))


@pytest.fixture(scope="module")
def two():
    return ensemble(member(seed=1), member("resnet18", seed=2))


def test_the_logit_is_that_of_the_mean_of_the_members_probabilities(two):
    out = two.outputs(PICTURES)
    alone = [one(PICTURES).double().numpy() for one in two.members]
    np.testing.assert_allclose(out.member_logits.numpy(), np.stack(alone, axis=1), atol=1e-5)
    np.testing.assert_allclose(out.logits.numpy(), logit(np.mean(expit(alone), axis=0)), atol=1e-5)
    assert torch.equal(two(PICTURES), out.logits)


def test_one_member_is_its_own_ensemble_and_its_map_is_its_class_map_times_p_1_minus_p():
    alone = member(seed=3)
    logits, maps = alone.forward_with_maps(PICTURES)
    out = ensemble(alone).outputs(PICTURES)
    np.testing.assert_allclose(out.logits.numpy(), logits.detach().numpy(), atol=1e-6)
    p = expit(logits.detach().double().numpy())[:, :, None, None]
    np.testing.assert_allclose(out.maps.numpy(), p * (1 - p) * maps.detach().numpy(), rtol=1e-4, atol=1e-8)


def test_the_map_is_the_gradient_of_the_mean_probability_times_the_features():
    """Autograd of mean_m p_m by the pooled features of each member, times its feature map, over its cells."""
    members = [member(seed=4), member(seed=5)]
    out = ensemble(*members).outputs(PICTURES)
    features = [one.features(PICTURES).detach() for one in members]
    pooled = [each.mean(dim=(2, 3)).requires_grad_() for each in features]
    heads = zip(members, pooled, strict=True)
    mean = torch.stack([torch.sigmoid(one.head(each)) for one, each in heads]).mean(dim=0)
    for label in range(2):
        gradients = torch.autograd.grad(mean[:, label].sum(), pooled, retain_graph=True)
        expected = sum(
            (gradient[:, :, None, None] * each).sum(dim=1) / (each.shape[2] * each.shape[3])
            for gradient, each in zip(gradients, features, strict=True)
        )
        np.testing.assert_allclose(out.maps[:, label].numpy(), expected.numpy(), rtol=1e-3, atol=1e-7)


def test_a_coarser_members_map_is_dealt_to_the_finest_cells_and_its_sum_stays(two):
    fine, coarse = (one.forward_with_maps(PICTURES) for one in two.members)
    assert fine[1].shape[-2:] == (3, 3)
    assert coarse[1].shape[-2:] == (2, 2)
    weighted = [torch.sigmoid(z) * torch.sigmoid(-z) * maps.sum(dim=(2, 3)) for z, maps in (fine, coarse)]
    maps = two.outputs(PICTURES).maps
    assert maps.shape == (3, 2, 3, 3)
    np.testing.assert_allclose(maps.sum(dim=(2, 3)).numpy(), (sum(weighted) / 2).detach().numpy(), rtol=1e-4)
    expected = [[1, 0], [0.5, 0.5], [0, 1]]
    np.testing.assert_allclose(shares_of_cells(2, fine=3).numpy() / (2 / 3), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([0.0, 0.0], 0.0),
        ([-200.0, -200.0], -200.0),
        ([200.0, 200.0], 200.0),
        ([200.0, -200.0], 0.0),
        ([-200.0, -100.0], -100.0 - np.log(2.0)),
        ([100.0, 30.0], 30.0 + np.log(2.0)),
    ],
)
def test_probabilities_that_float32_calls_0_or_1_keep_finite_log_odds(logits, expected):
    found = log_odds_of_mean(torch.tensor(logits)[None, :, None])
    assert found.shape == (1, 1)
    assert float(found) == pytest.approx(expected, abs=1e-4)


def test_nothing_trains_any_more(two):
    assert not any(module.training for module in two.train().modules())
    assert not any(parameter.requires_grad for parameter in two.parameters())


@pytest.mark.parametrize("members", [(), (member(), member(labels=3)), (member(), member(channels=1))])
def test_members_that_do_not_fit_are_refused(members):
    with pytest.raises(UsageError, match="need equally many labels and channels"):
        ensemble(*members)


def test_more_cells_than_the_finest_are_refused():
    with pytest.raises(UsageError, match="at least 1 and at most 2, not 3"):
        shares_of_cells(3, fine=2)
