"""The kind of specialist that averages what its network sees inside the lungs alone.

Where the lungs are not trusted there is nothing to look inside: then the average is over the whole picture, as in a
share of its training, and the reading says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from hilum.bundle.load import Bundle, wrong_kind
from hilum.bundle.pooling_spec import PoolingSpec
from hilum.radiograph import TrailStep
from hilum.reading.engines.engine import Engine
from hilum.reading.engines.network import LungPooledNetwork
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.lungs.on_input import lungs_on_input, widened
from hilum.reading.specialists.one_pass import Floats, inputs_of, maps_of, one_pass
from hilum.reading.specialists.opinion import (
    NOBODY_LOOKED,
    Case,
    Computed,
    HeatmapsWanted,
    Opinion,
    form_opinion,
    input_heatmap,
)
from hilum.reading_result import Heatmap, LungAverage, ModelRef


class LungPooled:
    """A bundle of kind lung-pooled; `lungs` draws as the bundle's own lung network does.

    Raises `BundleError` where the bundle is of another kind or its graph does not fit the card.
    """

    def __init__(
        self, bundle: Bundle, /, *, engine: Engine, threads: int, heatmaps: HeatmapsWanted, lungs: LungFinder | None
    ) -> None:
        if bundle.card.pooling is None:
            raise wrong_kind(bundle.card, expected="lung-pooled")
        self.card = bundle.card
        self.lungs = lungs
        self._pooling: PoolingSpec = bundle.card.pooling
        self._network = LungPooledNetwork(bundle, engine=engine, threads=threads)
        self._heatmaps = heatmaps
        self.ref = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case, in order; an empty batch gives none."""
        return tuple(
            self._opinion(case, logits=logits, grids=grids, average=average, network_ms=network_ms)
            for case, (logits, grids, average), network_ms in one_pass(cases, run=self._run)
        )

    def _run(self, cases: Sequence[Case]) -> list[tuple[Floats, Floats | None, LungAverage]]:
        planes, averages = zip(*map(self._inside, cases), strict=True)
        output = self._network.run_inside(inputs_of(cases), lungs=np.stack(planes)[:, None])
        return list(zip(output.logits, maps_of(output.class_maps, count=len(cases)), averages, strict=True))

    def _inside(self, case: Case) -> tuple[Floats, LungAverage]:
        """How much of each pixel of the input (H, W) counts as lung; 1 everywhere where no lungs are trusted."""
        shape = (case.model_input.array.shape[1], case.model_input.array.shape[2])
        drawing, reason = case.lungs, NOBODY_LOOKED
        if drawing is not None:
            reason = drawing.reason
            if drawing.trusted:
                mask = lungs_on_input(drawing, geometry=case.model_input.geometry, shape=shape)
                if mask.any():
                    plane = widened(mask, share=self._pooling.widen).astype(np.float32)
                    return plane, LungAverage(self.card.name, inside=True)
                reason = "the part of the picture that the model takes shows no lung"
        return np.ones(shape, np.float32), LungAverage(self.card.name, inside=False, reason=reason)

    def _opinion(
        self, case: Case, *, logits: Floats, grids: Floats | None, average: LungAverage, network_ms: float
    ) -> Opinion:
        computed = Computed(
            labels=self.card.labels,
            logits=logits,
            heatmap=None if grids is None else partial(self._heatmap, case=case, grids=grids),
            network_ms=network_ms,
            average=average,
            warnings=self._warnings(average),
            trail=(self._step(average),),
        )
        return form_opinion(case, card=self.card, computed=computed, heatmaps=self._heatmaps)

    def _step(self, average: LungAverage) -> TrailStep:
        name, widen = self.card.name, self._pooling.widen
        if not average.inside:
            return TrailStep(
                "average", f"{name}: over the whole picture, since there is no drawing of the lungs to rely on"
            )
        hidden = "; the network saw nothing else" if self._pooling.hides_outside else ""
        return TrailStep("average", f"{name}: inside the lungs, widened by {widen:.3g} of the picture's sides{hidden}")

    def _warnings(self, average: LungAverage) -> tuple[str, ...]:
        if average.inside:
            return ()
        return (
            f"{self.card.name} is made to look inside the lungs alone, but looked at the whole picture: "
            f"{average.reason}",
        )

    def _heatmap(self, index: int, *, case: Case, grids: Floats) -> Heatmap:
        name = self.card.labels[index].name
        return input_heatmap(case.model_input, model=self.card.name, finding=name, grid=grids[index])
