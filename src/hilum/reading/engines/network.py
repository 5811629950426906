"""A bundle's graph, opened: batches in, checked logits and class maps out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GRAPH
from hilum.bundle.ensemble_spec import MEMBER_LOGITS
from hilum.bundle.load import Bundle
from hilum.bundle.pooling_spec import LUNGS
from hilum.errors import BundleError, EngineError
from hilum.reading.engines.engine import CLASS_MAPS, INPUT, LOGITS, Batch, Engine, EngineName
from hilum.reading.engines.graph_of import graph_of
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.engines.onnxruntime_engine import CoreMlEngine, CudaEngine, DirectMlEngine, OnnxRuntimeEngine
from hilum.reading.engines.openvino_engine import OpenVinoBfloat16Engine, OpenVinoEngine, OpenVinoInt8Engine

ENGINES: Mapping[EngineName, type[OnnxRuntimeEngine] | type[OpenVinoEngine]] = {
    "onnxruntime": OnnxRuntimeEngine,
    "onnxruntime-cuda": CudaEngine,
    "onnxruntime-coreml": CoreMlEngine,
    "onnxruntime-directml": DirectMlEngine,
    "openvino": OpenVinoEngine,
    "openvino-bf16": OpenVinoBfloat16Engine,
    "openvino-int8": OpenVinoInt8Engine,
}


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """`logits` is float32 (N, L); `class_maps` float32 (N, L, h, w) in logit contribution, or None.

    The maps of an ensemble are in units of probability.
    """

    logits: npt.NDArray[np.float32]
    class_maps: npt.NDArray[np.float32] | None


class Network:
    """One bundle's graph on one engine, in batches (see `GraphRunner`).

    `maps` is what the graph calls its class maps. Raises `BundleError` where the graph does not fit the card.
    """

    def __init__(self, bundle: Bundle, *, engine: Engine, threads: int, maps: str = CLASS_MAPS) -> None:
        self._card = bundle.card
        self._maps = maps
        graph = graph_of(bundle, GRAPH, engine=engine)
        self._graph = GraphRunner(graph, name=bundle.card.name, engine=engine, threads=threads)
        self._check_graph()

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (LOGITS, self._maps) if self._card.heatmap.method == "class-map" else (LOGITS,)

    def run(self, batch: Batch) -> NetworkOutput:
        """Logits and class maps of (N, C, H, W), N at least 1.

        Raises `EngineError` where the engine refuses, or gives another shape, NaN or infinity.
        """
        return self._output(self._graph.run({INPUT: batch}, outputs=self._wanted), count=len(batch))

    def _output(self, found: Mapping[str, npt.NDArray[np.float32]], *, count: int) -> NetworkOutput:
        logits, maps = found[LOGITS], found.get(self._maps)
        self._check_output(logits, maps, count=count)
        return NetworkOutput(logits, maps)

    def _check_graph(self) -> None:
        name, size = self._card.name, self._card.preprocess.output_size
        expected = (None, self._card.preprocess.channels, *(size or (None, None)))
        shape = self._graph.input_shapes.get(INPUT, ())
        fits = len(shape) == 4 and shape[0] is None and shape[1] in (None, expected[1])
        if not fits or any(
            None not in pair and pair[0] != pair[1] for pair in zip(shape[2:], expected[2:], strict=True)
        ):
            raise BundleError(f"the graph of {name} takes {INPUT} {shape}, but its card prepares {expected}")
        if not set(self._wanted) <= set(self._graph.outputs):
            raise BundleError(
                f"the graph of {name} must have the outputs {sorted(self._wanted)}, but it has {self._graph.outputs}. "
                "Export the model again"
            )

    def _check_output(
        self, logits: npt.NDArray[np.float32], maps: npt.NDArray[np.float32] | None, *, count: int
    ) -> None:
        expected = (count, len(self._card.label_names))
        if logits.shape != expected or logits.dtype != np.float32:
            raise EngineError(
                f"{self._card.name} must give logits float32 {expected}, not {logits.dtype} {logits.shape}. Export "
                "the model again"
            )
        if maps is not None and (maps.ndim != 4 or maps.shape[:2] != expected or maps.dtype != np.float32):
            raise EngineError(
                f"{self._card.name} must give class maps float32 {(*expected, 'h', 'w')}, not {maps.dtype} "
                f"{maps.shape}. Export the model again"
            )


class MemberNetwork(Network):
    """A graph that also gives the logits of its `members`, the networks whose mean its logits are."""

    def __init__(self, bundle: Bundle, *, engine: Engine, threads: int, members: int, maps: str) -> None:
        self._members = members
        super().__init__(bundle, engine=engine, threads=threads, maps=maps)

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (*super()._wanted, MEMBER_LOGITS)

    def run_members(self, batch: Batch) -> tuple[NetworkOutput, npt.NDArray[np.float32]]:
        """What `run` gives, and the members' logits, float32 (N, M, L); raises as `run` does."""
        found = self._graph.run({INPUT: batch}, outputs=self._wanted)
        members, expected = found[MEMBER_LOGITS], (len(batch), self._members, len(self._card.label_names))
        if members.shape != expected or members.dtype != np.float32:
            raise EngineError(
                f"{self._card.name} must give {MEMBER_LOGITS} float32 {expected}, not {members.dtype} "
                f"{members.shape}. Export the model again"
            )
        return self._output(found, count=len(batch)), members


class LungPooledNetwork(Network):
    """A graph that takes, beside its pictures, how much of each of their pixels is lung."""

    def run_inside(self, batch: Batch, *, lungs: Batch) -> NetworkOutput:
        """What `run` gives, for planes float32 (N, 1, H, W) in [0, 1] of the lungs of a batch; raises as `run` does."""
        found = self._graph.run({INPUT: batch, LUNGS: lungs}, outputs=self._wanted)
        return self._output(found, count=len(batch))

    def _check_graph(self) -> None:
        super()._check_graph()
        expected = (None, 1, *(self._card.preprocess.output_size or ()))
        taken = self._graph.input_shapes.get(LUNGS)
        if taken != expected:
            raise BundleError(f"the graph of {self._card.name} takes {LUNGS} {taken}, but its card prepares {expected}")
