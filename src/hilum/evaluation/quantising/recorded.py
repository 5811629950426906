"""What a bundle's network gets of images, and what it gives in float32, written down while the bundle reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GRAPH
from hilum.bundle.load import Bundle
from hilum.datasets.records.record import Record
from hilum.errors import DataError
from hilum.findings import XRAY_TYPES
from hilum.imaging.pixels.limits import Limits
from hilum.reading.engines.engine import Batch, CompiledGraph, EngineName, available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.input.prepare import Prepared, prepare
from hilum.reading.open_models import open_models
from hilum.reading.pipeline import Pipeline
from hilum.stated import Stated

Floats = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """N images: their `records`, what the network takes of them by input (N, ...), and gives by output (N, ...).

    The inputs lie in files, so that many images take no memory. `failed` counts images that could not be read.
    """

    records: tuple[Record, ...]
    inputs: Mapping[str, Floats]
    outputs: Mapping[str, Floats]
    failed: int

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, rows: Sequence[int]) -> dict[str, Batch]:
        """The inputs of some images."""
        return {name: np.ascontiguousarray(values[list(rows)]) for name, values in self.inputs.items()}

    def batches(self) -> Iterator[dict[str, Batch]]:
        """The inputs of all images, sixteen at a time."""
        for start in range(0, len(self), BATCH):
            yield self.batch(range(start, min(start + BATCH, len(self))))


def record(
    records: Sequence[Record], *, bundle: Bundle, lungs: Bundle | None, folder: Path, progress: Progress
) -> Recorded:
    """Read the images as `Reader` does, without a gate, and keep what the bundle's own graph takes and gives of each.

    Inputs go into `folder`. `lungs` draws the lungs for a model that cannot without. Raises `DataError` where none of
    the images can be read.
    """
    tape = _Tape(bundle.read(GRAPH))
    bundles = [bundle] if lungs is None else [bundle, lungs]
    opened = open_models(bundles, engine=tape, threads=available_cores(), heatmaps="none", lungs=True, occlusion=False)
    pipeline = Pipeline(opened, settings_sha256="", threads=1)
    xray_type = bundle.card.scope.xray_type
    stated = Stated(xray_type=xray_type if xray_type in XRAY_TYPES else None)
    read: list[Record] = []
    kept: dict[str, Floats] = {}
    given: list[dict[str, Floats]] = []
    try:
        for done, one in enumerate(records):
            progress(done, len(records))
            prepared = prepare(one.path, name=one.image, frame=None, limits=Limits(), specs=opened.specs, stated=stated)
            if not isinstance(prepared, Prepared):
                continue
            pipeline.examine([prepared])
            taken, gave = tape.last()
            for name, values in taken.items():
                if name not in kept:
                    path = folder / f"{name}.npy"
                    shape = (len(records), *values.shape[1:])
                    kept[name] = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
                kept[name][len(read)] = values[0]
            given.append(gave)
            read.append(one)
    finally:
        pipeline.close()
    progress(len(records), len(records))
    if not read:
        raise DataError(f"None of the {len(records):,} images could be read. `hilum data check` says why")
    outputs = {name: np.concatenate([gave[name] for gave in given]) for name in given[0]}
    inputs = {name: values[: len(read)] for name, values in kept.items()}
    return Recorded(tuple(read), inputs, outputs, failed=len(records) - len(read))


class _Tape(OnnxRuntimeEngine):
    """ONNX Runtime, which keeps what one graph last took and gave."""

    def __init__(self, graph: bytes) -> None:
        self._graph = graph
        self._last: tuple[dict[str, Floats], dict[str, Floats]] | None = None

    @property
    def name(self) -> EngineName:
        """That of what computes."""
        return "onnxruntime"

    def compile(self, graph: bytes, *, threads: int, callers: int) -> CompiledGraph:  # type: ignore[override]
        """The graph, listened to where it is the one."""
        compiled = super().compile(graph, threads=threads, callers=callers)
        return _Listened(compiled, keep=self._keep) if graph == self._graph else compiled

    def last(self) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Inputs and outputs of the last run; raises `DataError` where there was none since the last call."""
        if self._last is None:
            raise DataError("The model did not read an image of its own training: its graph was not asked")
        found, self._last = self._last, None
        return found

    def _keep(self, batches: Mapping[str, Batch], outputs: Mapping[str, Floats]) -> None:
        self._last = (dict(batches), dict(outputs))


class _Listened:
    """A compiled graph that tells of every run."""

    def __init__(
        self, compiled: CompiledGraph, *, keep: Callable[[Mapping[str, Batch], Mapping[str, Floats]], None]
    ) -> None:
        self._compiled = compiled
        self._keep = keep
        self.input_shapes = compiled.input_shapes
        self.outputs = compiled.outputs

    def run(self, batch: Batch) -> dict[str, Floats]:
        """As the graph's."""
        return self.run_named({"input": batch})

    def run_named(self, batches: Mapping[str, Batch]) -> dict[str, Floats]:
        """As the graph's, told of."""
        found = self._compiled.run_named(batches)
        self._keep(batches, found)
        return found
