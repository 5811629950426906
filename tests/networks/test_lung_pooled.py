from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from hilum.errors import DataError
from hilum.networks.lung_pooled import LungAttendedClassifier, LungPooledClassifier
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_weights import WeightsFile, load_starting_weights

SIZE = (96, 64)


@pytest.fixture(scope="module")
def network() -> LungPooledClassifier:
    torch.manual_seed(0)
    made = LungPooledClassifier("mobilenet_v2", labels=3, size=SIZE, output_stride=16).eval()
    nn.init.normal_(made.head.bias)
    return made


def pictures() -> torch.Tensor:
    return torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))


def lungs() -> torch.Tensor:
    """The first picture's lungs cover one cell, half of its right neighbour and a quarter of one far below."""
    planes = torch.zeros(2, 1, *SIZE)
    planes[0, 0, 16:32, 16:40] = 1.0
    planes[0, 0, 80:88, 0:8] = 1.0
    planes[1] = torch.rand(1, *SIZE, generator=torch.Generator().manual_seed(2))
    return planes


def test_the_weights_of_cells_worked_out_by_hand(network: LungPooledClassifier) -> None:
    weights = network.cell_weights(lungs())
    assert weights.shape == (2, 1, 6, 4)
    expected = torch.zeros(6, 4)
    expected[1, 1], expected[1, 2], expected[5, 0] = 1.0, 0.5, 0.25
    torch.testing.assert_close(weights[0, 0], expected / 1.75)
    blocks = lungs()[1, 0].reshape(6, 16, 4, 16).mean(dim=(1, 3))
    torch.testing.assert_close(weights[1, 0], blocks / blocks.sum())


def test_cells_that_do_not_divide_the_picture_share_its_pixels_by_area() -> None:
    made = LungPooledClassifier("mobilenet_v2", labels=1, size=(40, 40))
    assert made.grid((40, 40)) == (2, 2)
    plane = torch.zeros(1, 1, 40, 40)
    plane[0, 0, :10, :25] = 1.0  # of the 20 x 20 pixels of each cell, 200 of the first and 50 of its neighbour
    torch.testing.assert_close(made.cell_weights(plane)[0, 0], torch.tensor([[0.8, 0.2], [0.0, 0.0]]))


def test_logits_and_maps_are_those_of_numpy_on_the_features(network: LungPooledClassifier) -> None:
    with torch.inference_mode():
        features = network.features(pictures()).double().numpy()
        logits, maps = network.inside(pictures(), lungs())
    shares = lungs()[:, 0].double().numpy().reshape(2, 6, 16, 4, 16).mean(axis=(2, 4))
    weights = shares / shares.sum(axis=(1, 2), keepdims=True)
    head, bias = (each.detach().double().numpy() for each in (network.weight, network.bias))
    expected = np.einsum("lk,nkij,nij->nlij", head, features, weights)
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(logits, expected.sum(axis=(2, 3)) + bias, rtol=1e-4)
    assert np.all(maps.numpy()[0][:, shares[0] == 0] == 0), "nothing comes from a cell without lung"


def test_the_closed_form_is_gradient_times_feature(network: LungPooledClassifier) -> None:
    features = network.features(pictures()).detach().requires_grad_()
    pooled = (features * network.cell_weights(lungs())).sum(dim=(-2, -1))
    _, maps = network.inside(pictures(), lungs())
    for label in range(3):
        (gradient,) = torch.autograd.grad(network.logits_of(pooled)[:, label].sum(), features, retain_graph=True)
        torch.testing.assert_close(maps[:, label], (gradient * features).sum(dim=1), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("everywhere", [0.0, 1.0])
def test_no_lungs_and_lungs_everywhere_are_the_plain_mean(network: LungPooledClassifier, everywhere: float) -> None:
    plain = PooledClassifier("mobilenet_v2", labels=3, output_stride=16).eval()
    plain.load_state_dict(network.state_dict())
    with torch.inference_mode():
        wanted, wanted_maps = plain.forward_with_maps(pictures())
        found, maps = network.inside(pictures(), torch.full((2, 1, *SIZE), everywhere))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(maps, wanted_maps, rtol=1e-4, atol=1e-6)


def hiding(network: LungPooledClassifier) -> LungPooledClassifier:
    made = LungPooledClassifier("mobilenet_v2", labels=3, size=SIZE, output_stride=16, hides_outside=True).eval()
    made.load_state_dict(network.state_dict())
    return made


def test_what_is_hidden_moves_nothing_and_what_is_lung_does(network: LungPooledClassifier) -> None:
    inside = lungs()[:1]
    other = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(5))
    picture = pictures()[:1]
    changed_outside = picture * inside + other * (1 - inside)
    changed_inside = other * inside + picture * (1 - inside)
    with torch.inference_mode():
        _, own = hiding(network).inside(picture, inside)
        _, outside = hiding(network).inside(changed_outside, inside)
        _, moved = hiding(network).inside(changed_inside, inside)
        _, seen = network.inside(picture, inside)
        _, seen_outside = network.inside(changed_outside, inside)
    torch.testing.assert_close(outside, own, rtol=1e-4, atol=0.0)
    assert (moved - own).abs().max() > 0.01 * own.abs().max()
    assert (seen_outside - seen).abs().max() > 0.01 * seen.abs().max(), "what lies beside a cell moves it"


