"""The self-test: the same inputs everywhere, passed by what computes right, failed by what does not."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fabricate_bundle import ToyBundle, ToyNetwork
from hilum.bundle.load import Bundle
from hilum.errors import EngineError
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.engines.self_test import TOLERANCES, inputs_of, largest_difference


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return ToyBundle(network=ToyNetwork.random(labels=1)).write(tmp_path / "toy")


class Off:
    """An engine whose outputs are wrong by a factor, or are no numbers."""

    name = "onnxruntime"
    version = "0"
    takes_whole_batches = False

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def compile(self, graph: bytes, *, threads: int, callers: int) -> Any:
        compiled = OnnxRuntimeEngine().compile(graph, threads=threads, callers=callers)
        factor = np.float32(self._factor)
        return SimpleNamespace(
            run_named=lambda batches: {name: each * factor for name, each in compiled.run_named(batches).items()}
        )


def test_the_reference_is_off_by_nothing_and_a_wrong_engine_by_what_it_is_wrong(bundle: Bundle) -> None:
    assert largest_difference(bundle, engine=OnnxRuntimeEngine()) == 0
    off = largest_difference(bundle, engine=Off(1.2))
    # of the largest value of an output, unless all are below 1
    assert 0 < off <= 0.2 + 1e-6
    assert off > TOLERANCES["openvino"]


def test_openvino_passes_in_float32(bundle: Bundle) -> None:
    pytest.importorskip("openvino", reason="the optional engine openvino is not installed")
    from hilum.reading.engines.openvino_engine import OpenVinoEngine

    assert largest_difference(bundle, engine=OpenVinoEngine()) <= TOLERANCES["openvino"]


def test_what_is_no_number_is_an_error(bundle: Bundle) -> None:
    with pytest.raises(EngineError, match="values that are no numbers"):
        largest_difference(bundle, engine=Off(float("nan")))


def test_inputs_are_the_same_each_time_and_fill_free_sides() -> None:
    shapes = {"input": (None, 1, None, 32), "lungs": (None, 1, 8, 8), "age": (None, 3)}
    first, second = inputs_of(shapes), inputs_of(shapes)
    assert {name: batch.shape for name, batch in first.items()} == {
        "input": (16, 1, 224, 32),
        "lungs": (16, 1, 8, 8),
        "age": (16, 3),
    }
    for name, batch in first.items():
        assert batch.dtype == np.float32
        np.testing.assert_array_equal(batch, second[name])
    assert 0 <= first["lungs"].min() <= first["lungs"].max() <= 1
    assert first["input"].std() > 0.2
