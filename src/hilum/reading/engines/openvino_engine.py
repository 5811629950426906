"""OpenVINO, an engine for those who want it: `pip install "hilum[openvino]"`; imported only when it is asked for."""

from __future__ import annotations

import functools
import importlib
import io
import threading
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from hilum.errors import EngineError, MissingPartError
from hilum.reading.engines.engine import INPUT, Batch, EngineName
from hilum.reading.engines.graph_of import IntermediateGraph
from hilum.reading.engines.processor import this_processor

INSTALL_COMMAND = 'pip install "hilum[openvino]"'
_ONE_AT_A_TIME = threading.Lock()


class OpenVinoGraph:
    """A graph that is compiled for each thread that calls it.

    Compiled once with a stream for each, it computes wrong logits without a word where weights are 8-bit integers
    (OpenVINO 2026.4).
    """

    def __init__(self, compile_it: Callable[[], Any]) -> None:
        self._compile = compile_it
        self._compiled = compile_it()
        self._untaken = [self._compiled]
        self._requests = threading.local()

    @property
    def input_shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """The shape of each input by its name; None where a dimension is free."""
        return {
            taken.get_any_name(): tuple(None if size.is_dynamic else size.get_length() for size in taken.partial_shape)
            for taken in self._compiled.inputs
        }

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return tuple(output.get_any_name() for output in self._compiled.outputs)

    def run(self, batch: Batch) -> dict[str, npt.NDArray[np.float32]]:
        """Every output by name, of a graph with one input."""
        return self.run_named({INPUT: batch})

    def run_named(self, batches: Mapping[str, Batch]) -> dict[str, npt.NDArray[np.float32]]:
        """Every output by name, copied out of the request's own memory.

        Shapes are checked here, since OpenVINO takes a batch with too few channels without a word.
        """
        expected = self.input_shapes
        shapes = " and ".join(str(batch.shape) for batch in batches.values())
        if set(batches) != set(expected) or not all(_fits(batches[name], shape) for name, shape in expected.items()):
            raise EngineError(f"OpenVINO refused a batch of shape {shapes}: the graph takes {expected}")
        if not hasattr(self._requests, "mine"):
            self._requests.mine = self._compiled_for_one().create_infer_request()
        try:
            result = self._requests.mine.infer(dict(batches))
        except (RuntimeError, ValueError, TypeError) as error:
            raise EngineError(f"OpenVINO refused a batch of shape {shapes}: {_line(error)}") from error
        return {name: np.array(result[name]) for name in self.outputs}

    def _compiled_for_one(self) -> Any:
        try:
            return self._untaken.pop()
        except IndexError:
            return self._compile()


class OpenVinoEngine:
    """OpenVINO on the CPU in float32.

    Raises `MissingPartError` with the command that installs it where it is absent.
    """

    _precision = "f32"

    def __init__(self) -> None:
        self._openvino = _import_openvino()

    @property
    def name(self) -> EngineName:
        """The engine's name in settings."""
        return "openvino"

    @property
    def version(self) -> str:
        """OpenVINO's version."""
        return str(self._openvino.__version__)

    @property
    def takes_whole_batches(self) -> bool:
        """Each core takes its own images."""
        return False

    def compile(self, graph: bytes, *, threads: int, callers: int) -> OpenVinoGraph:  # noqa: ARG002 - any number
        """A model for each caller, of `threads` cores, which are bound to no core in particular: others run beside it.

        The precision is set, since OpenVINO computes in bfloat16 by itself on processors that have it.
        """
        settings = {
            "INFERENCE_PRECISION_HINT": self._precision,
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
        }
        with _ONE_AT_A_TIME:
            core = _core(self._openvino)
        try:
            return OpenVinoGraph(lambda: core.compile_model(_model(core, graph), "CPU", settings))
        except RuntimeError as error:
            raise EngineError(f"OpenVINO {self.version} cannot run the graph: {_line(error)}") from error


class OpenVinoBfloat16Engine(OpenVinoEngine):
    """OpenVINO on the CPU in bfloat16, which has eight bits of a number's mantissa: faster, and not the same logits.

    Raises `EngineError` where the processor does not multiply bfloat16 itself.
    """

    _precision = "bf16"

    def __init__(self) -> None:
        super().__init__()
        if not this_processor().has_bfloat16:
            raise EngineError("this processor has no bfloat16 of its own; take the engine openvino or onnxruntime")

    @property
    def name(self) -> EngineName:
        """The engine's name in settings."""
        return "openvino-bf16"


class OpenVinoInt8Engine(OpenVinoEngine):
    """OpenVINO on the CPU; of a bundle that was quantised it runs the form in 8-bit integers, of any other float32.

    Raises `EngineError` where the processor does not add products of 8-bit integers itself: sums would saturate.
    """

    def __init__(self) -> None:
        super().__init__()
        if not this_processor().has_int8:
            raise EngineError(
                "this processor has no 8-bit dot products (VNNI) of its own; take the engine openvino or onnxruntime"
            )

    @property
    def name(self) -> EngineName:
        """The engine's name in settings."""
        return "openvino-int8"


def _model(core: Any, graph: bytes) -> Any:
    if isinstance(graph, IntermediateGraph):
        return core.read_model(io.BytesIO(graph), io.BytesIO(graph.weights))
    return core.read_model(io.BytesIO(graph))


def _import_openvino() -> ModuleType:
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        raise MissingPartError(f"the engine openvino is not installed; run `{INSTALL_COMMAND}`") from error


@functools.cache
def _core(openvino: ModuleType) -> Any:
    """The process's one Core, which lives as long as the process.

    The CPU plugin of every Core gives the thread that loads it a stack for signal handlers; at its end it puts back the
    one from before and unmaps its own. Where the first of two ends before the second, or on another thread, the stack
    that is left is unmapped memory, and the next signal with a handler kills the process (OpenVINO 2026.4).
    """
    return openvino.Core()


def _fits(batch: Batch, expected: tuple[int | None, ...]) -> bool:
    return batch.ndim == len(expected) and all(
        size in (None, found) for size, found in zip(expected, batch.shape, strict=True)
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
