"""The closed forms against autograd of the papers' formulas in float64, and against the `grad-cam` library."""

import copy
import gc
import tracemalloc
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from hilum.errors import UsageError
from hilum.explain.class_maps import grad_cam, grad_cam_plus_plus, logit_contribution
from hilum.networks.pooled_classifier import PooledClassifier

LABELS = 14
NETWORKS = ["densenet121", "resnet18", "resnet50", "mobilenet_v2", "squeezenet1_1", "efficientnet_lite0"]


@cache
def _network(name: str) -> PooledClassifier:
    """Random weights, with batch-norm statistics as after some training and weights of both signs in the head."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = PooledClassifier(name, labels=LABELS).eval()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, 0.0, 0.1)
                nn.init.uniform_(module.running_var, 0.5, 2.0)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0.0, 0.1)
        nn.init.normal_(network.head.weight, 0.0, 0.2)
        nn.init.normal_(network.head.bias)
    return network


@cache
def _input() -> torch.Tensor:
    return torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(2))


@cache
def _features(name: str) -> np.ndarray:
    with torch.no_grad():
        return _network(name).features(_input()).numpy()


def _weight(name: str) -> np.ndarray:
    return _network(name).weight.detach().numpy()


def _assert_close(maps: np.ndarray, expected: np.ndarray) -> None:
    """Within 1e-4 of the range of each map; a map that is zero must be zero."""
    assert maps.shape == expected.shape
    spread = np.ptp(expected, axis=(-2, -1), keepdims=True)
    assert (spread > 0).mean() > 0.2
    assert (np.abs(maps - expected) <= 1e-4 * spread).all()


def _autograd_maps(name: str) -> dict[str, np.ndarray]:
    """Every method's map of every label, from the gradients of autograd in float64 and the papers' own formulas."""
    network = copy.deepcopy(_network(name)).double()
    features = torch.from_numpy(_features(name)).double().requires_grad_()  # the same: it is the maps that are tried
    logits = network.head(features.mean(dim=(-2, -1)))
    maps: dict[str, list[torch.Tensor]] = {"grad_cam": [], "xgrad_cam": [], "grad_cam_plus_plus": [], "sum": []}
    for label in range(LABELS):
        (gradient,) = torch.autograd.grad(logits[:, label].sum(), features, retain_graph=True)
        activation = features.detach()
        total = activation.sum(dim=(-2, -1), keepdim=True)
        # Selvaraju et al. 2017, equations 1 and 2
        alpha = gradient.mean(dim=(-2, -1), keepdim=True)
        maps["sum"].append((alpha * activation).sum(dim=1))
        maps["grad_cam"].append(maps["sum"][-1].relu())
        # Fu et al. 2020, equation 8; a channel that is silent everywhere adds nothing
        alpha = (gradient * activation / total).sum(dim=(-2, -1), keepdim=True).nan_to_num(0.0)
        maps["xgrad_cam"].append((alpha * activation).sum(dim=1).relu())
        # Chattopadhay et al. 2018, equations 19 and 5, without the factor exp(z) of the first derivative
        alpha = gradient**2 / (2 * gradient**2 + total * gradient**3)
        weight = (alpha * gradient.relu()).nan_to_num(0.0).sum(dim=(-2, -1), keepdim=True)
        maps["grad_cam_plus_plus"].append((weight * activation).sum(dim=1).relu())
    return {method: torch.stack(found, dim=1).numpy() for method, found in maps.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_agrees_with_float64_autograd_for_every_class(name: str) -> None:
    features, weight, expected = _features(name), _weight(name), _autograd_maps(name)
    assert features.dtype == np.float32
    _assert_close(logit_contribution(features, weight), expected["sum"])
    _assert_close(grad_cam(features, weight), expected["grad_cam"])
    _assert_close(grad_cam(features, weight), expected["xgrad_cam"])
    _assert_close(grad_cam_plus_plus(features, weight), expected["grad_cam_plus_plus"])


@pytest.mark.parametrize("name", NETWORKS)
def test_agrees_with_the_grad_cam_library_for_every_class(name: str) -> None:
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network, features, weight = _network(name), _features(name)[0], _weight(name)
    # one image, once for each label, so that the library's one backward pass gives the gradients of all labels
    images = _input()[:1].expand(LABELS, -1, -1, -1)
    targets = [ClassifierOutputTarget(label) for label in range(LABELS)]
    run = pytorch_grad_cam.GradCAM(model=network, target_layers=[network.backbone])
    run(input_tensor=images, targets=targets)
    (activations,), (gradients,) = run.activations_and_grads.activations, run.activations_and_grads.gradients
    for ours, theirs in (
        (grad_cam(features, weight), pytorch_grad_cam.GradCAM),
        (grad_cam(features, weight), pytorch_grad_cam.XGradCAM),
        (grad_cam_plus_plus(features, weight, epsilon=1e-6), pytorch_grad_cam.GradCAMPlusPlus),
    ):
        cam = theirs(model=network, target_layers=[network.backbone])
        # the library's map before it is stretched to [0, 1] and to the input's size
        raw = cam.get_cam_image(images, network.backbone, targets, activations.numpy(), gradients.numpy())
        _assert_close(ours, np.maximum(raw, 0))


def test_the_librarys_epsilon_changes_the_picture() -> None:
    """On a grid of 7 x 7 it is of the size of the squared gradient, which is why it is an argument."""
    rng = np.random.default_rng(3)
    features = np.maximum(rng.normal(size=(512, 7, 7)), 0)
    weight = rng.normal(0, 0.02, size=(1, 512))
    paper, library = (grad_cam_plus_plus(features, weight, epsilon=epsilon)[0] for epsilon in (0.0, 1e-6))
    paper, library = (map_ / map_.max() for map_ in (paper, library))
    assert np.abs(paper - library).max() > 0.01


def test_grad_cam_plus_plus_agrees_with_true_third_derivatives() -> None:
    """Chattopadhay's alpha from autograd of Y = exp(z) up to the third order, with no closed form for derivatives."""
    generator = torch.Generator().manual_seed(4)
    features = torch.rand(3, 2, 2, generator=generator, dtype=torch.float64).requires_grad_()
    weight = torch.tensor([[0.7, -0.4, 1.9], [-1.0, 0.2, 0.1]], dtype=torch.float64)
    expected = []
    for row in weight:
        score = torch.exp((row * features.mean(dim=(-2, -1))).sum())
        (first,) = torch.autograd.grad(score, features, create_graph=True)
        second, third = torch.zeros_like(features), torch.zeros_like(features)
        for index in np.ndindex(*features.shape):
            (slope,) = torch.autograd.grad(first[index], features, create_graph=True)
            second[index] = slope[index]
            (bend,) = torch.autograd.grad(slope[index], features, retain_graph=True)
            third[index] = bend[index]
        total = features.sum(dim=(-2, -1), keepdim=True)
        alpha = second / (2 * second + total * third)
        channel = (alpha * first.relu()).sum(dim=(-2, -1), keepdim=True)
        expected.append(((channel * features).sum(dim=0).relu() / score).detach().numpy())
    maps = grad_cam_plus_plus(features.detach().numpy(), weight.numpy())
    np.testing.assert_allclose(maps, np.stack(expected), rtol=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_unrectified_map_sums_to_logit_minus_bias(name: str) -> None:
    network = _network(name)
    with torch.no_grad():
        logits = network(_input())
    sums = logit_contribution(_features(name), _weight(name)).sum(axis=(-2, -1))
    expected = (logits - network.bias).detach().numpy()
    np.testing.assert_allclose(sums, expected, atol=1e-4 * np.abs(expected).max())
    assert (expected < 0).any()  # so that the negative parts count


def test_a_map_is_not_stretched_to_its_own_range() -> None:
    """Half the evidence gives half the map: a healthy chest does not glow (trap 23)."""
    features, weight = _features("resnet18"), _weight("resnet18")
    for method in (logit_contribution, grad_cam):
        np.testing.assert_allclose(method(features / 2, weight), method(features, weight) / 2, rtol=1e-5)
    assert grad_cam(features, -np.abs(weight)).max() == 0.0


def test_one_image_is_a_batch_of_one() -> None:
    features, weight = _features("resnet18"), _weight("resnet18")
    for method in (logit_contribution, grad_cam, grad_cam_plus_plus):
        batch = method(features, weight)
        assert batch.shape == (2, LABELS, 3, 3)
        assert batch.dtype == np.float32
        np.testing.assert_allclose(method(features[1], weight), batch[1], rtol=1e-5, atol=1e-7)


def test_dead_channels_and_zero_weights_give_no_nan() -> None:
    features = np.zeros((2, 3, 3), np.float32)
    weight = np.array([[0.0, 1.0], [0.0, 0.0]], np.float32)
    for method in (logit_contribution, grad_cam, grad_cam_plus_plus):
        np.testing.assert_array_equal(method(features, weight), np.zeros((2, 3, 3)))


def test_maps_in_a_loop_keep_no_memory() -> None:
    """Trap 28; numpy reports its buffers to tracemalloc, so a kept map would show."""
    features, weight = _features("resnet50"), _weight("resnet50")

    def held_after(rounds: int) -> int:
        for _ in range(rounds):
            for method in (logit_contribution, grad_cam, grad_cam_plus_plus):
                method(features, weight)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = held_after(5)
        one_round = 4 * grad_cam(features, weight).nbytes
        grown = held_after(200) - before
    finally:
        tracemalloc.stop()
    assert grown < 20 * one_round  # 200 rounds that kept their maps would hold 200


def test_network_maps_in_a_loop_keep_no_tensor() -> None:
    """Trap 28 for the network's own class maps: no hook and no attribute holds on to what a round made."""
    network = _network("squeezenet1_1")

    def alive_after(rounds: int) -> int:
        with torch.inference_mode():
            for _ in range(rounds):
                network.forward_with_maps(_input())
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    alive = alive_after(1)
    assert alive_after(10) == alive


@pytest.mark.parametrize(
    ("features", "weight"),
    [((3, 2, 2), (4, 5)), ((2, 2), (1, 2)), ((3, 2, 2), (3,)), ((3, 0, 2), (1, 3))],
)
def test_shapes_that_do_not_fit_are_refused(features: tuple[int, ...], weight: tuple[int, ...]) -> None:
    for method in (logit_contribution, grad_cam, grad_cam_plus_plus):
        with pytest.raises(UsageError, match=r"features must be|has no cells"):
            method(np.zeros(features), np.zeros(weight))


def test_a_negative_epsilon_is_refused() -> None:
    with pytest.raises(UsageError, match="epsilon"):
        grad_cam_plus_plus(np.zeros((1, 2, 2)), np.zeros((1, 1)), epsilon=-1e-6)
