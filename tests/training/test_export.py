import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.export import fold_batch_norms, run_graph, to_onnx, with_float16_weights

SIZE = (64, 64)


def network(backbone):
    torch.manual_seed(0)
    made = PooledClassifier(backbone, labels=3)
    made.train()
    with torch.no_grad():  # batch statistics that are not 0 and 1
        for _ in range(3):
            made(torch.randn(4, 3, *SIZE))
    return made.eval()


@pytest.fixture(scope="module", params=["mobilenet_v2", "squeezenet1_1", "resnet18"])
def pair(request):
    made = network(request.param)
    return made, to_onnx(made, size=SIZE, channels=3)


def batch(n=3):
    return np.random.default_rng(1).normal(size=(n, 3, *SIZE)).astype(np.float32)


def test_logits_and_class_maps_are_torchs_for_any_batch_size(pair):
    made, graph = pair
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for n in (1, 5):
        logits, maps = session.run(["logits", "class_maps"], {"input": batch(n)})
        with torch.inference_mode():
            expected_logits, expected_maps = made.forward_with_maps(torch.from_numpy(batch(n)))
        assert np.abs(logits - expected_logits.numpy()).max() <= 1e-4
        assert np.abs(maps - expected_maps.numpy()).max() <= 1e-4
        assert np.allclose(maps.sum(axis=(2, 3)) + made.bias.detach().numpy(), logits, atol=1e-4)


def test_half_precision_weights_halve_the_file_and_move_logits_little(pair):
    _, graph = pair
    small = with_float16_weights(graph)
    assert len(small) < 0.6 * len(graph)
    logits = run_graph(graph, images=batch())
    assert np.abs(run_graph(small, images=batch()) - logits).max() <= 0.01 * max(1.0, np.abs(logits).max())
    floats = {i.name: i.data_type for i in onnx.load_model_from_string(small).graph.initializer}
    assert onnx.TensorProto.FLOAT16 in floats.values()


def test_folding_leaves_no_batch_norm_behind_a_convolution_and_changes_nothing():
    made = network("resnet18")
    folded = fold_batch_norms(made)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        images = torch.from_numpy(batch())
        assert torch.allclose(folded(images), made(images), atol=1e-4)
