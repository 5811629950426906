"""ONNX Runtime, the default engine: small, quick to start, and bit-identical however a batch is cut.

Measured on two cores with DenseNet-121 at 224 pixels (`benchmarks/reading.py`): as fast as OpenVINO within a few per
cent when images run side by side, at a third of its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from hilum.errors import EngineError
from hilum.reading.engines.engine import INPUT, Batch

onnxruntime.disable_telemetry_events()  # for whoever imported it before hilum, which says so in the environment

_FATAL = 4
"""ONNX Runtime's log level; what goes wrong comes as an exception, and its warnings are not for a user."""

_ERRORS: tuple[type[Exception], ...] = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class OnnxRuntimeGraph:
    """A session on the CPU; `run` may be called by several threads."""

    session: onnxruntime.InferenceSession

    @property
    def input_shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """The shape of each input by its name; None where a dimension is free."""
        return {
            taken.name: tuple(size if isinstance(size, int) else None for size in taken.shape)
            for taken in self.session.get_inputs()
        }

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return tuple(output.name for output in self.session.get_outputs())

    def run(self, batch: Batch) -> dict[str, npt.NDArray[np.float32]]:
        """Every output by name, of a graph with one input."""
        return self.run_named({INPUT: batch})

    def run_named(self, batches: Mapping[str, Batch]) -> dict[str, npt.NDArray[np.float32]]:
        """Every output by name."""
        try:
            return dict(zip(self.outputs, self.session.run(None, dict(batches)), strict=True))
        except _ERRORS as error:
            shapes = " and ".join(str(batch.shape) for batch in batches.values())
            raise EngineError(f"ONNX Runtime refused a batch of shape {shapes}: {_line(error)}") from error


@dataclass(frozen=True, slots=True)
class OnnxRuntimeEngine:
    """ONNX Runtime on the CPU, all graph optimisations, nodes one after another."""

    @property
    def name(self) -> Literal["onnxruntime"]:
        """The engine's name in settings."""
        return "onnxruntime"

    @property
    def version(self) -> str:
        """ONNX Runtime's version."""
        return str(onnxruntime.__version__)

    def compile(self, graph: bytes, *, threads: int, callers: int) -> OnnxRuntimeGraph:  # noqa: ARG002 - any number
        """A session whose runs use `threads` cores each; with one, a run stays on its caller's thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _FATAL
        try:
            session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except _ERRORS as error:
            raise EngineError(f"ONNX Runtime {self.version} cannot run the graph: {_line(error)}") from error
        return OnnxRuntimeGraph(session)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
