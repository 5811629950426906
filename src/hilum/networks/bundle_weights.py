"""The weights of a bundle as parameters of its network: from `weights.safetensors`, else back from the ONNX graph.

An exported graph has batch norms folded into the convolutions before them. Going back, the convolution keeps the
product and the norm becomes the identity with the folded shift: the same function in evaluation mode, but not the norm
that was trained. So such weights are a start for training with frozen batch norms. Of networks whose norms the
exporter merges under names of its own (DenseNet, MobileNetV1) they cannot be had back; what is rebuilt is compared
with the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import safetensors
import safetensors.torch
import torch
from onnx import numpy_helper
from torch import Tensor, fx, nn

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.bundle.pooling_spec import LUNGS
from hilum.errors import DataError
from hilum.networks.pooled_classifier import PooledClassifier

WEIGHTS = "weights.safetensors"
_PREFIX, _HALF = "network.", "__float16"
_TOLERANCE = 1e-3
_EXAMPLE_PX = 64


def weights_of_bundle(bundle: Bundle, *, network: PooledClassifier) -> tuple[dict[str, Tensor], str]:
    """All parameters by the names of `PooledClassifier`, the head with the bundle's labels, and where they came from.

    Raises `DataError` where the bundle's network is another one than `network`, apart from the number of labels, or
    its weights cannot be had from its graph.
    """
    card = bundle.card
    ours, theirs = (network.name, network.channels), (card.architecture, card.preprocess.channels)
    if ours != theirs:
        raise DataError(
            f"{bundle.folder} holds {theirs[0]} with {theirs[1]} input channels, and the recipe starts from {ours[0]} "
            f"with {ours[1]}. Change the recipe's backbone or preprocessing, or the bundle"
        )
    if WEIGHTS in card.files:
        try:
            return safetensors.torch.load(bundle.read(WEIGHTS)), WEIGHTS
        except safetensors.SafetensorError as error:
            raise DataError(f"{bundle.folder / WEIGHTS} is not an intact safetensors file ({error})") from error
    return _from_graph(bundle, labels=len(card.label_names), network=network), (
        "its graph, batch norms folded: to be trained with batch norms frozen"
    )


def _from_graph(bundle: Bundle, *, labels: int, network: PooledClassifier) -> dict[str, Tensor]:
    graph = bundle.read(GRAPH)
    found = dict(_initialisers(graph))
    stride = bundle.card.architecture_arguments.get("output_stride")
    rebuilt = PooledClassifier(
        network.name,
        labels=labels,
        channels=network.channels,
        output_stride=None if stride is None else int(stride),
    ).eval()
    state: dict[str, Tensor] = {}
    for name, own in rebuilt.state_dict().items():
        if name in found and found[name].shape == own.shape:
            state[name] = found[name]
    for convolution, norm in _folded(rebuilt.backbone):
        shift = found.get(f"backbone.{convolution}.bias")
        if shift is not None and f"backbone.{norm}.weight" not in state:
            state |= _identity(rebuilt.backbone.get_submodule(norm), name=f"backbone.{norm}", shift=shift)
    missing, _ = rebuilt.load_state_dict(state, strict=False)
    if any(not name.endswith("num_batches_tracked") for name in missing) or not agrees_with_graph(rebuilt, graph=graph):
        raise DataError(
            f"The weights of {bundle.folder} cannot be restored from its graph. Start from a bundle with {WEIGHTS}, or "
            f"from the {WEIGHTS} of its training run"
        )
    return dict(rebuilt.state_dict())


def _initialisers(graph: bytes) -> Iterator[tuple[str, Tensor]]:
    for tensor in onnx.load_model_from_string(graph).graph.initializer:
        if tensor.name.startswith(_PREFIX):
            values = numpy_helper.to_array(tensor)
            yield tensor.name.removeprefix(_PREFIX).removesuffix(_HALF), torch.from_numpy(values.astype(np.float32))


def _folded(backbone: nn.Module) -> Iterator[tuple[str, str]]:
    """The convolutions that a batch norm follows directly, with that norm: what `to_onnx.py` folds."""
    modules = dict(backbone.named_modules())
    for node in fx.symbolic_trace(backbone).graph.nodes:
        before = node.args[0] if node.op == "call_module" and node.args else None
        if isinstance(before, fx.Node) and before.op == "call_module":
            pair = modules[str(before.target)], modules[str(node.target)]
            if isinstance(pair[0], nn.Conv2d) and isinstance(pair[1], nn.BatchNorm2d):
                yield str(before.target), str(node.target)


def _identity(norm: nn.Module, *, name: str, shift: Tensor) -> Mapping[str, Tensor]:
    """A norm that adds `shift` and nothing else: mean 0, variance 1, and a scale that takes the epsilon back."""
    epsilon = norm.eps if isinstance(norm, nn.BatchNorm2d) else 0.0
    return {
        f"{name}.weight": torch.full_like(shift, (1.0 + epsilon) ** 0.5),
        f"{name}.bias": shift,
        f"{name}.running_mean": torch.zeros_like(shift),
        f"{name}.running_var": torch.ones_like(shift),
    }


def agrees_with_graph(network: PooledClassifier, *, graph: bytes) -> bool:
    """Whether a network in evaluation mode and a graph give the same logits on noise, to 1e-3 of their size."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    shape = [side if isinstance(side, int) else _EXAMPLE_PX for side in session.get_inputs()[0].shape[2:]]
    noise = torch.randn(1, network.channels, *shape, generator=torch.Generator().manual_seed(0))
    given = {"input": noise.numpy()}
    if LUNGS in [taken.name for taken in session.get_inputs()]:
        given[LUNGS] = np.ones((1, 1, *shape), np.float32)  # which makes its average the plain one
    expected: npt.NDArray[np.float32] = session.run(["logits"], given)[0]
    with torch.inference_mode():
        came = network(noise).numpy()
    return bool(np.abs(came - expected).max() <= _TOLERANCE * max(1.0, float(np.abs(expected).max())))
