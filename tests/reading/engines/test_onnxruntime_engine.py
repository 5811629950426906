"""ONNX Runtime on devices: taken where they are there, never one that sends pictures away, never the CPU unsaid."""

from typing import Any, get_args

import numpy as np
import onnxruntime
import pytest

from fabricate_bundle import SIZE, ToyNetwork
from hilum.errors import EngineError
from hilum.reading.engines import onnxruntime_engine
from hilum.reading.engines.engine import EngineName
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.engines.network import ENGINES
from hilum.reading.engines.onnxruntime_engine import DEVICES, CudaEngine, DirectMlEngine, OnnxRuntimeEngine, is_offered
from hilum.reading.engines.self_test import TOLERANCES
from hilum.reading.engines.trial import PRECISIONS

CUDA = ["CUDAExecutionProvider", "AzureExecutionProvider", "CPUExecutionProvider"]


class Session:
    """Stands for a session on a device: it computes on the CPU, and says which providers it was given."""

    asked: Any = None
    uses_device = True

    def __init__(self, graph: bytes, options: Any, *, providers: Any) -> None:
        Session.asked = (options, providers)
        self._inner = REAL(graph, providers=["CPUExecutionProvider"])
        names = [name for name, _ in providers]
        self._providers = names if Session.uses_device else names[-1:]
        self.batches: list[int] = []

    def get_providers(self) -> list[str]:
        return self._providers

    def get_inputs(self) -> Any:
        return self._inner.get_inputs()

    def get_outputs(self) -> Any:
        return self._inner.get_outputs()

    def run(self, names: Any, batches: dict[str, np.ndarray]) -> Any:
        self.batches.append(len(batches["input"]))
        return self._inner.run(names, batches)


REAL = onnxruntime.InferenceSession


@pytest.fixture
def with_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: CUDA)
    monkeypatch.setattr(onnxruntime_engine.onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(Session, "uses_device", True)


def test_every_engine_has_a_name_a_tolerance_and_a_precision() -> None:
    names = set(get_args(EngineName))
    assert set(ENGINES) == set(TOLERANCES) == set(PRECISIONS) == names
    assert not any("azure" in device.device.provider.lower() for device in DEVICES)


def test_a_device_is_offered_where_its_provider_is_there(with_cuda: None) -> None:
    assert is_offered("onnxruntime-cuda")
    assert not is_offered("onnxruntime-coreml")
    assert not is_offered("onnxruntime-directml")
    assert is_offered("onnxruntime")
    assert is_offered("openvino-int8"), "whether it can run is for its trial to say"


def test_a_device_that_is_not_there_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match=r"this ONNX Runtime has no DirectML; .* onnxruntime-directml"):
        DirectMlEngine()


def test_cuda_computes_in_full_float32_with_the_cpu_for_the_rest(with_cuda: None) -> None:
    network = ToyNetwork.random(labels=2)
    engine = CudaEngine()
    compiled = engine.compile(network.graph(), threads=1, callers=1)
    options, providers = Session.asked
    assert providers == [("CUDAExecutionProvider", {"use_tf32": "0"}), ("CPUExecutionProvider", {})]
    assert options.enable_mem_pattern
    batch = np.random.default_rng(0).random((3, 1, SIZE, SIZE), np.float32)
    np.testing.assert_allclose(compiled.run(batch)["logits"], network.forward(batch)[0], atol=1e-4)
    assert (engine.name, engine.takes_whole_batches) == ("onnxruntime-cuda", True)
    assert not OnnxRuntimeEngine().takes_whole_batches


def test_a_provider_without_its_device_is_not_taken_for_it(with_cuda: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "uses_device", False)
    with pytest.raises(EngineError, match="could not use CUDA here"):
        CudaEngine().compile(ToyNetwork.random(labels=1).graph(), threads=1, callers=1)


def test_a_device_gets_whole_batches(with_cuda: None) -> None:
    runner = GraphRunner(ToyNetwork.random(labels=1).graph(), name="toy", engine=CudaEngine(), threads=2)
    batch = np.random.default_rng(0).random((9, 1, SIZE, SIZE), np.float32)
    assert runner.run({"input": batch}, outputs=("logits",))["logits"].shape == (9, 1)
    assert runner._wide.session.batches == [9]  # type: ignore[attr-defined]


def test_directml_goes_without_memory_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["DmlExecutionProvider"])
    monkeypatch.setattr(onnxruntime_engine.onnxruntime, "InferenceSession", Session)
    DirectMlEngine().compile(ToyNetwork.random(labels=1).graph(), threads=1, callers=1)
    assert not Session.asked[0].enable_mem_pattern
