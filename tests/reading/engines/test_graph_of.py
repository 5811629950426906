"""Which form an engine gets: 8 bits for its engine alone, and only of a bundle that has it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from hilum.errors import BundleError, EngineError
from hilum.reading.engines.graph_of import (
    IntermediateGraph,
    check_int8,
    graph_of,
    int8_check,
    int8_check_bytes,
)

INT8 = SimpleNamespace(name="openvino-int8")
FLOAT = SimpleNamespace(name="openvino")


def _bundle(**files: bytes) -> SimpleNamespace:
    return SimpleNamespace(
        card=SimpleNamespace(name="toy", quantised="there" if files else None),
        read=lambda name: {"model.onnx": b"onnx", "lungs.onnx": b"lungs", **files}[name],
        folder=Path("toy"),
    )


QUANTISED = _bundle(**{"model.int8.xml": b"xml", "model.int8.bin": b"weights", "model.int8.check.npz": b"no archive"})


def test_8_bits_are_for_their_engine_and_the_models_own_graph() -> None:
    graph = graph_of(QUANTISED, "model.onnx", engine=INT8)  # type: ignore[arg-type]
    assert isinstance(graph, IntermediateGraph)
    assert (bytes(graph), graph.weights) == (b"xml", b"weights")
    assert graph_of(QUANTISED, "lungs.onnx", engine=INT8) == b"lungs"  # type: ignore[arg-type]
    assert graph_of(QUANTISED, "model.onnx", engine=FLOAT) == b"onnx"  # type: ignore[arg-type]
    assert graph_of(_bundle(), "model.onnx", engine=INT8) == b"onnx"  # type: ignore[arg-type]


def test_one_bundle_with_such_a_form_is_enough(tmp_path: Path) -> None:
    toy = ToyBundle().write(tmp_path / "toy")
    check_int8([toy, QUANTISED], engine=INT8)  # type: ignore[list-item,arg-type]
    check_int8([toy], engine=FLOAT)  # type: ignore[arg-type]
    with pytest.raises(EngineError, match="No int8 form in toy"):
        check_int8([toy], engine=INT8)  # type: ignore[arg-type]


def test_what_came_out_is_kept_and_another_file_is_an_error() -> None:
    logits = np.arange(6, dtype=np.float32).reshape(3, 2)
    kept = _bundle(**{"model.int8.check.npz": int8_check_bytes({"logits": logits})})
    np.testing.assert_array_equal(int8_check(kept)["logits"], logits)  # type: ignore[arg-type]
    with pytest.raises(BundleError, match="Copy the bundle again"):
        int8_check(QUANTISED)  # type: ignore[arg-type]
