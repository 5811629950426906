"""One graph of several networks gives what torch gives, in both engines, also where probabilities are 0 or 1."""

import numpy as np
import pytest
import torch

from hilum.networks.ensemble import EnsembleClassifier
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.engines.openvino_engine import OpenVinoEngine
from hilum.training.export.ensemble_to_onnx import ensemble_to_onnx
from hilum.training.export.to_onnx import noise

SIDE = 64


@pytest.fixture(scope="module")
def exported():
    torch.manual_seed(0)
    members = [PooledClassifier(name, labels=3, dropout=0.3) for name in ("squeezenet1_1", "resnet18")]
    for module in members[1].modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # statistics as after training, that fold
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.8, 1.2)
    for member in members:
        member.head.bias.data = torch.tensor([0.0, 90.0, -90.0])
    network = EnsembleClassifier(members, size=(SIDE, SIDE))
    return network, ensemble_to_onnx(network, example=noise(3, SIDE, SIDE))


@pytest.mark.slow
@pytest.mark.parametrize("engine", [OnnxRuntimeEngine, OpenVinoEngine])
def test_the_graph_gives_every_output_of_torch(exported, engine):
    network, graph = exported
    compiled = engine().compile(graph, threads=1, callers=1)
    assert set(compiled.outputs) == {"logits", "member_logits", "maps"}
    for count in (1, 3):
        pictures = torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(count))
        found = compiled.run(pictures.numpy())
        expected = network.outputs(pictures)._asdict()
        assert found["member_logits"].shape == (count, 2, 3)
        assert found["maps"].shape == (count, 3, 3, 3), "the finer of 3 x 3 and 2 x 2 cells"
        for name, tensor in expected.items():
            np.testing.assert_allclose(found[name], tensor.numpy(), rtol=1e-3, atol=2e-3, err_msg=name)
        assert (np.abs(found["logits"][:, 1:]) > 50).all()
