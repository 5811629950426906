"""An engine tried on this computer with the bundles that are to read: whether it is right, and how fast it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from hilum.bundle.load import Bundle
from hilum.errors import EngineError, MissingPartError
from hilum.reading.engines.engine import Batch, Engine, EngineName
from hilum.reading.engines.graph_of import check_int8, graph_of
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.engines.network import ENGINES
from hilum.reading.engines.self_test import TOLERANCES, graph_names, inputs_of, largest_difference

_ROUNDS = 3
_BATCH = 16
PRECISIONS: dict[EngineName, str] = {
    "onnxruntime": "float32",
    "onnxruntime-cuda": "float32",
    "onnxruntime-coreml": "float16 or float32",
    "onnxruntime-directml": "float32",
    "openvino": "float32",
    "openvino-bf16": "bfloat16",
    "openvino-int8": "int8",
}
"""What each engine computes in."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How one engine did; `problem` says why it cannot be taken, and the figures are None where it was not timed.

    `difference` is the largest of the self-test, as a share of an output's largest value. `images_per_s` counts images
    that pass through every network of every bundle, sixteen at a time on all cores; `latency_ms` is the time of one
    image alone.
    """

    engine: EngineName
    version: str | None = None
    difference: float | None = None
    images_per_s: float | None = None
    latency_ms: float | None = None
    problem: str | None = None


def try_engine(name: EngineName, *, bundles: Sequence[Bundle], threads: int) -> Trial:
    """Test an engine against the reference, and time it only if it passes."""
    try:
        engine = ENGINES[name]()
        check_int8(bundles, engine=engine)
    except (MissingPartError, EngineError) as error:
        return Trial(name, problem=str(error))
    try:
        difference = max(largest_difference(bundle, engine=engine) for bundle in bundles)
    except EngineError as error:
        return Trial(name, engine.version, problem=f"failed its self-test: {error}")
    if not difference <= TOLERANCES[name]:
        problem = f"failed its self-test: off by {difference:.2g}, allowed {TOLERANCES[name]:g}"
        return Trial(name, engine.version, difference, problem=problem)
    images_per_s, latency_ms = _timed(engine, bundles=bundles, threads=threads)
    return Trial(name, engine.version, difference, images_per_s, latency_ms)


def _timed(engine: Engine, *, bundles: Sequence[Bundle], threads: int) -> tuple[float, float]:
    batch_s = single_s = 0.0
    for bundle in bundles:
        for graph in (graph_of(bundle, file, engine=engine) for file in graph_names(bundle)):
            runner = GraphRunner(graph, name="trial", engine=engine, threads=threads)
            single_s += _median_s(runner, inputs_of(runner.input_shapes, count=1))
            batch_s += _median_s(runner, inputs_of(runner.input_shapes, count=_BATCH))
    return _BATCH / batch_s, single_s * 1e3


def _median_s(runner: GraphRunner, batches: dict[str, Batch]) -> float:
    times = []
    for turn in range(_ROUNDS + 1):
        started = time.perf_counter()
        runner.run(batches, outputs=runner.outputs)
        if turn:  # the first one opens what later ones use
            times.append(time.perf_counter() - started)
    return median(times)
