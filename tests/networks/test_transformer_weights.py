"""Files in the published layouts, loaded as starting weights, against forward passes that read the published names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from fabricate_foundations import (
    EVA_BASE,
    EVA_SMALL,
    SWIN,
    VIT,
    ark_state,
    ark_tokens,
    eva_x_state,
    eva_x_tokens,
    rad_dino_state,
    rad_dino_tokens,
)
from hilum.errors import DataError
from hilum.networks.foundations import FOUNDATIONS
from hilum.networks.patch_tokens import TransformerShape
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier
from hilum.networks.starting_licence import starting_licences
from hilum.networks.starting_weights import WeightsFile, load_starting_weights

Small = Callable[[str, TransformerShape], PooledClassifier]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Small:
    """A classifier of the named foundation in another shape."""

    def make(name: str, shape: TransformerShape) -> PooledClassifier:
        backbone = replace(BACKBONES[name], build=shape.build, channels=shape.channels, side=shape.side)
        monkeypatch.setitem(BACKBONES, name, backbone)
        return PooledClassifier(name, labels=2).eval()

    return make


def picture(side: int) -> Tensor:
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))


def assert_tokens(network: PooledClassifier, tokens: Tensor, *, side: int) -> None:
    with torch.inference_mode():
        found = network.features(picture(side))
    assert tokens.std() > 0.3
    torch.testing.assert_close(found.flatten(2).transpose(1, 2).double(), tokens, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "shape"), [("eva_x_small", EVA_SMALL), ("eva_x_base", EVA_BASE)])
@pytest.mark.parametrize("labels", [None, 14])
def test_eva_x(name: str, shape, labels: int | None, small: Small, tmp_path: Path) -> None:
    state = eva_x_state(shape, fine_tuned=labels)
    path = tmp_path / "eva_x.pt"
    torch.save({"model": state} if labels else {"module": state}, path)
    network = small(name, shape)
    said = load_starting_weights(network, weights=WeightsFile(path))
    tokens = eva_x_tokens(picture(shape.side), state=state, shape=shape)
    norm = "norm" if labels is None else "fc_norm"
    mean, variance = tokens.mean(-1, keepdim=True), tokens.var(-1, keepdim=True, unbiased=False)
    normed = (tokens - mean) / (variance + 1e-6).sqrt() * state[f"{norm}.weight"] + state[f"{norm}.bias"]
    assert_tokens(network, normed, side=shape.side)
    assert starting_licences([WeightsFile(path)], backbone=name, loaded=said) == (
        f"eva_x.pt; {FOUNDATIONS[name].title}'s own weights are MIT (github.com/hustvl/EVA-X)",
    )


@pytest.mark.parametrize("prefix", ["", "dinov2."])
def test_rad_dino(prefix: str, small: Small, tmp_path: Path) -> None:
    state = rad_dino_state(VIT)
    path = tmp_path / "model.safetensors"
    save_file({f"{prefix}{name}": tensor for name, tensor in state.items()}, path)
    network = small("rad_dino", VIT)
    load_starting_weights(network, weights=WeightsFile(path))
    assert_tokens(network, rad_dino_tokens(picture(VIT.side), state=state, shape=VIT), side=VIT.side)


def test_ark(small: Small, tmp_path: Path) -> None:
    state = ark_state(SWIN, heads=(14, 14, 3))
    path = tmp_path / "ark.pth.tar"
    student = {f"module.{name}": tensor + 1 for name, tensor in state.items()}
    teacher = {f"module.{name}": tensor for name, tensor in state.items()}
    torch.save({"epoch": 50, "state_dict": student, "teacher": teacher}, path)
    network = small("ark_swin_base", SWIN)
    load_starting_weights(network, weights=WeightsFile(path))
    assert_tokens(network, ark_tokens(picture(SWIN.side), state=state, shape=SWIN), side=SWIN.side)


@pytest.mark.parametrize(
    ("name", "shape", "state", "dropped", "missed"),
    [
        (
            "eva_x_small",
            EVA_SMALL,
            eva_x_state(EVA_SMALL),
            "blocks.1.attn.qkv.weight",
            "lacks backbone.features.blocks.1",
        ),
        ("rad_dino", VIT, rad_dino_state(VIT), "encoder.layer.1.attention.attention.key.bias", "another shape for"),
        ("ark_swin_base", SWIN, ark_state(SWIN, heads=(2,)), "norm.weight", "lacks backbone.features.norm.weight"),
    ],
)
def test_a_file_that_lacks_something_is_refused(
    name: str, shape, state, dropped: str, missed: str, small: Small, tmp_path: Path
) -> None:
    network = small(name, shape)
    path = tmp_path / "weights.pth"
    torch.save({key: tensor for key, tensor in state.items() if key != dropped}, path)
    with pytest.raises(DataError, match=missed):
        load_starting_weights(network, weights=WeightsFile(path))
    torch.save({"something.weight": torch.zeros(1)}, path)
    with pytest.raises(DataError, match=f"does not hold the weights of {name}"):
        load_starting_weights(network, weights=WeightsFile(path))
