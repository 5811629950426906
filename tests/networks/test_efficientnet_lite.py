"""Against timm's TensorFlow ports, which pad while they run."""

from functools import cache

import pytest
import timm
import torch
from torch import nn
from torch.nn import functional

from hilum.networks.efficientnet_lite import LAST, SamePad
from hilum.networks.pooled_classifier import BACKBONES
from hilum.networks.starting_weights import names_beside_timm
from hilum.training.export.to_onnx import fold_batch_norms

LITES = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]


@cache
def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """timm's network and ours with the same weights, and statistics that are not 0 and 1."""
    theirs = timm.create_model(f"tf_{name}", pretrained=False, num_classes=0, global_pool="").eval()
    draw = torch.Generator().manual_seed(0)
    for tensor in theirs.state_dict().values():
        if tensor.ndim == 1:
            tensor.uniform_(0.8, 1.2, generator=draw)
    ours = BACKBONES[name].build().eval()
    names = names_beside_timm(name)
    ours.load_state_dict({names[key]: tensor for key, tensor in theirs.state_dict().items()})
    return theirs, ours


def picture(height: int, width: int) -> torch.Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", LITES)
@pytest.mark.parametrize("size", [(64, 96), (75, 66), (47, 81)])
def test_the_last_map_is_timms_to_the_bit(name: str, size: tuple[int, int]) -> None:
    theirs, ours = pair(name)
    with torch.inference_mode():
        found, wanted = ours(picture(*size)), theirs(picture(*size))
    assert found.shape == (2, LAST, -(-size[0] // 32), -(-size[1] // 32))
    assert torch.equal(found, wanted)
    assert found.min() >= 0
    assert 0 < found.max() <= 6


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(8, 9), (7, 10), (1, 2)])
def test_the_border_gives_every_second_position_a_window(kernel: int, size: tuple[int, int]) -> None:
    """TensorFlow's rule written out: ceil(n / 2) windows that reach over both ends as evenly as they can."""
    x = torch.ones(1, 1, *size)
    padded = SamePad(kernel)(x)
    for axis, side in zip((2, 3), size, strict=True):
        total = max((-(-side // 2) - 1) * 2 + kernel - side, 0)
        assert padded.shape[axis] == side + total
        others = tuple(other for other in (0, 1, 2, 3) if other != axis)
        before = int(padded.sum(dim=others).nonzero()[0])
        assert before == total // 2
    windows = functional.conv2d(padded, torch.ones(1, 1, kernel, kernel), stride=2)
    assert windows.shape[-2:] == (-(-size[0] // 2), -(-size[1] // 2))


def test_every_batch_norm_folds_into_its_convolution() -> None:
    _, ours = pair("efficientnet_lite0")
    folded = fold_batch_norms(ours)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        wanted = ours(picture(64, 64))
        assert torch.allclose(folded(picture(64, 64)), wanted, atol=1e-4 * float(wanted.max()))


def test_drawn_weights_neither_explode_nor_vanish() -> None:
    torch.manual_seed(0)
    network = BACKBONES["efficientnet_lite0"].build().train()
    with torch.no_grad():
        assert 0.05 < float(network(picture(96, 96)).std()) < 2
