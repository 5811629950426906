import numpy as np
import pytest
import torch

from hilum.errors import UsageError
from hilum.networks.capsules.network import CapsuleNetwork, CapsuleShape
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.reading.engines.engine import INPUT, LOGITS
from hilum.systems.capsules.cascade import CapsuleCascade, masks_of
from hilum.training.export.to_onnx import noise, to_onnx

SHAPE = CapsuleShape(channels=4, kinds=2, below=3, above=4)


def cascade(backbone: str = "squeezenet1_1", *, mask: str = "largest") -> CapsuleCascade:
    torch.manual_seed(0)
    base = PooledClassifier(backbone, labels=2)
    inputs = 1 if mask == "largest" else 2
    return CapsuleCascade(base, CapsuleNetwork(SHAPE, labels=2, inputs=inputs), mask=mask).eval()


def test_a_mask_is_what_the_base_would_say_of_each_cell_alone():
    features = torch.rand(2, 5, 3, 4, generator=torch.Generator().manual_seed(0))
    weight, bias = torch.randn(3, 5, generator=torch.Generator().manual_seed(1)), torch.tensor([0.5, -1.0, 0.0])
    # at the map's own size nothing is interpolated
    found = masks_of(features[..., :3], weight, bias, "each label", 3).numpy()
    expected = np.empty_like(found)
    for n in range(2):
        for label in range(3):
            for y in range(3):
                for x in range(3):
                    logit = float(bias[label]) + float(weight[label] @ features[n, :, y, x])
                    expected[n, label, y, x] = 1 / (1 + np.exp(-logit))
    assert found == pytest.approx(expected, abs=1e-6)
    largest = masks_of(features[..., :3], weight, bias, "largest", 3).numpy()
    assert largest == pytest.approx(expected.max(axis=1, keepdims=True), abs=1e-6)
    assert masks_of(features, weight, bias, "largest", 28).shape == (2, 1, 28, 28)


def test_the_base_s_own_logit_is_the_mean_over_its_cells():
    network = cascade(mask="each label")
    picture = torch.rand(1, 3, 64, 64)
    features = network.base.features(picture)
    cells = masks_of(features, network.base.weight, network.base.bias, "each label", features.shape[-1])
    assert torch.allclose(torch.logit(cells).mean(dim=(-2, -1)), network.base(picture), atol=1e-4)


@pytest.mark.parametrize("mask", ["largest", "each label"])
def test_a_gradient_reaches_both_networks(mask):
    network = cascade(mask=mask).train()
    network(torch.rand(2, 3, 64, 64)).sum().backward()
    assert float(network.base.head.weight.grad.abs().sum()) > 0
    assert float(network.base.backbone[0].weight.grad.abs().sum()) > 0
    assert float(network.capsules.pairs.grad.abs().sum()) > 0
    assert network.backbones == (network.base.backbone,)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["resnet18", "squeezenet1_1"])
def test_its_graph_gives_what_it_gives(backbone):
    """With batch norms to be folded and without; `to_onnx` compares the graph with torch."""
    graph = to_onnx(cascade(backbone), examples={INPUT: noise(3, 64, 64)}, outputs=(LOGITS,))
    assert len(graph) > 10_000


def test_capsules_of_other_labels_or_planes_are_refused():
    base = PooledClassifier("squeezenet1_1", labels=2)
    with pytest.raises(UsageError, match="must read 1 planes and give 2 labels; they read 1 and give 3"):
        CapsuleCascade(base, CapsuleNetwork(SHAPE, labels=3), mask="largest")
    with pytest.raises(UsageError, match="must read 2 planes and give 2 labels; they read 1 and give 2"):
        CapsuleCascade(base, CapsuleNetwork(SHAPE, labels=2), mask="each label")
