import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from hilum.errors import UsageError
from hilum.networks.attention import Attention
from hilum.networks.cut import cut, whole_boxes
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.two_looks import Told, TwoLooks, TwoLooksOutputs
from hilum.training.export.to_onnx import to_onnx

LABELS = 3
TOLD = Told(unknown=(0.0, 1.0, 0.0, 0.0, 1.0), groups=(0, 0, 1, 1, 1))


def two_looks(attended="channel maximum", *, whole="squeezenet1_1", crop="squeezenet1_1", dropout=0.0):
    torch.manual_seed(0)
    pair = [PooledClassifier(name, labels=LABELS, dropout=dropout) for name in (whole, crop)]
    network = TwoLooks(
        whole=pair[0],
        crop=pair[1],
        size=(64, 64),
        attention=Attention(map=attended, subdivisions=3),
        told=TOLD,
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.3, 0.4),
    )
    for head in (network.whole.head, network.crop.head, network.fusion.head):
        nn.init.normal_(head.bias)
    return network.eval()


@pytest.fixture
def given():
    """Pictures with one bright blot each, so that maps have a highest place, and what is known of three patients."""
    y, x = torch.meshgrid(torch.arange(160.0), torch.arange(160.0), indexing="ij")
    blots = [torch.exp(-((x - a) ** 2 + (y - b) ** 2) / 400) for a, b in ((40, 120), (130, 30), (80, 80))]
    about = torch.tensor([[0.5, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 1, 0, 0, 1]], dtype=torch.float32)
    return torch.stack(blots)[:, None] * 0.8 + 0.1, about


@pytest.mark.parametrize("attended", ["channel maximum", "most probable label", "each label"])
def test_each_head_is_the_network_on_its_look_and_fusion_one_layer_over_all(given, attended):
    picture, about = given
    network = two_looks(attended)
    out, (whole, crop, fused) = network.outputs(picture, about), network(picture, about)
    mean, std = (torch.tensor(values)[:, None, None] for values in ((0.4, 0.5, 0.6), (0.2, 0.3, 0.4)))

    def look(boxes):
        return (cut(picture, boxes, (64, 64))[:, 0] - mean) / std

    of_whole = look(whole_boxes(picture))
    assert torch.allclose(out.whole_logits, network.whole(of_whole), atol=1e-5)
    for label in range(LABELS):
        boxes = out.boxes.long()[:, label : label + 1] if attended == "each label" else out.boxes.long()
        of_crop = look(boxes)
        assert torch.allclose(out.crop_logits[:, label], network.crop(of_crop)[:, label], atol=1e-5)
        vectors = [
            net.features(seen).mean(dim=(2, 3)) for net, seen in ((network.whole, of_whole), (network.crop, of_crop))
        ]
        layer = network.fusion.head
        expected = torch.cat([*vectors, about], dim=1) @ layer.weight[label] + layer.bias[label]
        assert torch.allclose(out.logits[:, label], expected, atol=1e-5)
    for trained, read in zip((whole, crop, fused), (out.whole_logits, out.crop_logits, out.logits), strict=True):
        assert torch.allclose(trained, read, atol=1e-5)


@pytest.mark.parametrize("attended", ["channel maximum", "each label"])
def test_maps_and_what_is_told_sum_to_the_logit_less_that_of_nothing_known(given, attended):
    picture, about = given
    network = two_looks(attended).double()
    out = network.outputs(picture.double(), about.double())
    total = out.whole_maps.sum(dim=(2, 3)) + out.crop_maps.sum(dim=(2, 3)) + out.told.sum(dim=1)
    constant = network.fusion.head.bias + network.weights[2] @ TOLD.unknown.double()
    assert torch.allclose(total, out.logits - constant, atol=1e-5)


def test_what_is_told_is_the_change_of_the_logit_against_its_being_unknown(given):
    picture, about = given
    network = two_looks()
    out = network.outputs(picture, about)
    for group, places in enumerate(([0, 1], [2, 3, 4])):
        without = about.clone()
        without[:, places] = TOLD.unknown[places]
        change = out.logits - network.outputs(picture, without).logits
        assert torch.allclose(out.told[:, group], change, atol=1e-5)
    assert torch.equal(out.told[2], torch.zeros(2, LABELS))  # of whom nothing is known


def test_the_fusions_gradient_reaches_its_own_layer_alone(given):
    network = two_looks().train()
    network(*given).fused.sum().backward()
    assert network.fusion.head.weight.grad is not None
    assert all(one.grad is None for branch in (network.whole, network.crop) for one in branch.parameters())
    network(*given).crop.sum().backward()
    assert all(one.grad is None for one in network.whole.parameters())  # none through the box


def test_things_known_are_forgotten_as_wholes():
    network = two_looks()
    about = torch.tensor([[0.5, 0, 1, 0, 0]]).expand(400, -1)
    torch.manual_seed(1)
    found = network.forgotten(about, probability=0.25)
    age, sex = ((found[:, places] != about[:, places]).any(dim=1) for places in (slice(0, 2), slice(2, 5)))
    assert 0.15 < age.float().mean() < 0.35
    assert 0.15 < sex.float().mean() < 0.35
    assert torch.equal(found[age][:, :2], TOLD.unknown[:2].expand(int(age.sum()), -1))
    assert torch.equal(network.forgotten(about, probability=0.0), about)
    assert torch.equal(network.forgotten(about, probability=1.0), TOLD.unknown.expand(400, -1))


class _All(nn.Module):
    def __init__(self, network: TwoLooks) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture, about):
        return tuple(self.network.outputs(picture, about))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attended", "crop"),
    [("channel maximum", "squeezenet1_1"), ("each label", "squeezenet1_1"), ("channel maximum", "capsnet")],
)
def test_one_graph_looks_where_torch_looks(given, attended, crop):
    network = two_looks(attended, whole="resnet18", crop=crop)
    example = {"input": torch.rand(2, 1, 160, 160), "about": given[1][:2]}
    graph = to_onnx(_All(network), examples=example, outputs=TwoLooksOutputs._fields)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found = session.run(None, {"input": given[0].numpy(), "about": given[1].numpy()})  # three, where two were shown
    with torch.inference_mode():
        expected = network.outputs(*given)
    for ours, theirs in zip(found, expected, strict=True):
        assert np.allclose(ours, theirs.numpy(), atol=1e-4)


def test_networks_that_do_not_go_together_are_refused():
    whole, crop = PooledClassifier("squeezenet1_1", labels=2), PooledClassifier("squeezenet1_1", labels=3)
    with pytest.raises(UsageError, match="need the same labels"):
        TwoLooks(
            whole=whole, crop=crop, size=(64, 64), attention=Attention(), told=TOLD, mean=(0.5,) * 3, std=(0.5,) * 3
        )
    with pytest.raises(UsageError, match="needs a group"):
        Told(unknown=(0.0, 1.0), groups=(0, 2))
