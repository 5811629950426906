"""What stays in float32, and what cannot be quantised at all."""

import io
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fabricate_bundle import ToyNetwork
from hilum.errors import EngineError
from hilum.evaluation.quantising.int8_graph import (
    head_of,
    int8_graph,
    load_nncf,
    mean_auroc,
    method_for,
    plain_weights,
)
from hilum.evaluation.quantising.recorded import Recorded

openvino = pytest.importorskip("openvino", reason="the optional part quantise is not installed")
pytest.importorskip("nncf", reason="the optional part quantise is not installed")


def _kept(graph: bytes) -> set[str]:
    """The kinds of operations that stay in float32, without constants."""
    model = openvino.Core().read_model(io.BytesIO(graph))
    names = set(head_of(model))
    kinds = {node.get_friendly_name(): node.get_type_name() for node in model.get_ops()}
    return {kinds[name] for name in names} - {"Constant"}


def test_the_head_stays_and_the_class_maps_with_it() -> None:
    graph = ToyNetwork.random(labels=2).graph()
    model = openvino.Core().read_model(io.BytesIO(graph))
    convolutions = [node.get_friendly_name() for node in model.get_ops() if node.get_type_name() == "Convolution"]
    assert len(convolutions) == 2
    names = head_of(model)
    assert [name for name in convolutions if name in names] == ["class_maps"], "the features' own is quantised"
    assert "MatMul" in _kept(graph)
    assert "MatMul" in _kept(ToyNetwork.random(labels=2).graph(class_maps=False))


def test_weights_that_a_file_keeps_smaller_are_constants_to_nncf() -> None:
    """What is computed from half precision gets no correction of its bias, and all scores move alike."""
    graph = ToyNetwork.random(labels=2).graph(float16=True)
    as_read = openvino.Core().read_model(io.BytesIO(graph))
    assert {"Convert"} <= _weight_kinds(as_read)
    assert _weight_kinds(plain_weights(graph, openvino=openvino)) == {"Constant"}


def _weight_kinds(model: Any) -> set[str]:
    """The kinds of operations that give convolutions their weights."""
    convolutions = [node for node in model.get_ops() if node.get_type_name() == "Convolution"]
    return {node.input_value(1).get_node().get_type_name() for node in convolutions}


def _linear() -> bytes:
    weights = numpy_helper.from_array(np.ones((16, 1), np.float32), "weights")
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]
    taken = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, 4, 4])
    given = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1])
    model = helper.make_model(
        helper.make_graph(nodes, "linear", [taken], [given], [weights]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


def test_a_network_without_convolutions_is_refused() -> None:
    images = np.random.default_rng(0).random((4, 1, 4, 4), np.float32)
    recorded = Recorded((None,) * 4, {"input": images}, {}, failed=0)  # type: ignore[arg-type]  # nobody asks which
    with pytest.raises(EngineError, match="it has no convolutions before its head"):
        int8_graph(
            _linear(),
            nncf=load_nncf(),
            method="quantize",
            overflow_fix="disable",
            calibration=recorded,
            validation=recorded,
            truth=np.zeros((4, 1)),
        )


def test_usage_statistics_are_off_when_nncf_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NNCF_CI", raising=False)
    load_nncf()
    from nncf.telemetry.wrapper import NNCFTelemetryStub, telemetry

    assert telemetry is NNCFTelemetryStub or isinstance(telemetry, NNCFTelemetryStub)


def test_the_mean_is_over_labels_with_both_outcomes() -> None:
    truth = np.array([[1.0, 1.0, np.nan], [0.0, 1.0, np.nan], [0.0, 1.0, np.nan]])
    logits = np.array([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]], np.float32)
    assert mean_auroc(truth, logits) == 0.5
    logits[0, 0] = 3.0
    assert mean_auroc(truth, logits) == 1.0
    assert mean_auroc(truth[:, 1:], logits[:, 1:]) == 0.5


def test_densenets_alone_need_control() -> None:
    assert method_for("densenet201", layers_back=1) == "quantize_with_accuracy_control"
    assert {method_for(name, layers_back=1) for name in ("mobilenet_v2", "efficientnet_lite0")} == {"quantize"}


def test_a_densenet_of_which_no_layer_may_go_back_needs_none() -> None:
    assert method_for("densenet201", layers_back=0) == "quantize"
