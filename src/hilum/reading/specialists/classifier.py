"""The kind of specialist with one network: run the batch, calibrate, decide, point (see `opinion.py`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from hilum.bundle.load import Bundle
from hilum.explain.occlusion import occlusion_maps
from hilum.geometry import Box
from hilum.reading.engines.engine import Engine
from hilum.reading.engines.network import Network
from hilum.reading.lungs.finder import LungFinder
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
        if not cases:
            return ()
        started = time.perf_counter()
        output = self._network.run(np.stack([case.model_input.array for case in cases]))
        network_ms = (time.perf_counter() - started) * 1e3 / len(cases)
        maps: Sequence[npt.NDArray[np.float32] | None] = (
            [None] * len(cases) if output.class_maps is None else list(output.class_maps)
        )
        return tuple(
            self._opinion(case, logits=logits, grids=grids, network_ms=network_ms)
            for case, logits, grids in zip(cases, output.logits, maps, strict=True)
        )

    def _opinion(
        self, case: Case, *, logits: npt.NDArray[np.float32], grids: npt.NDArray[np.float32] | None, network_ms: float
    ) -> Opinion:
        crop, warnings = self._crop(case)
        computed = Computed(
            labels=self.card.labels,
            logits=logits,
            heatmap=self._heatmap(case, logits=logits, grids=grids),
            network_ms=network_ms,
            crop=crop,
            warnings=warnings,
        )
        return form_opinion(case, card=self.card, computed=computed, heatmaps=self._heatmaps)

    def _heatmap(
        self, case: Case, *, logits: npt.NDArray[np.float32], grids: npt.NDArray[np.float32] | None
    ) -> Callable[[int], Heatmap] | None:
        """What makes the heatmap of a label by its place; an occlusion's passes are made when one is asked for."""
        spec = self.card.heatmap.occlusion
        if grids is None and spec is None:
            return None

        @cache
        def maps() -> npt.NDArray[np.float32]:
            if grids is not None or spec is None:
                return np.asarray(grids, np.float32)
            return occlusion_maps(
                case.model_input.array,
                logits=logits,
                ask=lambda hidden: self._network.run(hidden).logits,
                cells=spec.cells,
                square=spec.square,
            )

        def heatmap(index: int) -> Heatmap:
            name, method = self.card.labels[index].name, self.card.heatmap.method
            one = input_heatmap(case.model_input, model=self.card.name, finding=name, grid=maps()[index])
            return replace(one, by_occlusion=method == "occlusion")

        return heatmap

    def _crop(self, case: Case) -> tuple[Box | None, tuple[str, ...]]:
        """What was cropped, and what must be said of it."""
        if self.lungs is None:
            return None, ()
        crop, reason = lung_crop(case.lungs)
        if crop is None:
            return None, (f"{self.card.name} reads the crop to the lungs, and read the whole picture: {reason}",)
        trained = self.card.training.lungs_sha256
        if trained is None or trained == self.lungs.ref.sha256:
            return crop, ()
        return crop, (f"{self.card.name} was trained on lungs that another network drew than {self.lungs.ref.name}",)