@pytest.mark.parametrize("everywhere", [0.0, 1.0])
def test_without_lungs_and_with_lungs_everywhere_nothing_is_hidden(
    network: LungPooledClassifier, everywhere: float
) -> None:
    planes = torch.full((2, 1, *SIZE), everywhere)
    with torch.inference_mode():
        torch.testing.assert_close(hiding(network).inside(pictures(), planes), network.inside(pictures(), planes))


def test_one_tensor_of_both_is_read_as_two_are(network: LungPooledClassifier) -> None:
    both = torch.cat((pictures(), lungs()), dim=1)
    with torch.inference_mode():
        logits, maps = network.inside(pictures(), lungs())
        found = network.forward_with_maps(both)
        torch.testing.assert_close(network(both), logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found, (logits, maps), rtol=1e-4, atol=1e-5)


def test_its_parameters_are_those_of_the_plain_classifier_and_making_it_moves_no_norm() -> None:
    torch.manual_seed(3)
    plain = PooledClassifier("mobilenet_v2", labels=2)
    torch.manual_seed(3)
    made = LungPooledClassifier("mobilenet_v2", labels=2, size=(64, 64))
    assert made.training
    state = made.state_dict()
    assert list(state) == list(plain.state_dict())
    assert all(torch.equal(state[name], value) for name, value in plain.state_dict().items())


@pytest.fixture(scope="module")
def attended() -> LungAttendedClassifier:
    torch.manual_seed(0)
    made = LungAttendedClassifier("squeezenet1_1", labels=3).eval()
    nn.init.normal_(made.head.bias)
    nn.init.normal_(made.attention.weight)
    with torch.no_grad():  # features of random weights are small; these scores are not
        made.attention.weight /= made.attention(made.features(pictures())).std()
    nn.init.constant_(made.attention.bias, -0.5)
    return made


def test_with_attention_logits_and_maps_are_those_of_numpy_on_the_features(attended: LungAttendedClassifier) -> None:
    with torch.inference_mode():
        features = attended.features(pictures()).double().numpy()
        logits, maps = attended.forward_with_maps(pictures())
        plain, (guided, scores) = attended(pictures()), attended.forward_with_scores(pictures())
    head, bias, attention = (
        each.detach().double().numpy()
        for each in (attended.weight, attended.bias, attended.attention.weight[0, :, 0, 0])
    )
    expected_scores = np.einsum("k,nkij->nij", attention, features) - 0.5
    weights = 1.0 / (1.0 + np.exp(-expected_scores))
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    assert weights.std() > 0.01
    expected = np.einsum("lk,nkij,nij->nlij", head, features, weights)
    np.testing.assert_allclose(scores[:, 0], expected_scores, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-6)
    for found in (logits, plain, guided):
        np.testing.assert_allclose(found, expected.sum(axis=(2, 3)) + bias, rtol=1e-4)


def test_scores_of_zero_with_which_it_starts_are_the_plain_mean() -> None:
    torch.manual_seed(3)
    plain = PooledClassifier("mobilenet_v2", labels=2).eval()
    torch.manual_seed(3)
    made = LungAttendedClassifier("mobilenet_v2", labels=2).eval()
    with torch.inference_mode():
        torch.testing.assert_close(made.forward_with_maps(pictures()), plain.forward_with_maps(pictures()))


def test_it_starts_from_a_plain_networks_file_and_from_its_own_and_no_plain_network_from_its(tmp_path: Path) -> None:
    torch.manual_seed(4)
    plain = PooledClassifier("mobilenet_v2", labels=2).eval()
    own = LungAttendedClassifier("mobilenet_v2", labels=2).eval()
    nn.init.normal_(own.attention.weight)
    for name, network in (("plain", plain), ("own", own)):
        safetensors.torch.save_file(network.state_dict(), tmp_path / f"{name}.safetensors")
    for head in (False, True):
        made = LungAttendedClassifier("mobilenet_v2", labels=2).eval()
        load_starting_weights(made, weights=WeightsFile(tmp_path / "plain.safetensors", head=head))
        assert not made.attention.weight.any()
        torch.testing.assert_close(made.features(pictures()), plain.features(pictures()))
        assert torch.equal(made.weight, plain.weight) == head
    load_starting_weights(made, weights=WeightsFile(tmp_path / "own.safetensors"))
    assert not made.attention.weight.any(), "without the head its attention starts anew too"
    load_starting_weights(made, weights=WeightsFile(tmp_path / "own.safetensors", head=True))
    torch.testing.assert_close(made(pictures()), own(pictures()))
    with pytest.raises(DataError, match=r"has an unknown attention\.bias"):
        load_starting_weights(plain, weights=WeightsFile(tmp_path / "own.safetensors", head=True))
