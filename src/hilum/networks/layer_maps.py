"""What a network's inner layers hold of one picture, and the gradient of a logit with respect to it.

A hook's copy is taken before a ReLU that works in place can overwrite it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hilum.errors import UsageError
from hilum.networks.pooled_classifier import PooledClassifier


@dataclass(frozen=True, slots=True, eq=False)
class LayerMap:
    """The output (1, K, h, w) of a layer, and the gradient of one logit with respect to it, of the same shape."""

    activation: Tensor
    gradient: Tensor


def layer_map(network: PooledClassifier, images: Tensor, *, column: int, layer: str) -> LayerMap:
    """Of the backbone's module `layer` for one picture (1, C, H, W) and the logit at `column`.

    The network's parameters get no gradient. Raises `UsageError` where there is no such layer.
    """
    try:
        module = network.backbone.get_submodule(layer)
    except AttributeError as error:
        raise UsageError(f"{network.name} has no layer {layer!r}") from error
    with torch.enable_grad(), _kept(module) as kept:
        logits = network(images.detach().requires_grad_())
        (activation,) = kept[-1:]
        (gradient,) = torch.autograd.grad(logits[0, column], activation)
    return LayerMap(activation.detach(), gradient.detach())


def layer_cam(found: LayerMap) -> Tensor:
    """LayerCAM (h, w): `ReLU(sum_k max(g_kij, 0) A_kij)` (Jiang et al. 2021, equations 6 and 7)."""
    return (found.gradient[0].clamp(min=0) * found.activation[0]).sum(dim=0).clamp(min=0)


def finer_layer(network: PooledClassifier, images: Tensor) -> str | None:
    """The last layer of the backbone, in the order in which they run, that has a finer map than the last one.

    Its values must not be negative, so it stands behind a ReLU: LayerCAM multiplies them by gradients. None where no
    layer has more cells than the last map.
    """
    seen: list[tuple[str, int, bool]] = []

    def note(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and output.ndim == 4:
                seen.append((name, output.shape[-2] * output.shape[-1], bool(output.min() >= 0)))

        return hook

    handles = [module.register_forward_hook(note(name)) for name, module in network.backbone.named_modules() if name]
    try:
        with torch.inference_mode():
            last = network.features(images)
    finally:
        for handle in handles:
            handle.remove()
    cells = last.shape[-2] * last.shape[-1]
    finer = [name for name, count, positive in seen if count > cells and positive]
    return finer[-1] if finer else None


def before_last_relu(network: PooledClassifier, images: Tensor) -> Tensor | None:
    """The map (N, K, h, w) before the ReLU behind a DenseNet's last norm; None of any other backbone."""
    if not network.name.startswith("densenet"):
        return None
    taken: list[Tensor] = []
    handle = network.backbone.get_submodule("features.norm5.act").register_forward_pre_hook(
        lambda _module, inputs: taken.append(inputs[0].clone())
    )
    try:
        with torch.inference_mode():
            network.features(images)
    finally:
        handle.remove()
    return taken[0]


@contextmanager
def _kept(module: nn.Module) -> Iterator[list[Tensor]]:
    """Every output of the module, each a copy that the network goes on with."""
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept.append(output)
        return output.clone()

    handle = module.register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()
