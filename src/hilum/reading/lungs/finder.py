"""Finds the lungs and the heart of a chest: where they lie, the box to crop, and whether to trust the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hilum.bundle.load import Bundle, wrong_kind
from hilum.bundle.lung_spec import LungGraph, LungSpec, QualityRule, Structure
from hilum.errors import BundleError, EngineError
from hilum.explain.components import largest_component
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import ModelInput, PreprocessSpec, preprocess
from hilum.radiograph import ADULT_FROM_YEARS, Radiograph
from hilum.reading.engines.engine import INPUT, LOGITS, Engine
from hilum.reading.engines.graph_of import graph_of
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.gate.chest_view import chest_view
from hilum.reading.gate.rules import NOT_JUDGED, is_turned
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.frame import inside_frame, without_frame
from hilum.reading.lungs.passes import drawing, is_moved, probabilities, quality_inputs
from hilum.reading.lungs.quality import is_trusted, quality_facts, quality_score
from hilum.reading.lungs.regions import LungFlag, LungRegions, lung_regions
from hilum.reading.lungs.words import lung_reason
from hilum.reading_result import GateVerdict, LungMap, LungSides, ModelRef

TINY_PX = 32
"""Below this shorter side a picture is no chest that anybody can outline; it is not trusted."""


@dataclass(frozen=True, slots=True)
class LungNetwork:
    """What decides how lungs are drawn: two bundles with the same one draw the same, whatever else their cards say."""

    graph_sha256: str
    structures: tuple[Structure, ...]
    threshold: float
    frame_below: float | None
    quality: QualityRule
    preprocess: PreprocessSpec


class LungFinder:
    """The lung network of a bundle of kind lungs, or the one that a fusion brings.

    Raises `BundleError` where the bundle draws no lungs or its graph does not fit.
    """

    def __init__(self, bundle: Bundle, *, engine: Engine, threads: int) -> None:
        graph = lung_graph(bundle)
        self.network = lung_network(bundle)
        self.ref = ModelRef(graph.name, graph.version, graph.sha256 or bundle.sha256)
        self._preprocess, self._spec = graph.preprocess, graph.spec
        self._graph = GraphRunner(
            graph_of(bundle, graph.file, engine=engine), name=graph.name, engine=engine, threads=threads
        )
        size = self._preprocess.output_size
        wanted = (None, self._preprocess.channels, *(size or (None, None)))
        taken = self._graph.input_shapes.get(INPUT)
        if size is None or self._preprocess.needs_lungs or taken != wanted or LOGITS not in self._graph.outputs:
            raise BundleError(f"the graph of {self.ref.name} takes {INPUT} {taken}, but its card prepares {wanted}")

    @property
    def spec(self) -> LungSpec:
        """What the card says of the drawing."""
        return self._spec

    @property
    def preprocess(self) -> PreprocessSpec:
        """How the network wants the pixels."""
        return self._preprocess

    def find(
        self, radiograph: Radiograph, *, gate: GateVerdict = NOT_JUDGED, prepared: ModelInput | None = None
    ) -> LungDrawing:
        """What is drawn of one radiograph; `prepared` is its input where it was made already.

        `gate` is the verdict on its picture: lungs that look lateral or turned are not trusted. Raises `EngineError`
        where the network gives NaN, infinity or another shape.
        """
        model_input = prepared or preprocess(radiograph.pixels, spec=self._preprocess)
        (drawing,) = self.draw([radiograph], prepared=[model_input], gates=[gate])
        return drawing

    def draw(
        self, batch: Sequence[Radiograph], *, prepared: Sequence[ModelInput], gates: Sequence[GateVerdict] | None = None
    ) -> tuple[LungDrawing, ...]:
        """The lungs of each radiograph of a batch, on the network's grid; no mask of native size is made.

        `prepared` are the network's inputs of `batch` and `gates` the verdicts on its pictures, in order; without them
        no gate has judged any. All passes of all of them run as one batch. Raises as `find` does.
        """
        if not batch:
            return ()
        moved = is_moved(self.network.quality)
        inputs = np.concatenate([quality_inputs(each.array, moved=moved) for each in prepared])
        logits = self._logits(inputs).reshape(len(batch), -1, len(self._spec.structures), *inputs.shape[2:])
        judged = (NOT_JUDGED,) * len(batch) if gates is None else gates
        return tuple(map(self._drawing, batch, judged, prepared, logits))

    def _logits(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        logits = self._graph.run({INPUT: inputs}, outputs=(LOGITS,))[LOGITS]
        expected = (len(inputs), len(self._spec.structures), *inputs.shape[2:])
        if logits.shape != expected:
            raise EngineError(
                f"{self.ref.name} must give logits {expected}, not {logits.shape}. Export the model again"
            )
        return logits

    def _drawing(
        self, radiograph: Radiograph, gate: GateVerdict, model_input: ModelInput, logits: npt.NDArray[np.float32]
    ) -> LungDrawing:
        rule, threshold = self.network.quality, self.network.threshold
        structures = self._spec.structures
        passes = probabilities(logits, structures=structures)
        if self._spec.frame_below is not None:
            inside = inside_frame(model_input.array, spec=self._preprocess, black=self._spec.frame_below)
            passes = without_frame(passes, inside=inside)
        boxed = list(self._spec.sides(self._spec.boxed))
        facts = quality_facts(passes, structures=structures, threshold=threshold)
        drawn = drawing(passes)
        found, kept = kept_lungs(drawn[boxed], threshold=threshold)
        flags = (*found.flags, *_picture_flags(radiograph, gate=gate))
        quality = quality_score(facts, rule=rule)
        trusted = is_trusted(facts, rule=rule, flags=flags)
        rows, columns = radiograph.pixels.shape
        whole = Box(0.0, 0.0, float(columns), float(rows))
        return LungDrawing(
            lungs=self._map(drawn, found=found, kept=kept, geometry=model_input.geometry),
            box=model_input.geometry.box(found.box).clipped(width=columns, height=rows) if found.count else whole,
            quality=quality,
            trusted=trusted,
            flags=flags,
            reason=lung_reason(flags=flags, quality=quality, area_share=facts.area_share, rule=rule, trusted=trusted),
            rows=rows,
            columns=columns,
            model=self.ref,
            ratio_error=self._spec.ratio_error,
        )

    def _map(
        self,
        drawn: npt.NDArray[np.float32],
        *,
        found: LungRegions,
        kept: npt.NDArray[np.float32],
        geometry: Geometry,
    ) -> LungMap:
        """Everything that was drawn (S, h, w), without regions that were dropped and pieces of a heart.

        `found` and `kept` are of the lungs that are boxed. A field that reaches out of what was kept is cut there.
        """
        spec, level = self._spec, self.network.threshold
        boxed = LungSides(kept[0], kept[1])
        heart = kept_heart(drawn[spec.structures.index("heart")], threshold=level) if spec.draws_heart else None
        if spec.boxed == "field":
            return LungMap(level, geometry, field=boxed, heart=heart)
        if "field" not in spec.definitions:
            return LungMap(level, geometry, whole=boxed, heart=heart)
        planes = np.where(found.dropped, np.float32(level / 2), drawn[list(spec.sides("field"))])
        _, fields = kept_lungs(planes, threshold=level)
        return LungMap(level, geometry, field=LungSides(fields[0], fields[1]), whole=boxed, heart=heart)


def lung_graph(bundle: Bundle) -> LungGraph:
    """The graph that draws lungs in a bundle; raises `BundleError` where none does."""
    graph = bundle.card.lung_graph
    if graph is None:
        raise wrong_kind(bundle.card, expected="lungs")
    return graph


def lung_network(bundle: Bundle) -> LungNetwork:
    """What decides how the bundle draws lungs; raises `BundleError` where it draws none."""
    graph = lung_graph(bundle)
    spec = graph.spec
    return LungNetwork(
        graph_sha256=bundle.card.files[graph.file],
        structures=spec.structures,
        threshold=spec.threshold,
        frame_below=spec.frame_below,
        quality=spec.quality,
        preprocess=graph.preprocess,
    )


def kept_lungs(
    probability: npt.NDArray[np.float32], *, threshold: float
) -> tuple[LungRegions, npt.NDArray[np.float32]]:
    """The rules' regions of probabilities (2, h, w), and the same probabilities without the regions that were dropped.

    Pixels of a dropped region get half the threshold: interpolated with neighbours below the threshold, they stay
    below it.
    """
    found = lung_regions(probability.max(axis=0) >= threshold)
    return found, np.where(found.dropped, np.float32(threshold / 2), probability)


def kept_heart(probability: npt.NDArray[np.float32], *, threshold: float) -> npt.NDArray[np.float32]:
    """Probabilities (h, w) of a heart without all its pieces but the largest, as `kept_lungs` drops regions."""
    drawn = probability >= threshold
    return np.where(drawn & ~largest_component(drawn), np.float32(threshold / 2), probability)


def _picture_flags(radiograph: Radiograph, *, gate: GateVerdict) -> tuple[LungFlag, ...]:
    """What is known of the whole picture, by its file, the user or the gate, whatever was drawn."""
    age = radiograph.age_years
    named: tuple[tuple[LungFlag, bool], ...] = (
        ("tiny image", min(radiograph.pixels.shape) < TINY_PX),
        ("lateral view", chest_view(radiograph, gate=gate).view == "LL"),
        ("turned", is_turned(gate)),
        ("child", age is not None and age < ADULT_FROM_YEARS),
        ("sides not named", not radiograph.sides_known),
    )
    return tuple(flag for flag, there in named if there)
