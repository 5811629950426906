"""The kind of specialist that is several networks: their mean probability reads, and what each says stands beside it.

A member's probability is its logit by the calibration of the ensemble's label, so that all are on one scale with the
ensemble's probability, which lies among them. What members say changes no decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hilum.bundle.ensemble_spec import MAPS, EnsembleSpec
from hilum.bundle.load import Bundle, wrong_kind
from hilum.explain.ensemble_map import as_logit_contribution
from hilum.reading.engines.engine import Engine
from hilum.reading.engines.network import MemberNetwork
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


class Ensemble:
    """A bundle of kind ensemble; `lungs` draws the box for one whose members read the crop to the lungs.

    Raises `BundleError` where the bundle is of another kind or its graph does not fit the card.
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
        if bundle.card.ensemble is None:
            raise wrong_kind(bundle.card, expected="ensemble")
        self.card = bundle.card
        self.lungs = lungs if "lungs" in bundle.card.needs else None
        self._ensemble: EnsembleSpec = bundle.card.ensemble
        self._network = MemberNetwork(
            bundle, engine=engine, threads=threads, members=len(self._ensemble.members), maps=MAPS
        )
        self._heatmaps = heatmaps
        self.ref = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case, in order; an empty batch gives none."""
        return tuple(
            self._opinion(case, logits=logits, members=members, grids=grids, network_ms=network_ms)
            for case, (logits, members, grids), network_ms in one_pass(cases, run=self._run)
        )

    def _run(self, cases: Sequence[Case]) -> list[tuple[Floats, Floats, Floats | None]]:
        output, members = self._network.run_members(inputs_of(cases))
        return list(zip(output.logits, members, maps_of(output.class_maps, count=len(cases)), strict=True))

    def _opinion(
        self, case: Case, *, logits: Floats, members: Floats, grids: Floats | None, network_ms: float
    ) -> Opinion:
        crop, warnings = one_crop(case, card=self.card, lungs=None if self.lungs is None else self.lungs.ref)
        computed = Computed(
            labels=self.card.labels,
            logits=logits,
            heatmap=None if grids is None else partial(self._heatmap, case=case, grids=grids, logits=logits),
            network_ms=network_ms,
            crop=crop,
            warnings=warnings,
            members=dict(zip(self._ensemble.names, members, strict=True)),
        )
        return form_opinion(case, card=self.card, computed=computed, heatmaps=self._heatmaps)

    def _heatmap(self, index: int, *, case: Case, grids: Floats, logits: Floats) -> Heatmap:
        grid = as_logit_contribution(grids[index], logit=float(logits[index]))
        return input_heatmap(case.model_input, model=self.card.name, finding=self.card.labels[index].name, grid=grid)
