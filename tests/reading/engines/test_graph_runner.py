"""A graph with two inputs in batches: every image meets its own partner, whatever the slices."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import shipped_bundles
from hilum.errors import EngineError
from hilum.reading.engines.engine import LOGITS, Engine
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.engines.network import ENGINES


def two_inputs() -> bytes:
    """`sum` = mean(first) + 10 mean(second), and `scalar`, an output without a batch."""
    nodes = [
        helper.make_node("ReduceMean", ["first"], ["a"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMean", ["second"], ["b"], axes=[1, 2], keepdims=0),
        helper.make_node("Mul", ["b", "ten"], ["c"]),
        helper.make_node("Add", ["a", "c"], ["sum"]),
        helper.make_node("Identity", ["ten"], ["scalar"]),
    ]
    takes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2, size]) for name, size in SHAPES.items()]
    gives = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, axes) for name, axes in (("sum", ["n"]), ("scalar", []))
    ]
    ten = helper.make_tensor("ten", TensorProto.FLOAT, [], [10.0])
    graph = helper.make_graph(nodes, "two", takes, gives, [ten])
    content: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    ).SerializeToString()
    onnx.checker.check_model(onnx.load_from_string(content))
    return content


SHAPES = {"first": 3, "second": 5}


@pytest.fixture(params=["onnxruntime", "openvino"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "openvino":
        pytest.importorskip("openvino", reason="the optional engine openvino is not installed")
    return ENGINES[request.param]()


def batches(count: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(count)
    return {name: rng.random((count, 2, size), np.float32) for name, size in SHAPES.items()}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_two_inputs_stay_together(engine: Engine, threads: int, count: int) -> None:
    runner = GraphRunner(two_inputs(), name="two", engine=engine, threads=threads)
    given = batches(count)
    found = runner.run(given, outputs=("sum",))
    by_hand = given["first"].mean(axis=(1, 2)) + 10 * given["second"].mean(axis=(1, 2))
    np.testing.assert_allclose(found["sum"], by_hand, rtol=1e-5)
    assert set(found) == {"sum"}
    assert runner.input_shapes == {"first": (None, 2, 3), "second": (None, 2, 5)}
    assert set(runner.outputs) == {"sum", "scalar"}


def test_an_input_of_another_shape_is_refused(engine: Engine) -> None:
    runner = GraphRunner(two_inputs(), name="two", engine=engine, threads=1)
    given = batches(2)
    with pytest.raises(EngineError, match="refused a batch of shape"):
        runner.run({"first": given["second"], "second": given["second"]}, outputs=("sum",))


def test_nan_is_no_reading(engine: Engine) -> None:
    runner = GraphRunner(two_inputs(), name="two", engine=engine, threads=1)
    given = batches(3)
    given["first"][1] = np.nan
    with pytest.raises(EngineError, match="two gave NaN or infinity"):
        runner.run(given, outputs=("sum",))


def test_a_small_batch_gives_the_same_at_first_and_later(engine: Engine) -> None:
    """The first runs on the session that is open, later ones on the one for batches."""
    runner = GraphRunner(two_inputs(), name="two", engine=engine, threads=2)
    given = batches(3)
    found = [runner.run(given, outputs=("sum",))["sum"] for _ in range(3)]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)
    np.testing.assert_array_equal(found[2], found[1])


@pytest.mark.parametrize("bundle", shipped_bundles(), ids=lambda bundle: bundle.card.name)
def test_both_engines_compute_alike_what_ships_in_batches_on_several_cores(bundle: Bundle) -> None:
    """Their weights are stored in fewer bits, which is where an engine may go wrong without a word."""
    pytest.importorskip("openvino", reason="the optional engine openvino is not installed")
    for name in (name for name in bundle.card.files if ".onnx" in name):
        found = []
        for engine in ("onnxruntime", "openvino"):
            runner = GraphRunner(bundle.read(name), name="shipped", engine=ENGINES[engine](), threads=2)
            draw = np.random.default_rng(0)
            shapes = {key: (5, *(size or 1 for size in shape[1:])) for key, shape in runner.input_shapes.items()}
            batch = {key: draw.normal(0, 0.5, shape).astype(np.float32) for key, shape in shapes.items()}
            found.append([runner.run(batch, outputs=[LOGITS])[LOGITS] for _ in range(2)])
        np.testing.assert_allclose(found[1], found[0], atol=1e-3)
