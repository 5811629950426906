"""From a torch fusion to one ONNX graph with two inputs, checked.

`bundle/fusion_spec.py` says what the graph takes and gives.
"""

from __future__ import annotations

from torch import Tensor, nn

from hilum.bundle.fusion_spec import CROP, FUSION_OUTPUTS, WHOLE
from hilum.networks.fusion import FusedClassifier
from hilum.training.export.to_onnx import to_onnx


class _AllOutputs(nn.Module):
    def __init__(self, network: FusedClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, whole: Tensor, crop: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.outputs(whole, crop))


def fusion_to_onnx(network: FusedClassifier, *, whole: Tensor, crop: Tensor) -> bytes:
    """The graph of the fusion for inputs such as these. Raises as `to_onnx` does."""
    return to_onnx(_AllOutputs(network), examples={WHOLE: whole, CROP: crop}, outputs=FUSION_OUTPUTS)
