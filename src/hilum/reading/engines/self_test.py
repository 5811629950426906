"""Whether an engine computes on this processor what the graphs of a bundle say: sixteen inputs, and what comes of them.

The inputs follow from a seed, so that every computer tests with the same ones. What should come of them is computed by
ONNX Runtime in float32; of a form in 8 bits it lies in the bundle, from the computer on which it was judged.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hilum.bundle.load import Bundle
from hilum.bundle.pooling_spec import LUNGS
from hilum.errors import EngineError
from hilum.reading.engines.engine import Batch, Engine, EngineName
from hilum.reading.engines.graph_of import IntermediateGraph, graph_of, int8_check
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine

INPUTS = 16
_SEED = 20_261_128
_FREE = 224
"""Pixels of a side that a graph leaves free."""
_GRAPH_SUFFIX = ".onnx"

TOLERANCES: Mapping[EngineName, float] = {
    "onnxruntime": 1e-3,
    "onnxruntime-cuda": 1e-3,
    "onnxruntime-coreml": 0.05,
    "onnxruntime-directml": 1e-3,
    "openvino": 1e-3,
    "openvino-bf16": 0.05,
    "openvino-int8": 0.05,
}
"""How far an output may be off, as a share of the largest value of that output among all inputs, or of 1 if less.

A form in 8 bits is compared with itself, on the processor where it was judged.
"""


def graph_names(bundle: Bundle) -> tuple[str, ...]:
    """The files of a bundle that are graphs in ONNX."""
    return tuple(name for name in sorted(bundle.card.files) if name.endswith(_GRAPH_SUFFIX))


def inputs_of(shapes: Mapping[str, tuple[int | None, ...]], *, count: int = INPUTS) -> dict[str, Batch]:
    """Pictures float32 (N, ...) for each input of a graph: soft shapes about as bright as radiographs, with grain."""
    return {name: _pictures(name, shape, count=count) for name, shape in shapes.items()}


def largest_difference(bundle: Bundle, *, engine: Engine) -> float:
    """How far the engine is off on any output of any graph of the bundle, as a share of the output's largest value.

    Raises `EngineError` where the engine does not run a graph, or gives NaN or another shape.
    """
    found = 0.0
    for name in graph_names(bundle):
        reference = OnnxRuntimeEngine().compile(bundle.read(name), threads=1, callers=1)
        inputs = inputs_of(reference.input_shapes)
        graph = graph_of(bundle, name, engine=engine)
        expected = int8_check(bundle) if isinstance(graph, IntermediateGraph) else reference.run_named(inputs)
        came = engine.compile(graph, threads=1, callers=1).run_named(inputs)
        found = max(found, *(_difference(output, values, came.get(output)) for output, values in expected.items()))
    return found


def _difference(name: str, expected: npt.NDArray[np.float32], came: npt.NDArray[np.float32] | None) -> float:
    if came is None or came.shape != expected.shape or not np.isfinite(came).all():
        raise EngineError(f"the output {name} has another shape, or values that are no numbers")
    if expected.size == 0:
        return 0.0
    return float(np.abs(came - expected).max() / max(1.0, float(np.abs(expected).max())))


def _pictures(name: str, shape: tuple[int | None, ...], *, count: int) -> Batch:
    rng = np.random.default_rng(_SEED)
    sizes = tuple(_FREE if size is None else size for size in shape[1:])
    grain = rng.normal(0, 0.1, (count, *sizes))
    if len(sizes) == 3:
        rows, columns = (np.linspace(-1, 1, size) for size in sizes[1:])
        for number in range(count):
            for _ in range(6):
                y, x, wide, high = rng.uniform(-0.8, 0.8, 2).tolist() + rng.uniform(0.1, 0.6, 2).tolist()
                blob = np.exp(-(((rows - y) / high) ** 2))[:, None] * np.exp(-(((columns - x) / wide) ** 2))[None]
                grain[number] += rng.normal(0, 1.5) * blob
    values = np.clip(grain, 0, 1) if name == LUNGS else grain
    return np.ascontiguousarray(values, dtype=np.float32)
