"""Both engines against a numpy computation of the same network."""

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from fabricate_bundle import SIZE, ToyNetwork
from hilum.errors import EngineError, MissingPartError
from hilum.reading.engines.engine import Engine, available_cores
from hilum.reading.engines.network import ENGINES
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.engines.openvino_engine import OpenVinoEngine

NETWORK = ToyNetwork.random(labels=3, channels=2)
BATCH = np.random.default_rng(1).random((5, 2, SIZE, SIZE), np.float32)


@pytest.fixture(params=["onnxruntime", "openvino"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "openvino":
        pytest.importorskip("openvino", reason="the optional engine openvino is not installed")
    return ENGINES[request.param]()


def test_logits_and_maps_are_those_of_numpy(engine: Engine) -> None:
    logits, maps = NETWORK.forward(BATCH)
    compiled = engine.compile(NETWORK.graph(), threads=1, callers=1)
    out = compiled.run(BATCH)
    np.testing.assert_allclose(out["logits"], logits, atol=1e-4)
    np.testing.assert_allclose(out["class_maps"], maps, atol=1e-5)
    assert out["logits"].dtype == out["class_maps"].dtype == np.float32


def test_half_precision_weights_compute_in_float32(engine: Engine) -> None:
    rounded = ToyNetwork(
        *(
            values.astype(np.float16).astype(np.float32)
            for values in (NETWORK.kernel, NETWORK.shift, NETWORK.weights, NETWORK.bias)
        )
    )
    compiled = engine.compile(NETWORK.graph(float16=True), threads=1, callers=1)
    np.testing.assert_allclose(compiled.run(BATCH)["logits"], rounded.forward(BATCH)[0], atol=1e-4)


def test_what_a_graph_takes_and_gives(engine: Engine) -> None:
    compiled = engine.compile(NETWORK.graph(class_maps=False), threads=1, callers=1)
    assert dict(compiled.input_shapes) == {"input": (None, 2, SIZE, SIZE)}
    assert compiled.outputs == ("logits",)


def test_results_outlive_the_next_run(engine: Engine) -> None:
    compiled = engine.compile(NETWORK.graph(), threads=1, callers=1)
    first = compiled.run(BATCH[:1])["logits"]
    kept = first.copy()
    compiled.run(BATCH[1:2])
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("graph", [b"", b"no graph", NETWORK.graph()[:200]])
def test_bytes_that_are_no_graph(engine: Engine, graph: bytes) -> None:
    with pytest.raises(EngineError, match="cannot run the graph") as refused:
        engine.compile(graph, threads=1, callers=1)
    assert "\n" not in str(refused.value)


def test_a_batch_of_another_shape(engine: Engine) -> None:
    compiled = engine.compile(NETWORK.graph(), threads=1, callers=1)
    with pytest.raises(EngineError, match="refused a batch of shape"):
        compiled.run(BATCH[:, :1])


def test_engines_know_their_names_and_versions(engine: Engine) -> None:
    assert ENGINES[engine.name] is type(engine)
    assert engine.version[0].isdigit()


DROPPED_OUT_OF_TURN = """
import signal
import sys
import threading
from fabricate_bundle import ToyNetwork
from hilum.reading.engines.network import ENGINES

graph = ToyNetwork.random(labels=1).graph()
kept = [ENGINES[sys.argv[1]]().compile(graph, threads=1, callers=1) for _ in range(2)]
if sys.argv[2] == "in a thread":
    dropping = threading.Thread(target=kept.clear)
    dropping.start()
    dropping.join()
else:
    del kept[0]
    del kept[0]
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.parametrize("order", ["first before second", "in a thread"])
def test_signals_are_handled_after_graphs_are_dropped_in_any_order(engine: Engine, order: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DROPPED_OUT_OF_TURN, engine.name, order],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr


def test_an_absent_openvino_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingPartError, match=r'pip install "hilum\[openvino\]"'):
        OpenVinoEngine()


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineError):
        OnnxRuntimeEngine().compile(b"no graph", threads=1, callers=1)
    compiled = OnnxRuntimeEngine().compile(NETWORK.graph(), threads=1, callers=1)
    with pytest.raises(EngineError):
        compiled.run(BATCH[:, :1])
    assert capfd.readouterr() == ("", "")


def test_available_cores_is_positive() -> None:
    cores: Callable[[], int] = available_cores
    assert cores() >= 1
