"""A bundle's graph with named inputs and outputs whose shapes are known: checked when opened, and whenever it ran."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, EngineError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.reading.engines.engine import Batch, Engine
from hilum.reading.engines.graph_of import graph_of
from hilum.reading.engines.graph_runner import GraphRunner

Shape = tuple[int | None, ...]
"""The shape of one image's input or output; None where a dimension may have any size."""

MAP: Shape = (None, None)
"""A class map, of whatever grid."""


class CheckedGraph:
    """A graph that takes just `inputs`, and gives `outputs` among others, in batches (see `GraphRunner`).

    Raises `BundleError` where the graph is another.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        inputs: Mapping[str, Shape],
        outputs: Mapping[str, Shape],
        engine: Engine,
        threads: int,
    ) -> None:
        self._name, self._outputs = bundle.card.name, outputs
        self._graph = GraphRunner(
            graph_of(bundle, GRAPH, engine=engine), name=self._name, engine=engine, threads=threads
        )
        expected = {name: (None, *shape) for name, shape in inputs.items()}
        taken = dict(self._graph.input_shapes)
        if taken != expected:
            raise BundleError(f"the graph of {self._name} takes {taken}, but its card prepares {expected}")
        missing = [name for name in outputs if name not in self._graph.outputs]
        if missing:
            raise BundleError(f"the graph of {self._name} lacks the outputs {missing}. Export the model again")

    def run(self, batches: Mapping[str, Batch]) -> dict[str, npt.NDArray[np.float32]]:
        """The outputs, each with its images first, for batches (N, ...) of equal N, one for each input.

        Raises `EngineError` where the engine refuses, or gives another shape, NaN or infinity.
        """
        found = self._graph.run(batches, outputs=tuple(self._outputs))
        count = len(next(iter(batches.values())))
        for name, values in found.items():
            expected = (count, *self._outputs[name])
            sizes = zip(values.shape, expected, strict=False)
            if values.ndim != len(expected) or any(wanted not in (None, size) for size, wanted in sizes):
                raise EngineError(
                    f"{name} of {self._name} must be {expected}, not the shape {values.shape}. Export the model again"
                )
        return found


def input_shape(spec: PreprocessSpec) -> Shape:
    """The shape of a prepared picture, which is of one size. A graph that takes any size does not have it."""
    return (spec.channels, *(spec.output_size or (0, 0)))
