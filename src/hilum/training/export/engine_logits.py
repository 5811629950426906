"""The logits of a graph for prepared inputs, by the engine that reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from hilum.reading.engines.engine import LOGITS, available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine

Floats = npt.NDArray[np.float32]


def engine_logits(graph: bytes, *, inputs: Iterable[Floats], batch: int) -> Iterator[Floats]:
    """The logits of each `inputs` (C, H, W), in order; `batch` of them are held and run at a time."""
    compiled = OnnxRuntimeEngine().compile(graph, threads=available_cores(), callers=1)
    left = iter(inputs)
    while prepared := list(islice(left, batch)):
        yield from compiled.run(np.stack(prepared))[LOGITS]
