"""A bundle's graph, opened: batches in, checked logits and class maps out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.load import Bundle
from hilum.errors import BundleError, EngineError
from hilum.reading.engine import CLASS_MAPS, INPUT, LOGITS, Batch, CompiledGraph, Engine
from hilum.reading.engine_onnxruntime import OnnxRuntimeEngine
from hilum.reading.engine_openvino import OpenVinoEngine

GRAPH = "model.onnx"
ENGINES: Mapping[str, type[OnnxRuntimeEngine] | type[OpenVinoEngine]] = {
    "onnxruntime": OnnxRuntimeEngine,
    "openvino": OpenVinoEngine,
}
SLICE = 2
"""Images that one thread runs at a time: two keep a DenseNet's feature maps in the cache, sixteen do not (measured)."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """`logits` is float32 (N, L); `class_maps` float32 (N, L, h, w) in logit contribution, or None."""

    logits: npt.NDArray[np.float32]
    class_maps: npt.NDArray[np.float32] | None


class Network:
    """One bundle's graph on one engine.

    A single image gets all cores; of a batch, each core takes its own images, which is faster than sharing each image.
    Raises `BundleError` where the graph does not fit the card.
    """

    def __init__(self, bundle: Bundle, *, engine: Engine, threads: int) -> None:
        self._card = bundle.card
        self._graph = bundle.read(GRAPH)
        self._engine = engine
        self._threads = threads
        self._wide = engine.compile(self._graph, threads=threads, callers=1)
        self._narrow: CompiledGraph | None = None
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"hilum-{bundle.card.name}")
        self._check_graph()

    @property
    def _has_maps(self) -> bool:
        return self._card.heatmap.method != "none"

    def run(self, batch: Batch) -> NetworkOutput:
        """Logits and class maps of (N, C, H, W).

        Raises `EngineError` where the engine refuses, or gives another shape, NaN or infinity.
        """
        if len(batch) == 1 or self._threads == 1:
            parts = [self._wide.run(batch[i : i + SLICE]) for i in range(0, len(batch), SLICE)]
        else:
            size = min(SLICE, -(-len(batch) // self._threads))
            slices = [batch[i : i + size] for i in range(0, len(batch), size)]
            parts = list(self._pool.map(self._compiled_narrow().run, slices))
        logits = np.concatenate([part[LOGITS] for part in parts])
        maps = np.concatenate([part[CLASS_MAPS] for part in parts]) if self._has_maps else None
        self._check_output(logits, maps, count=len(batch))
        return NetworkOutput(logits, maps)

    def _compiled_narrow(self) -> CompiledGraph:
        with self._lock:
            if self._narrow is None:
                self._narrow = self._engine.compile(self._graph, threads=1, callers=self._threads)
            return self._narrow

    def _check_graph(self) -> None:
        name, size = self._card.name, self._card.preprocess.output_size
        expected = (None, self._card.preprocess.channels, *(size or (None, None)))
        shape = self._wide.input_shape
        fits = len(shape) == 4 and shape[0] is None and shape[1] in (None, expected[1])
        if not fits or any(
            None not in pair and pair[0] != pair[1] for pair in zip(shape[2:], expected[2:], strict=True)
        ):
            raise BundleError(f"the graph of {name} takes {INPUT} {shape}, but its card prepares {expected}")
        wanted = {LOGITS, CLASS_MAPS} if self._has_maps else {LOGITS}
        if not wanted <= set(self._wide.outputs):
            raise BundleError(
                f"expected the outputs {sorted(wanted)} of the graph of {name}, came {self._wide.outputs}"
            )

    def _check_output(
        self, logits: npt.NDArray[np.float32], maps: npt.NDArray[np.float32] | None, *, count: int
    ) -> None:
        expected = (count, len(self._card.label_names))
        if logits.shape != expected or logits.dtype != np.float32:
            raise EngineError(
                f"expected logits float32 {expected} from {self._card.name}, came {logits.dtype} {logits.shape}"
            )
        if maps is not None and (maps.ndim != 4 or maps.shape[:2] != expected or maps.dtype != np.float32):
            raise EngineError(
                f"expected class maps float32 {(*expected, 'h', 'w')} from {self._card.name}, came {maps.dtype} "
                f"{maps.shape}"
            )
        if not (np.isfinite(logits).all() and (maps is None or np.isfinite(maps).all())):
            raise EngineError(f"{self._card.name} gave NaN or infinity, which is no reading; nothing is reported")
