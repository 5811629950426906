"""The maps before the last ReLU, against autograd of the papers' formulas in float64 and the `grad-cam` library."""

import numpy as np
import pytest
import torch

from hilum.errors import UsageError
from hilum.explain.class_maps import grad_cam
from hilum.explain.pre_relu_maps import pre_relu_grad_cam, pre_relu_grad_cam_plus_plus, pre_relu_xgrad_cam

LABELS, CHANNELS, SIDE = 4, 60, 7


def example() -> tuple[np.ndarray, np.ndarray]:
    """A map of both signs, most of whose channels are lit in some cells, and weights of both signs."""
    rng = np.random.default_rng(1)
    before = rng.normal(0.4, 1.0, (2, CHANNELS, SIDE, SIDE)).astype(np.float32)
    before[0, 3] = -np.abs(before[0, 3])  # a channel that the ReLU puts out
    return before, rng.normal(0, 0.3, (LABELS, CHANNELS)).astype(np.float32)


def gradients(before: np.ndarray, weight: np.ndarray) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The map in float64 and the gradient of every logit with respect to it, by autograd through the ReLU."""
    a = torch.from_numpy(before).double().requires_grad_()
    logits = a.relu().mean(dim=(-2, -1)) @ torch.from_numpy(weight).double().T
    return a.detach(), [torch.autograd.grad(logits[:, label].sum(), a, retain_graph=True)[0] for label in range(LABELS)]


def assert_close(maps: np.ndarray, expected: np.ndarray, *, tolerance: float = 1e-4) -> None:
    assert maps.shape == expected.shape
    spread = np.ptp(expected, axis=(-2, -1), keepdims=True)
    assert (spread > 0).all()
    assert (np.abs(maps - expected) <= tolerance * spread).all()


def test_agree_with_autograd_of_the_papers_formulas() -> None:
    before, weight = example()
    a, found = gradients(before, weight)
    total = a.sum(dim=(-2, -1), keepdim=True)
    expected: dict[str, list[torch.Tensor]] = {"grad": [], "xgrad": [], "plus": []}
    for gradient in found:
        expected["grad"].append((gradient.mean(dim=(-2, -1), keepdim=True) * a).sum(dim=1).relu())
        alpha = (gradient * a / total).sum(dim=(-2, -1), keepdim=True)
        expected["xgrad"].append((alpha * a).sum(dim=1).relu())
        alpha = (gradient**2 / (2 * gradient**2 + total * gradient**3)).nan_to_num(0.0)
        expected["plus"].append(((alpha * gradient.relu()).sum(dim=(-2, -1), keepdim=True) * a).sum(dim=1).relu())
    stacked = {name: torch.stack(maps, dim=1).numpy() for name, maps in expected.items()}
    assert_close(pre_relu_grad_cam(before, weight), stacked["grad"])
    assert_close(pre_relu_xgrad_cam(before, weight), stacked["xgrad"], tolerance=1e-3)
    assert_close(pre_relu_grad_cam_plus_plus(before, weight), stacked["plus"])


def test_agree_with_the_library_given_the_same_map_and_gradient() -> None:
    from pytorch_grad_cam.grad_cam import GradCAM
    from pytorch_grad_cam.xgrad_cam import XGradCAM

    before, weight = example()
    _, found = gradients(before, weight)
    for ours, theirs in ((pre_relu_grad_cam, GradCAM), (pre_relu_xgrad_cam, XGradCAM)):
        for label, gradient in enumerate(found):
            weights = theirs.get_cam_weights(None, None, None, None, before, gradient.numpy().astype(np.float32))
            raw = (weights[:, :, None, None] * before).sum(axis=1)
            assert_close(ours(before, weight)[:, label], np.maximum(raw, 0), tolerance=2e-3)


def test_before_the_relu_the_two_are_two_pictures() -> None:
    before, weight = example()
    assert np.abs(pre_relu_grad_cam(before, weight) - pre_relu_xgrad_cam(before, weight)).max() > 0.01
    lit = np.abs(before) + 0.1  # nothing to rectify: all are the same picture
    np.testing.assert_allclose(pre_relu_grad_cam(lit, weight), grad_cam(lit, weight), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(pre_relu_xgrad_cam(lit, weight), grad_cam(lit, weight), rtol=1e-4, atol=1e-6)


def test_dead_channels_give_no_nan_and_wrong_shapes_are_refused() -> None:
    dead = np.zeros((2, 3, 3), np.float32)
    weight = np.array([[0.0, 1.0], [-1.0, 0.0]], np.float32)
    for method in (pre_relu_grad_cam, pre_relu_xgrad_cam, pre_relu_grad_cam_plus_plus):
        np.testing.assert_array_equal(method(dead, weight), np.zeros((2, 3, 3)))
        with pytest.raises(UsageError, match="maps must be"):
            method(dead, np.zeros((2, 5), np.float32))
