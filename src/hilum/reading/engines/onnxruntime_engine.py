"""ONNX Runtime, the default engine: small, quick to start, and bit-identical however a batch is cut.

Measured on two cores with DenseNet-121 at 224 pixels (`benchmarks/reading.py`): as fast as OpenVINO within a few per
cent when images run side by side, at a third of its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from hilum.errors import EngineError
from hilum.reading.engines.engine import INPUT, Batch, EngineName

onnxruntime.disable_telemetry_events()  # for whoever imported it before hilum, which says so in the environment

_FATAL = 4
"""ONNX Runtime's log level; what goes wrong comes as an exception, and its warnings are not for a user."""

_CPU, _DIRECTML = "CPUExecutionProvider", "DmlExecutionProvider"
Providers = list[tuple[str, dict[str, Any]]]

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
    """A session; on the CPU `run` may be called by several threads."""

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


class OnnxRuntimeEngine:
    """ONNX Runtime on the CPU, all graph optimisations, nodes one after another."""

    @property
    def name(self) -> EngineName:
        """The engine's name in settings."""
        return "onnxruntime"

    @property
    def version(self) -> str:
        """ONNX Runtime's version."""
        return str(onnxruntime.__version__)

    @property
    def takes_whole_batches(self) -> bool:
        """Not on the CPU, where each core takes its own images."""
        return False

    def compile(self, graph: bytes, *, threads: int, callers: int) -> OnnxRuntimeGraph:  # noqa: ARG002 - any number
        """A session whose runs use `threads` cores each; with one, a run stays on its caller's thread."""
        return OnnxRuntimeGraph(self._session(graph, threads=threads, providers=[(_CPU, {})]))

    def _session(self, graph: bytes, *, threads: int, providers: Providers) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _FATAL
        options.enable_mem_pattern = providers[0][0] != _DIRECTML  # which does not work with it
        try:
            return onnxruntime.InferenceSession(graph, options, providers=providers)
        except _ERRORS as error:
            raise EngineError(f"ONNX Runtime {self.version} cannot run the graph: {_line(error)}") from error


@dataclass(frozen=True, slots=True)
class Device:
    """What ONNX Runtime computes on beside the CPU: its `provider`, that one's options, and where it comes from."""

    engine: EngineName
    provider: str
    options: Mapping[str, str]
    words: str
    package: str


class OnnxRuntimeDeviceEngine(OnnxRuntimeEngine):
    """ONNX Runtime on a device beside the CPU, which takes a batch as a whole.

    Raises `EngineError` where this installation of ONNX Runtime has no such provider, and so `compile` does where the
    provider is there but not its device or driver: ONNX Runtime would compute on the CPU without a word.
    """

    device: Device

    def __init__(self) -> None:
        if self.device.provider not in onnxruntime.get_available_providers():
            raise EngineError(
                f"this ONNX Runtime has no {self.device.words}; take the engine onnxruntime, or install "
                f"{self.device.package} in the place of the package onnxruntime"
            )

    @property
    def name(self) -> EngineName:
        """The engine's name in settings."""
        return self.device.engine

    @property
    def takes_whole_batches(self) -> bool:
        """A device does; several callers at once would wait for each other."""
        return True

    def compile(self, graph: bytes, *, threads: int, callers: int) -> OnnxRuntimeGraph:  # noqa: ARG002 - one caller
        """A session on the device, with the CPU for what the device does not know."""
        providers = [(self.device.provider, dict(self.device.options)), (_CPU, {})]
        session = self._session(graph, threads=threads, providers=providers)
        if self.device.provider not in session.get_providers():
            raise EngineError(
                f"ONNX Runtime {self.version} could not use {self.device.words} here (is its driver installed?); take "
                "the engine onnxruntime"
            )
        return OnnxRuntimeGraph(session)


class CudaEngine(OnnxRuntimeDeviceEngine):
    """An NVIDIA device in full float32: without TF32, whose ten bits of mantissa give other logits."""

    device = Device("onnxruntime-cuda", "CUDAExecutionProvider", {"use_tf32": "0"}, "CUDA", "onnxruntime-gpu")


class CoreMlEngine(OnnxRuntimeDeviceEngine):
    """What Apple's Core ML chooses: its neural engine and graphics compute in half precision."""

    device = Device("onnxruntime-coreml", "CoreMLExecutionProvider", {}, "Core ML", "onnxruntime for macOS")


class DirectMlEngine(OnnxRuntimeDeviceEngine):
    """A graphics device through Windows' DirectML."""

    device = Device("onnxruntime-directml", _DIRECTML, {}, "DirectML", "onnxruntime-directml")


DEVICES: tuple[type[OnnxRuntimeDeviceEngine], ...] = (CudaEngine, CoreMlEngine, DirectMlEngine)
"""Providers that hilum uses where they are there. None that computes elsewhere: Azure's sends pictures away."""


def is_offered(name: EngineName) -> bool:
    """Whether an engine could run on an installation such as this: a device's only where its provider is there."""
    there = onnxruntime.get_available_providers()
    return all(engine.device.provider in there for engine in DEVICES if engine.device.engine == name)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
