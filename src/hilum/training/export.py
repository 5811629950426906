"""From a torch network to an ONNX graph that returns logits and class maps, checked, then made small.

The graph's input is `input` float32 (N, C, H, W), its outputs `logits` (N, L) and `class_maps` (N, L, h, w) in units
of logit contribution.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from hilum.errors import EngineError
from hilum.networks.pooled_classifier import PooledClassifier

OPSET = 18
LOGIT_TOLERANCE = 1e-4
FLOAT16_FROM_ELEMENTS = 2048
"""Smaller constants stay float32: they weigh little and carry most of the error, since depthwise kernels with a folded
norm span a range that half precision does not."""


class _WithMaps(nn.Module):
    def __init__(self, network: PooledClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.forward_with_maps(images)


def to_onnx(network: PooledClassifier, *, size: tuple[int, int], channels: int) -> bytes:
    """The graph of the network in evaluation mode with batch norms folded into convolutions where they follow one.

    Raises `EngineError` when ONNX Runtime and torch differ by more than 1e-4 in a logit.
    """
    network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # absent from torch's stubs
    example = torch.rand(2, channels, *size) * 2 - 1
    buffer = io.BytesIO()
    program = torch.onnx.export(
        fold_batch_norms(_WithMaps(network)),
        (example,),
        dynamo=True,
        opset_version=OPSET,
        input_names=["input"],
        output_names=["logits", "class_maps"],
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
        verbose=False,
    )
    if program is None:
        raise EngineError("expected an ONNX program from torch, came none; report this with the network's name")
    program.optimize()
    onnx.save_model(program.model_proto, buffer)
    graph = buffer.getvalue()
    difference = largest_logit_difference(network, graph=graph, example=example)
    if difference > LOGIT_TOLERANCE:
        raise EngineError(
            f"expected ONNX and torch logits within {LOGIT_TOLERANCE}, came a difference of {difference:.2e}"
        )
    return graph


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """The same function with every batch norm that follows a convolution folded into it."""
    return fuse(network.eval())


def largest_logit_difference(network: PooledClassifier, *, graph: bytes, example: Tensor) -> float:
    """The largest absolute difference between torch's and ONNX Runtime's logits on `example` (N, C, H, W)."""
    with torch.inference_mode():
        expected = network(example).numpy()
    return float(np.abs(run_graph(graph, images=example.numpy()) - expected).max())


def run_graph(graph: bytes, *, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Logits (N, L) of the graph for images (N, C, H, W)."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    logits: npt.NDArray[np.float32] = session.run(["logits"], {"input": images})[0]
    return logits


def with_float16_weights(graph: bytes) -> bytes:
    """The same graph with its large constants stored in half precision and cast back when it is loaded.

    Computation stays float32; only the weights are rounded (relative error at most 2^-11).
    """
    model = onnx.load_model_from_string(graph)
    casts, kept = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < FLOAT16_FROM_ELEMENTS:
            kept.append(tensor)
            continue
        half = f"{tensor.name}__float16"
        kept.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(onnx.helper.make_node("Cast", [half], [tensor.name], to=onnx.TensorProto.FLOAT))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    compressed: bytes = model.SerializeToString()
    return compressed
