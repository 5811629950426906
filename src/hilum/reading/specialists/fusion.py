"""The kind of specialist that fuses two looks at a chest: the whole picture, and the crop to its lungs (SDFN).

Where the lungs are not trusted there is no crop to fuse: then the whole-image branch's own head reads, with its own
calibration and operating points, and the reading says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from hilum.bundle.fusion_spec import (
    CROP,
    CROP_MAPS,
    LOGITS,
    WHOLE,
    WHOLE_ALONE_MAPS,
    WHOLE_LOGITS,
    WHOLE_MAPS,
    FusionSpec,
)
from hilum.bundle.load import Bundle, wrong_kind
from hilum.errors import InternalError
from hilum.explain.fused_map import cells_of, fused_grid
from hilum.geometry import Box
from hilum.imaging.preprocess import ModelInput
from hilum.reading.engines.checked_graph import MAP, CheckedGraph, input_shape
from hilum.reading.engines.engine import Engine
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.specialists.one_pass import Outputs, each_of, inputs_of, one_pass
from hilum.reading.specialists.opinion import (
    Case,
    Computed,
    HeatmapsWanted,
    Opinion,
    form_opinion,
    input_heatmap,
    lung_crop,
)
from hilum.reading_result import Heatmap, ModelRef

_LOGITS = (LOGITS, WHOLE_LOGITS)
_MAPS = (WHOLE_MAPS, CROP_MAPS, WHOLE_ALONE_MAPS)


class Fusion:
    """A bundle of kind fusion; `lungs` draws as the bundle's own lung network does.

    Raises `BundleError` where the bundle is of another kind or its graph does not fit the card.
    """

    def __init__(
        self, bundle: Bundle, /, *, engine: Engine, threads: int, heatmaps: HeatmapsWanted, lungs: LungFinder | None
    ) -> None:
        if bundle.card.fusion is None:
            raise wrong_kind(bundle.card, expected="fusion")
        self.card = bundle.card
        self._fusion: FusionSpec = bundle.card.fusion
        self._heatmaps = heatmaps
        self.lungs = lungs
        labels = len(bundle.card.labels)
        maps = _MAPS if bundle.card.heatmap.method == "class-map" else ()
        self._graph = CheckedGraph(
            bundle,
            inputs={WHOLE: input_shape(bundle.card.preprocess), CROP: input_shape(self._fusion.crop_preprocess)},
            outputs={**dict.fromkeys(_LOGITS, (labels,)), **dict.fromkeys(maps, (labels, *MAP))},
            engine=engine,
            threads=threads,
        )
        self.ref = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case, in order; an empty batch gives none."""
        return tuple(
            self._opinion(case, one=one, network_ms=network_ms)
            for case, one, network_ms in one_pass(cases, run=self._run)
        )

    def _run(self, cases: Sequence[Case]) -> list[Outputs]:
        inputs = {WHOLE: inputs_of(cases), CROP: np.stack([_crop_input(case).array for case in cases])}
        return each_of(self._graph.run(inputs), count=len(cases))

    def _opinion(self, case: Case, *, one: Outputs, network_ms: float) -> Opinion:
        crop, reason = lung_crop(case.lungs)
        draws: Callable[..., Heatmap]
        if crop is None:
            labels, logits, draws = self._fusion.whole_labels, one[WHOLE_LOGITS], self._whole_heatmap
        else:
            labels, logits, draws = self.card.labels, one[LOGITS], self._fused_heatmap
        computed = Computed(
            labels=labels,
            logits=logits,
            heatmap=partial(draws, case=case, one=one) if WHOLE_MAPS in one else None,
            network_ms=network_ms,
            crop=crop,
            warnings=self._warnings(crop, reason=reason),
        )
        return form_opinion(case, card=self.card, computed=computed, heatmaps=self._heatmaps)

    def _warnings(self, crop: Box | None, *, reason: str) -> tuple[str, ...]:
        if crop is not None:
            return ()
        return (
            f"{self.card.name} joins the whole picture and the crop to the lungs, but there is no crop: {reason}. "
            "This is the result of its whole-image branch",
        )

    def _whole_heatmap(self, index: int, *, case: Case, one: Outputs) -> Heatmap:
        name, grid = self.card.labels[index].name, one[WHOLE_ALONE_MAPS][index]
        return input_heatmap(case.model_input, model=self.card.name, finding=name, grid=grid)

    def _fused_heatmap(self, index: int, *, case: Case, one: Outputs) -> Heatmap:
        whole, crop = (
            cells_of(one[maps][index], geometry=given.geometry, input_size=given.array.shape[1:])
            for maps, given in ((WHOLE_MAPS, case.model_input), (CROP_MAPS, _crop_input(case)))
        )
        rows, columns = case.radiograph.pixels.shape
        fused = fused_grid(whole, crop, rows=rows, columns=columns)
        return Heatmap(self.card.name, self.card.labels[index].name, np.asarray(fused.grid), fused.geometry)


def _crop_input(case: Case) -> ModelInput:
    """The second input; the pipeline gives it to every specialist that names how it wants the crop."""
    if case.crop is None:
        raise InternalError("the case lacks the input of the crop; this is a defect of hilum, please report it")
    return case.crop
