"""From a specialist's logits and class maps to its opinion: calibrate, decide, point.

Logit, calibrated probability and decision are made in three steps: by the network, by the label's calibration and by
its operating point.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import Card
from hilum.bundle.label import Label
from hilum.explain.boxes import box_from_map
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import ModelInput
from hilum.profile import NOT_TIMED, Timer
from hilum.radiograph import Radiograph, TrailStep, View
from hilum.reading.decision.scope import ScopeVerdict, judge_scope
from hilum.reading.gate.chest_view import chest_view
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading_result import (
    Finding,
    GateVerdict,
    Heatmap,
    LungAverage,
    MemberFinding,
    ModelRef,
    NotDecided,
    Told,
)

NOBODY_LOOKED = "the lungs were not looked for"
"""Why there are no lungs, where none were drawn."""

HeatmapsWanted = Literal["positive", "all", "none"]
"""Which findings get a heatmap, and with it boxes."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One radiograph as a specialist gets it: its pixels prepared, and what the gate said.

    `crop` is the second input of a specialist that looks at the lungs beside the whole picture. `lungs` is the drawing
    that was cropped to, or is averaged inside, or None where nobody drew lungs. With `assume_scope` what is unknown
    counts as in scope. `timer` hears what the time goes on.
    """

    radiograph: Radiograph
    model_input: ModelInput
    gate: GateVerdict
    crop: ModelInput | None = None
    lungs: LungDrawing | None = None
    assume_scope: bool = False
    timer: Timer = NOT_TIMED


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What one specialist says of one case; times in milliseconds, the network's shared evenly over its batch.

    `crop` is the part that was read because the lungs lie there or the whole drew attention to it, in native pixels.
    `average` is there where the model averages inside the lungs. `trail` is what was done beyond the card's
    preprocessing.
    """

    findings: tuple[Finding, ...]
    heatmaps: tuple[Heatmap, ...]
    warnings: tuple[str, ...]
    network_ms: float
    explain_ms: float
    crop: Box | None = None
    average: LungAverage | None = None
    trail: tuple[TrailStep, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one look at a picture gave: logits (L,), by the calibration and operating points of its own `labels`."""

    labels: tuple[Label, ...]
    logits: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """What a network gave for one case: a logit a label, and the heatmap of each label by its place, if it has any.

    `labels` hold calibration and operating points; `warnings` and `crop` are about the crop, `average` is about the
    lungs. `members` are the logits (L,) of the networks whose mean was computed, by name; `looks` are the looks that
    were read together. `told` is what each thing that is known of the patient adds to the logits (L,), by its words.
    `trail` is for the reading's.
    """

    labels: tuple[Label, ...]
    logits: npt.NDArray[np.float32]
    heatmap: Callable[[int], Heatmap] | None
    network_ms: float
    crop: Box | None = None
    average: LungAverage | None = None
    warnings: tuple[str, ...] = ()
    members: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    looks: Mapping[str, Look] = field(default_factory=dict)
    told: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    trail: tuple[TrailStep, ...] = ()


def form_opinion(case: Case, *, card: Card, computed: Computed, heatmaps: HeatmapsWanted) -> Opinion:
    """The opinion of the model of `card` on one case."""
    scope = judge_scope(
        case.radiograph, gate=case.gate, scope=card.scope, model=card.name, assume_scope=case.assume_scope
    )
    started = time.perf_counter()
    with case.timer.part("decisions and heatmaps"):
        findings, drawn = _findings(case, card=card, computed=computed, scope=scope, heatmaps=heatmaps)
    explain_ms = (time.perf_counter() - started) * 1e3
    warnings = (*scope.warnings, *_without_operating_points(computed.labels, model=card.name), *computed.warnings)
    return Opinion(
        findings,
        drawn,
        warnings,
        computed.network_ms,
        explain_ms,
        crop=computed.crop,
        average=computed.average,
        trail=computed.trail,
    )


def _findings(
    case: Case, *, card: Card, computed: Computed, scope: ScopeVerdict, heatmaps: HeatmapsWanted
) -> tuple[tuple[Finding, ...], tuple[Heatmap, ...]]:
    """The findings, and the heatmaps of those that get one."""
    view = chest_view(case.radiograph, gate=case.gate).view
    findings, drawn = [], []
    for index, label in enumerate(computed.labels):
        logit = float(computed.logits[index])
        probability = label.calibration.probability(logit)
        not_decided = _why_not(label, scope=scope, view=view)
        positive = _decide(probability, label=label) if not_decided is None else None
        heatmap = None
        if computed.heatmap is not None and (heatmaps == "all" or (positive and heatmaps == "positive")):
            heatmap = computed.heatmap(index)
            drawn.append(heatmap)
        findings.append(
            Finding(
                model=card.name,
                name=label.name,
                logit=logit,
                probability=probability,
                operating_point=label.operating_point,
                positive=positive,
                in_scope=scope.in_scope,
                boxes=_boxes(case, heatmap, threshold=card.heatmap.box_threshold) if positive else (),
                unknown=scope.unknown,
                not_decided=not_decided,
                heatmap=None if heatmap is None else heatmap.method,
                members=tuple(
                    _member(name, logit=float(logits[index]), label=label, decides=not_decided is None)
                    for name, logits in computed.members.items()
                ),
                looks=tuple(
                    _member(
                        name, logit=float(look.logits[index]), label=look.labels[index], decides=not_decided is None
                    )
                    for name, look in computed.looks.items()
                ),
                told=tuple(Told(name, float(changes[index])) for name, changes in computed.told.items()),
            )
        )
    return tuple(findings), tuple(drawn)


def input_heatmap(
    model_input: ModelInput, *, model: str, finding: str, grid: npt.NDArray[np.float32], by_occlusion: bool = False
) -> Heatmap:
    """The heatmap of a map (h, w) over the whole of one model input."""
    _, rows, columns = model_input.array.shape
    cell = Geometry(columns / grid.shape[1], rows / grid.shape[0], 0.0, 0.0)
    # a copy, or a caller who keeps one heatmap keeps the whole batch
    return Heatmap(model, finding, grid.copy(), model_input.geometry.after(cell), by_occlusion)


def one_crop(case: Case, *, card: Card, lungs: ModelRef | None) -> tuple[Box | None, tuple[str, ...]]:
    """What a model whose only picture is cut to the lungs that `lungs` drew did crop, and what must be said of it.

    `lungs` is None for a model that does not crop.
    """
    if lungs is None:
        return None, ()
    crop, reason = lung_crop(case.lungs)
    if crop is None:
        return None, (f"{card.name} is made to read the crop to the lungs, but read the whole picture: {reason}",)
    if card.training.lungs_sha256 in (None, lungs.sha256):
        return crop, ()
    return crop, (
        f"the lungs here were drawn by {lungs.name}, another model than the one that {card.name} was trained with",
    )


def lung_crop(drawing: LungDrawing | None) -> tuple[Box | None, str]:
    """The crop of a drawing, or None and the reason in words."""
    if drawing is None:
        return None, NOBODY_LOOKED
    reason = drawing.reason if not drawing.trusted else "the box of the lungs is only a few pixels wide or high"
    return drawing.crop, reason


def _member(name: str, *, logit: float, label: Label, decides: bool) -> MemberFinding:
    """What one network or look says of a label, by the calibration and at the operating point of `label`."""
    probability = label.calibration.probability(logit)
    return MemberFinding(name, logit, probability, _decide(probability, label=label) if decides else None)


def _boxes(case: Case, heatmap: Heatmap | None, *, threshold: float) -> tuple[Box, ...]:
    if heatmap is None:
        return ()
    box = box_from_map(heatmap.grid, threshold=threshold, geometry=heatmap.geometry)
    if box is None:
        return ()
    source = case.radiograph.source
    clipped = box.clipped(width=source.columns, height=source.rows)
    return (clipped,) if clipped.width > 0 and clipped.height > 0 else ()


def _why_not(label: Label, *, scope: ScopeVerdict, view: View) -> NotDecided | None:
    if scope.not_decided is not None:
        return scope.not_decided
    not_reliable = label.why_not_reliable or label.why_not_in(view)
    if not_reliable is not None:
        return NotDecided("not reliable", not_reliable)
    if label.operating_point is not None:
        return None
    return NotDecided("no operating point", "this model has no threshold")


def _decide(probability: float, *, label: Label) -> bool | None:
    return None if label.operating_point is None else probability >= label.operating_point


def _without_operating_points(labels: Sequence[Label], *, model: str) -> tuple[str, ...]:
    """One warning where there are labels for which nobody brought an operating point."""
    without = [label for label in labels if label.operating_point is None and label.not_reliable is None]
    if not without:
        return ()
    named = "any finding" if len(without) == len(labels) else ", ".join(label.name for label in without)
    raw = all(label.calibration.method == "none" for label in without)
    said = "; their probabilities are not calibrated" if raw else ""
    return (f"{model} has no threshold for {named}, so nothing is decided there{said}",)
