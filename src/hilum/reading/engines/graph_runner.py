"""A graph that runs in batches on all cores, whatever its inputs and outputs are called."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from hilum.errors import EngineError
from hilum.reading.engines.engine import Batch, CompiledGraph, Engine

SLICE = 2
"""Images that one thread runs at a time: two keep a DenseNet's feature maps in the cache, sixteen do not (measured)."""


class GraphRunner:
    """A compiled graph, and the same compiled once more for threads of one core each once batches come.

    A single image gets all cores; of a batch, each core takes its own images, which is faster than sharing each image.
    A device beside the processor gets whole batches.
    `name` stands in messages and in the threads' names. Raises `EngineError` for bytes that are no graph.
    """

    def __init__(self, graph: bytes, *, name: str, engine: Engine, threads: int) -> None:
        self._name = name
        self._graph = graph
        self._engine = engine
        self._threads = threads
        self._wide = engine.compile(graph, threads=threads, callers=1)
        self._narrow: CompiledGraph | None = None
        self._is_used = False
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"hilum-{name}")

    @property
    def input_shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """The shape of each input by its name; None where a dimension is free."""
        return self._wide.input_shapes

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return self._wide.outputs

    def run(self, batches: Mapping[str, Batch], *, outputs: Collection[str]) -> dict[str, npt.NDArray[np.float32]]:
        """The named outputs, in the batch's order, for batches (N, ...) of equal N, one for each input.

        Raises `EngineError` where the engine refuses, or gives NaN or infinity.
        """
        count = len(next(iter(batches.values())))
        first, self._is_used = not self._is_used, True
        if self._engine.takes_whole_batches:
            with self._lock:
                return self._checked([self._wide.run_named(batches)], outputs=outputs)
        # one picture's few passes are done before a second session would be open
        if count == 1 or self._threads == 1 or (first and count <= SLICE * self._threads):
            parts = [self._wide.run_named(each) for each in _slices(batches, count=count, size=SLICE)]
        else:
            size = min(SLICE, -(-count // self._threads))
            slices = _slices(batches, count=count, size=size)
            parts = list(self._pool.map(self._compiled_narrow().run_named, slices))
        return self._checked(parts, outputs=outputs)

    def _checked(
        self, parts: Sequence[Mapping[str, npt.NDArray[np.float32]]], *, outputs: Collection[str]
    ) -> dict[str, npt.NDArray[np.float32]]:
        found = {name: np.concatenate([part[name] for part in parts]) for name in outputs}
        if not all(np.isfinite(values).all() for values in found.values()):
            raise EngineError(f"{self._name} gave NaN or infinity, which is not a reading; nothing is reported")
        return found

    def _compiled_narrow(self) -> CompiledGraph:
        with self._lock:
            if self._narrow is None:
                self._narrow = self._engine.compile(self._graph, threads=1, callers=self._threads)
            return self._narrow


def _slices(batches: Mapping[str, Batch], *, count: int, size: int) -> list[dict[str, Batch]]:
    return [{name: batch[start : start + size] for name, batch in batches.items()} for start in range(0, count, size)]
