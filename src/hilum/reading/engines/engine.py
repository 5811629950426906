"""What an inference engine must do, and those that there are.

An engine compiles a graph; `network.py` runs it in batches and checks what comes out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Batch = npt.NDArray[np.float32]
"""float32 (N, C, H, W), normalised as the card's preprocessing says."""

EngineName = Literal[
    "onnxruntime",
    "onnxruntime-cuda",
    "onnxruntime-coreml",
    "onnxruntime-directml",
    "openvino",
    "openvino-bf16",
    "openvino-int8",
]

INPUT = "input"
LOGITS = "logits"
CLASS_MAPS = "class_maps"


class CompiledGraph(Protocol):
    """A graph that is ready to run; several threads may call `run` at once."""

    @property
    def input_shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """The shape of each input by its name; None where a dimension is free."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""

    def run(self, batch: Batch) -> dict[str, npt.NDArray[np.float32]]:
        """Every output by name, for a graph whose one input is `input`; raises as `run_named` does."""

    def run_named(self, batches: Mapping[str, Batch]) -> dict[str, npt.NDArray[np.float32]]:
        """Every output by name, for a batch for each input; raises `EngineError` where the engine refuses them."""


class Engine(Protocol):
    """A library that runs ONNX graphs, in float32 where its name says nothing else."""

    @property
    def name(self) -> EngineName:
        """The engine's name in settings."""

    @property
    def version(self) -> str:
        """The library's version."""

    @property
    def takes_whole_batches(self) -> bool:
        """Whether one caller at a time gives it whole batches, as a device beside the processor wants them."""

    def compile(self, graph: bytes, *, threads: int, callers: int) -> CompiledGraph:
        """Compile for `callers` threads that run it at once, each with `threads` cores to itself.

        Raises `EngineError` for bytes that are no graph this engine can run.
        """


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
