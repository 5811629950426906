"""From several trained networks to the one ONNX graph of their ensemble, checked.

`bundle/ensemble_spec.py` says what the graph takes and gives.
"""

from __future__ import annotations

from torch import Tensor, nn

from hilum.bundle.ensemble_spec import MAPS, MEMBER_LOGITS
from hilum.networks.ensemble import EnsembleClassifier
from hilum.reading.engines.engine import INPUT, LOGITS
from hilum.training.export.to_onnx import to_onnx


class _AllOutputs(nn.Module):
    def __init__(self, network: EnsembleClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.outputs(images))


def ensemble_to_onnx(network: EnsembleClassifier, *, example: Tensor) -> bytes:
    """The graph of the ensemble for inputs such as `example`. Raises as `to_onnx` does."""
    return to_onnx(_AllOutputs(network), examples={INPUT: example}, outputs=(LOGITS, MEMBER_LOGITS, MAPS))
