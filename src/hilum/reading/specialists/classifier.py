"""The kind of specialist with one network: run the batch, calibrate, decide, point (see `opinion.py`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np

from hilum.bundle.card import OcclusionSpec
from hilum.bundle.load import Bundle
from hilum.explain.occlusion import occlusion_maps
from hilum.reading.engines.engine import Engine
from hilum.reading.engines.network import Network
from hilum.reading.lungs.finder import LungFinder
from hilum.reading.specialists.one_pass import Floats, inputs_of, maps_of, one_pass
from hilum.reading.specialists.opinion import (
    Case,
    Computed,
    HeatmapsWanted,
    Opinion,
    form_opinion,
    input_heatmap,
    one_crop,
)
from hilum.reading_result import Heatmap, ModelRef


class Classifier:
    """A specialist with one network whose outputs are the card's labels, in order.

    `lungs` draws the box for one that reads the crop to the lungs; no other looks at it.
    """

    def __init__(
        self,
        bundle: Bundle,
        /,
        *,
        engine: Engine,
        threads: int,
        heatmaps: HeatmapsWanted,
        lungs: LungFinder | None = None,
    ) -> None:
        self.card = bundle.card
        self.lungs = lungs if "lungs" in bundle.card.needs else None
        self._network = Network(bundle, engine=engine, threads=threads)
        self._heatmaps = heatmaps
        self.ref = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case, in order; an empty batch gives none."""
        return tuple(
            self._opinion(case, logits=logits, grids=grids, network_ms=network_ms)
            for case, (logits, grids), network_ms in one_pass(cases, run=self._run)
        )

    def _run(self, cases: Sequence[Case]) -> list[tuple[Floats, Floats | None]]:
        output = self._network.run(inputs_of(cases))
        return list(zip(output.logits, maps_of(output.class_maps, count=len(cases)), strict=True))

    def _opinion(self, case: Case, *, logits: Floats, grids: Floats | None, network_ms: float) -> Opinion:
        crop, warnings = one_crop(case, card=self.card, lungs=None if self.lungs is None else self.lungs.ref)
        computed = Computed(
            labels=self.card.labels,
            logits=logits,
            heatmap=self._heatmap(case, logits=logits, grids=grids),
            network_ms=network_ms,
            crop=crop,
            warnings=warnings,
        )
        return form_opinion(case, card=self.card, computed=computed, heatmaps=self._heatmaps)

    def _heatmap(self, case: Case, *, logits: Floats, grids: Floats | None) -> Callable[[int], Heatmap] | None:
        """What makes the heatmap of a label by its place; an occlusion's passes are made when one is asked for."""
        spec = self.card.heatmap.occlusion
        maps: Callable[[], Floats]
        if spec is not None:
            maps = cache(partial(self._occluded, case, logits=logits, spec=spec))
        elif grids is not None:
            maps = partial(np.asarray, grids)
        else:
            return None

        def heatmap(index: int) -> Heatmap:
            return input_heatmap(
                case.model_input,
                model=self.card.name,
                finding=self.card.labels[index].name,
                grid=maps()[index],
                by_occlusion=spec is not None,
            )

        return heatmap

    def _occluded(self, case: Case, *, logits: Floats, spec: OcclusionSpec) -> Floats:
        return occlusion_maps(
            case.model_input.array,
            logits=logits,
            ask=lambda hidden: self._network.run(hidden).logits,
            cells=spec.cells,
            square=spec.square,
        )
