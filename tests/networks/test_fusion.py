import pytest
import torch

from hilum.errors import UsageError
from hilum.networks.fusion import FusedClassifier, FusionHead
from hilum.networks.pooled_classifier import PooledClassifier

LABELS = 3


def fused(*, whole="squeezenet1_1", crop="resnet18", dropout=0.4):
    torch.manual_seed(0)
    pair = [PooledClassifier(name, labels=LABELS, dropout=dropout) for name in (whole, crop)]
    head = FusionHead(features=512 + 512, labels=LABELS)
    torch.nn.init.normal_(head.head.bias)
    return FusedClassifier(whole=pair[0], crop=pair[1], head=head)


@pytest.fixture
def pictures():
    draw = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, 64, 64, generator=draw), torch.rand(2, 3, 96, 64, generator=draw)


def test_logits_are_one_linear_layer_over_both_pooled_vectors(pictures):
    network = fused().eval()
    pooled = [
        branch.features(picture).mean(dim=(2, 3))
        for branch, picture in zip((network.whole, network.crop), pictures, strict=True)
    ]
    weight, bias = network.fusion.head.weight, network.fusion.head.bias
    expected = pooled[0] @ weight[:, :512].T + pooled[1] @ weight[:, 512:].T + bias
    assert torch.allclose(network(*pictures), expected, atol=1e-6)
    assert torch.allclose(network.pooled(*pictures), torch.cat(pooled, dim=1))


def test_the_sums_of_both_class_maps_are_the_logit_minus_the_bias(pictures):
    network = fused().double().eval()
    out = network.outputs(*(picture.double() for picture in pictures))
    total = out.whole_maps.sum(dim=(2, 3)) + out.crop_maps.sum(dim=(2, 3))
    assert torch.allclose(total, out.logits - network.bias, atol=1e-12)
    alone = out.whole_alone_maps.sum(dim=(2, 3))
    assert torch.allclose(alone, out.whole_logits - network.whole.bias, atol=1e-12)
    assert torch.allclose(out.logits, network(*(picture.double() for picture in pictures)), atol=1e-12)
    assert torch.allclose(out.crop_logits, network.crop(pictures[1].double()), atol=1e-12)
    assert out.whole_maps.shape[:2] == out.crop_maps.shape[:2] == (2, LABELS)


def test_the_extractors_neither_train_nor_drop_nor_follow_statistics(pictures):
    network = fused().train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert torch.equal(network.pooled(*pictures), network.pooled(*pictures)), "no dropout, no batch statistics"
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, weight_decay=0.1)
    network(*pictures).square().sum().backward()
    optimizer.step()
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"fusion.head.weight", "fusion.head.bias"}


def test_the_head_takes_pooled_vectors_as_maps_of_one_cell(pictures):
    network = fused().eval()
    pooled = network.pooled(*pictures)
    assert torch.equal(network.fusion(pooled[:, :, None, None]), network.fusion(pooled))


def test_a_head_of_another_width_is_refused():
    branch = PooledClassifier("squeezenet1_1", labels=2)
    with pytest.raises(UsageError, match="1024 features; it takes 1000"):
        FusedClassifier(whole=branch, crop=branch, head=FusionHead(features=1000, labels=2))
    with pytest.raises(UsageError, match="at least one feature and one label"):
        FusionHead(features=4, labels=0)


def test_class_maps_are_what_autograd_through_both_paths_gives(pictures):
    """Grad-CAM before its ReLU (Selvaraju et al. 2017, equations 1 and 2), in float64; the crop is a constant."""
    network = fused().double().eval()
    picture = pictures[0].double()
    crop = torch.nn.functional.interpolate(picture[:, :, 10:50, 5:60], (64, 64), mode="bilinear").detach()
    out = network.outputs(picture, crop)
    maps = [branch.features(each).detach() for branch, each in ((network.whole, picture), (network.crop, crop))]
    for label in range(LABELS):
        leaves = [each.clone().requires_grad_() for each in maps]
        logits = network.fusion(torch.cat([each.mean(dim=(2, 3)) for each in leaves], dim=1))
        gradients = torch.autograd.grad(logits[:, label].sum(), leaves)
        for each, gradient, expected in zip(maps, gradients, (out.whole_maps, out.crop_maps), strict=True):
            alpha = gradient.mean(dim=(2, 3), keepdim=True)
            assert torch.allclose((alpha * each).sum(dim=1), expected[:, label], rtol=0, atol=1e-10)
