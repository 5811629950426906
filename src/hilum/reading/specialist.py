"""The kind of specialist with one network: run the batch, calibrate, decide, point.

Logit, calibrated probability and decision are made here in three steps: by the network, by the card's calibration and
by its operating point.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import Card, Label
from hilum.bundle.load import Bundle
from hilum.errors import BundleError
from hilum.explain.boxes import box_from_map
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import ModelInput, PreprocessSpec
from hilum.radiograph import Radiograph
from hilum.reading.calibration import calibrated
from hilum.reading.engine import Engine
from hilum.reading.lung_drawing import LungDrawing
from hilum.reading.lungs import LungFinder
from hilum.reading.network import Network
from hilum.reading.scope import ScopeVerdict, judge_scope
from hilum.reading_result import Finding, GateVerdict, Heatmap, ModelRef

HeatmapsWanted = Literal["positive", "all"]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One radiograph as a specialist gets it: its pixels prepared, and what the gate said.

    `crop` is the second input of a specialist that looks at the lungs beside the whole picture. `lungs` is the drawing
    that was cropped to, or None where nobody drew lungs.
    """

    radiograph: Radiograph
    model_input: ModelInput
    gate: GateVerdict
    crop: ModelInput | None = None
    lungs: LungDrawing | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What one specialist says of one case; times in milliseconds, the network's shared evenly over its batch.

    `crop` is the part that was read because the lungs lie there, in native pixels.
    """

    findings: tuple[Finding, ...]
    heatmaps: tuple[Heatmap, ...]
    warnings: tuple[str, ...]
    network_ms: float
    explain_ms: float
    crop: Box | None = None


class Classifier:
    """A specialist with one network whose outputs are the card's labels, in order.

    `lungs` draws the box for one that reads the crop to the lungs; raises `BundleError` where it is then None.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        engine: Engine,
        threads: int,
        heatmaps: HeatmapsWanted,
        lungs: LungFinder | None = None,
    ) -> None:
        self._card = bundle.card
        self._lungs = lungs if bundle.card.preprocess.needs_lungs else None
        if bundle.card.preprocess.needs_lungs and lungs is None:
            raise BundleError(
                f"{bundle.card.name} reads the crop to the lungs: expected a bundle of kind lungs beside it, such as "
                "lung-regions, came none"
            )
        self._network = Network(bundle, engine=engine, threads=threads)
        self._heatmaps = heatmaps
        self._undecided = _without_operating_points(bundle.card)
        self.ref = ModelRef(bundle.card.name, bundle.card.version, bundle.sha256)

    @property
    def xray_type(self) -> str:
        """The X-ray type that this specialist reads."""
        return self._card.scope.xray_type

    @property
    def preprocess(self) -> PreprocessSpec:
        """How its network wants the pixels."""
        return self._card.preprocess

    @property
    def crop_preprocess(self) -> PreprocessSpec | None:
        """The specification that begins with the crop to the lungs, where there is one."""
        return None if self._lungs is None else self._card.preprocess

    @property
    def lungs(self) -> LungFinder | None:
        """What draws the lungs that it is cropped to."""
        return self._lungs

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
        scope = judge_scope(case.radiograph, gate=case.gate, scope=self._card.scope, model=self._card.name)
        started = time.perf_counter()
        findings, heatmaps = [], []
        for index, label in enumerate(self._card.labels):
            probability = calibrated(float(logits[index]), calibration=label.calibration)
            positive = _decide(probability, label=label, scope=scope)
            heatmap = None
            if grids is not None and (positive or self._heatmaps == "all"):
                heatmap = self._heatmap(case, label=label, grid=grids[index])
                heatmaps.append(heatmap)
            findings.append(
                Finding(
                    model=self._card.name,
                    name=label.name,
                    logit=float(logits[index]),
                    probability=probability,
                    operating_point=label.operating_point,
                    positive=positive,
                    in_scope=scope.in_scope,
                    boxes=self._boxes(case, heatmap) if positive else (),
                )
            )
        explain_ms = (time.perf_counter() - started) * 1e3
        crop, warned = self._crop(case)
        warnings = (*scope.warnings, *self._undecided, *warned)
        return Opinion(tuple(findings), tuple(heatmaps), warnings, network_ms, explain_ms, crop)

    def _crop(self, case: Case) -> tuple[Box | None, tuple[str, ...]]:
        """What was cropped, and what must be said of it."""
        if self._lungs is None:
            return None, ()
        crop, reason = lung_crop(case.lungs)
        if crop is None:
            return None, (f"{self._card.name} reads the crop to the lungs, and read the whole picture: {reason}",)
        trained = self._card.training.lungs_sha256
        if trained is None or trained == self._lungs.ref.sha256:
            return crop, ()
        return crop, (f"{self._card.name} was trained on lungs that another network drew than {self._lungs.ref.name}",)

    def _heatmap(self, case: Case, *, label: Label, grid: npt.NDArray[np.float32]) -> Heatmap:
        _, rows, columns = case.model_input.array.shape
        cell = Geometry(columns / grid.shape[1], rows / grid.shape[0], 0.0, 0.0)
        # a copy, or a caller who keeps one heatmap keeps the whole batch
        return Heatmap(self._card.name, label.name, grid.copy(), case.model_input.geometry.after(cell))

    def _boxes(self, case: Case, heatmap: Heatmap | None) -> tuple[Box, ...]:
        if heatmap is None:
            return ()
        box = box_from_map(heatmap.grid, threshold=self._card.heatmap.box_threshold, geometry=heatmap.geometry)
        if box is None:
            return ()
        source = case.radiograph.source
        clipped = box.clipped(width=source.columns, height=source.rows)
        return (clipped,) if clipped.width > 0 and clipped.height > 0 else ()


def lung_crop(drawing: LungDrawing | None) -> tuple[Box | None, str]:
    """The crop of a drawing, or None and the reason in words."""
    if drawing is None:
        return None, "nobody looked for lungs"
    reason = drawing.reason if not drawing.trusted else "the box of the lungs is only a few pixels wide or high"
    return drawing.crop, reason


def _decide(probability: float, *, label: Label, scope: ScopeVerdict) -> bool | None:
    if scope.in_scope is False or label.operating_point is None:
        return None
    return probability >= label.operating_point


def _without_operating_points(card: Card) -> tuple[str, ...]:
    """One warning where the card has labels without an operating point."""
    labels = [label for label in card.labels if label.operating_point is None]
    if not labels:
        return ()
    named = "any finding" if len(labels) == len(card.labels) else ", ".join(label.name for label in labels)
    raw = all(label.calibration.method == "none" for label in labels)
    said = "; their probabilities are not calibrated" if raw else ""
    return (f"{card.name} brings no operating point for {named}: nothing is decided there{said}",)
