from copy import deepcopy

import numpy as np
import pytest
import torch

from hilum.bundle.fusion_spec import FUSION_OUTPUTS
from hilum.errors import EngineError
from hilum.networks.fusion import FusedClassifier, FusionHead
from hilum.networks.pooled_classifier import BACKBONES, PooledClassifier
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.training.export import to_onnx
from hilum.training.export.fusion_to_onnx import fusion_to_onnx
from hilum.training.export.to_onnx import with_float16_weights

LABELS = 3


def fused(whole="squeezenet1_1", crop="resnet18"):
    torch.manual_seed(0)
    pair = [PooledClassifier(name, labels=LABELS, dropout=0.3) for name in (whole, crop)]
    features = BACKBONES[whole].channels + BACKBONES[crop].channels
    for network in pair:
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):  # statistics as after training, that fold
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.8, 1.2)
    return FusedClassifier(whole=pair[0], crop=pair[1], head=FusionHead(features=features, labels=LABELS)).eval()


@pytest.fixture(scope="module")
def exported():
    network = fused()
    return network, fusion_to_onnx(network, whole=to_onnx.noise(3, 64, 64), crop=to_onnx.noise(3, 64, 96))


@pytest.mark.slow
def test_the_graph_gives_every_output_of_torch_through_the_engine(exported):
    network, graph = exported
    compiled = OnnxRuntimeEngine().compile(graph, threads=1, callers=1)
    assert compiled.outputs == FUSION_OUTPUTS
    assert dict(compiled.input_shapes) == {"whole": (None, 3, 64, 64), "crop": (None, 3, 64, 96)}
    draw = torch.Generator().manual_seed(5)
    for count in (1, 3):
        whole, crop = torch.randn(count, 3, 64, 64, generator=draw), torch.randn(count, 3, 64, 96, generator=draw)
        found = compiled.run_named({"whole": whole.numpy(), "crop": crop.numpy()})
        with torch.inference_mode():
            expected = network.outputs(whole, crop)
        for name, tensor in zip(FUSION_OUTPUTS, expected, strict=True):
            assert np.abs(found[name] - tensor.numpy()).max() < 1e-4, name
        total = found["whole_maps"].sum(axis=(2, 3)) + found["crop_maps"].sum(axis=(2, 3))
        assert total == pytest.approx(found["logits"] - network.bias.detach().numpy(), abs=1e-4)


@pytest.mark.slow
def test_half_precision_weights_halve_the_graph_and_move_logits_little(exported):
    _, graph = exported
    small = with_float16_weights(graph)
    assert len(small) < 0.6 * len(graph)
    examples = {"whole": torch.rand(2, 3, 64, 64).numpy(), "crop": torch.rand(2, 3, 64, 96).numpy()}
    full, half = (
        OnnxRuntimeEngine().compile(one, threads=1, callers=1).run_named(examples)["logits"] for one in (graph, small)
    )
    assert 0 < np.abs(full - half).max() < 2e-2


@pytest.mark.slow
def test_a_graph_that_differs_from_torch_is_refused(monkeypatch):
    def other(module, *, examples, outputs):
        changed = deepcopy(module)
        changed.network.fusion.head.bias.data += 0.01
        return graph_of(changed, examples=examples, outputs=outputs)

    graph_of = to_onnx.graph_of
    monkeypatch.setattr(to_onnx, "graph_of", other)
    with pytest.raises(EngineError, match=r"differ by 1\.00e-02 in logits; at most 1\.0e-04"):
        fusion_to_onnx(
            fused("squeezenet1_1", "squeezenet1_1"), whole=to_onnx.noise(3, 64, 64), crop=to_onnx.noise(3, 64, 64)
        )
