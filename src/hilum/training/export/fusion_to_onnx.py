"""From a torch fusion to one ONNX graph with two inputs, checked.

`bundle/fusion_spec.py` says what the graph takes and gives.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from hilum.bundle.fusion_spec import CROP, FUSION_OUTPUTS, WHOLE
from hilum.errors import EngineError
from hilum.networks.fusion import FusedClassifier
from hilum.training.export.to_onnx import LOGIT_TOLERANCE, graph_of


class _AllOutputs(nn.Module):
    def __init__(self, network: FusedClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, whole: Tensor, crop: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.outputs(whole, crop))


def fusion_to_onnx(
    network: FusedClassifier, *, whole_size: tuple[int, int], crop_size: tuple[int, int], channels: int
) -> bytes:
    """The graph of the fusion in evaluation mode; sizes are rows and columns of each input.

    Raises `EngineError` when ONNX Runtime and torch differ by more than 1e-4 in a logit or in a cell of a map.
    """
    network.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # absent from torch's stubs
    draw = torch.Generator().manual_seed(0)
    examples = {
        name: torch.rand(2, channels, *size, generator=draw) * 2 - 1
        for name, size in ((WHOLE, whole_size), (CROP, crop_size))
    }
    graph = graph_of(_AllOutputs(network), examples=examples, outputs=FUSION_OUTPUTS)
    difference = largest_difference(network, graph=graph, examples=examples)
    if difference > LOGIT_TOLERANCE:
        raise EngineError(
            f"expected ONNX and torch outputs within {LOGIT_TOLERANCE}, came a difference of {difference:.2e}"
        )
    return graph


def largest_difference(network: FusedClassifier, *, graph: bytes, examples: dict[str, Tensor]) -> float:
    """The largest absolute difference between torch's and ONNX Runtime's outputs on `examples`, by input name."""
    with torch.inference_mode():
        expected = network.outputs(examples[WHOLE], examples[CROP])
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found = session.run(list(FUSION_OUTPUTS), {name: tensor.numpy() for name, tensor in examples.items()})
    return max(float(np.abs(one - other.numpy()).max()) for one, other in zip(found, expected, strict=True))
