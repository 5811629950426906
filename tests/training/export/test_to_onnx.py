import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from hilum.networks.mirrored import Mirrored
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.training.export.to_onnx import (
    classifier_to_onnx,
    fold_batch_norms,
    noise,
    to_onnx,
    with_float16_weights,
    with_int8_weights,
)

SIZE = (64, 64)


def network(backbone):
    torch.manual_seed(0)
    made = PooledClassifier(backbone, labels=3)
    made.train()
    with torch.no_grad():  # batch statistics that are not 0 and 1
        for _ in range(3):
            made(torch.randn(4, 3, *SIZE))
    return made.eval()


@pytest.fixture(scope="module", params=["mobilenet_v2", "squeezenet1_1", "resnet18", "efficientnet_lite0"])
def pair(request):
    made = network(request.param)
    return made, classifier_to_onnx(made, example=noise(3, *SIZE))


def run_graph(graph, *, images):
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"input": images})[0]


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


def test_a_graph_of_logits_alone_looks_into_the_mirror_with_one_set_of_weights(pair):
    made, graph = pair
    mirrored = Mirrored(made, swaps=((0, 2),)).eval()
    twice = to_onnx(mirrored, examples={"input": noise(3, *SIZE)}, outputs=("logits",))
    assert [output.name for output in onnx.load_model_from_string(twice).graph.output] == ["logits"]
    assert len(twice) < 1.05 * len(graph)
    for n in (1, 5):
        with torch.inference_mode():
            expected = mirrored(torch.from_numpy(batch(n))).numpy()
        assert np.abs(run_graph(twice, images=batch(n)) - expected).max() <= 1e-4
        assert np.abs(run_graph(graph, images=batch(n)) - expected).max() > 1e-3


def test_half_precision_weights_halve_the_file_and_move_logits_little(pair):
    _, graph = pair
    small = with_float16_weights(graph)
    assert len(small) < 0.6 * len(graph)
    logits = run_graph(graph, images=batch())
    assert np.abs(run_graph(small, images=batch()) - logits).max() <= 0.01 * max(1.0, np.abs(logits).max())
    floats = {i.name: i.data_type for i in onnx.load_model_from_string(small).graph.initializer}
    assert onnx.TensorProto.FLOAT16 in floats.values()


def test_eight_bit_weights_are_off_by_half_a_scale_at_most(pair):
    _, graph = pair
    small = with_int8_weights(graph)
    assert len(small) < 0.45 * len(graph)
    before = {i.name: onnx.numpy_helper.to_array(i) for i in onnx.load_model_from_string(graph).graph.initializer}
    stored = {i.name: onnx.numpy_helper.to_array(i) for i in onnx.load_model_from_string(small).graph.initializer}
    wholes = [name for name in stored if name.endswith("__int8")]
    assert wholes
    for name in wholes:
        plain = name.removesuffix("__int8")
        scale = stored[f"{plain}__scale"]
        assert np.all(np.abs(stored[name] * scale - before[plain]) <= scale * 0.5001)
        assert set(np.abs(stored[name]).max(axis=(1, 2, 3)).tolist()) <= {0, 127}  # 0 where a last norm starts at zero
    logits = run_graph(graph, images=batch())
    assert np.abs(run_graph(small, images=batch()) - logits).max() <= 0.1 * max(1.0, np.abs(logits).max())


def test_a_channel_of_zeros_stays_zero_in_eight_bits():
    weights = np.random.default_rng(0).normal(size=(128, 128, 1, 1)).astype(np.float32)
    weights[5] = 0
    tensor = onnx.numpy_helper.from_array(weights, "w")
    values = [
        onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 128, 4, 4]) for n in ("input", "logits")
    ]
    conv = onnx.helper.make_node("Conv", ["input", "w"], ["logits"])
    graph = onnx.helper.make_graph([conv], "one", values[:1], values[1:], [tensor])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    out = run_graph(with_int8_weights(model.SerializeToString()), images=np.ones((1, 128, 4, 4), np.float32))
    assert np.all(out[:, 5] == 0)
    assert np.isfinite(out).all()


def test_folding_leaves_no_batch_norm_behind_a_convolution_and_changes_nothing():
    made = network("resnet18")
    folded = fold_batch_norms(made)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        images = torch.from_numpy(batch())
        assert torch.allclose(folded(images), made(images), atol=1e-4)


def test_an_export_leaves_the_network_as_it_was():
    made = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.ReLU6(inplace=True), torch.nn.ReLU()).eval()
    graph = to_onnx(made, examples={"input": noise(3, *SIZE)}, outputs=("logits",))
    assert [module.inplace for module in made[1:]] == [True, False]
    with torch.inference_mode():
        assert np.allclose(run_graph(graph, images=batch()), made(torch.from_numpy(batch())).numpy(), atol=1e-5)
