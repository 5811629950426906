"""The order of reading: the gate, the lungs of chests, then the specialists that may read, then one frozen reading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hilum.bundle.card import OcclusionSpec
from hilum.explain.occlusion import passes
from hilum.imaging.preprocess import preprocess
from hilum.profile import NOT_TIMED, Timer
from hilum.radiograph import Radiograph, TrailStep
from hilum.reading.decision.scope import ScopeVerdict, judge_scope
from hilum.reading.gate.chest_view import view_contradictions
from hilum.reading.gate.gate import GateOpinion, forced, may_read
from hilum.reading.input.prepare import Prepared, preprocess_step
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.inside_share import with_inside_lungs
from hilum.reading.lungs.ratio import cardiothoracic_ratio
from hilum.reading.open_models import OpenModels, Specialist
from hilum.reading.specialists.opinion import Case, Opinion
from hilum.reading_result import (
    CardiothoracicRatio,
    Examination,
    Findings,
    GateVerdict,
    LungCrop,
    ModelRef,
    RatioWithheld,
    Reading,
    StoodAside,
)
from hilum.stated import contradictions, with_stated
from hilum.version import __version__

CHEST = "chest"
"""The X-ray type that has lungs."""

READ_INVERTED = "the greys were reversed before reading: the picture looks inverted, and you asked for that"


@dataclass(slots=True, eq=False)
class _Picture:
    """What is known of one picture of a batch so far.

    `filed` is the radiograph as its file tells of it; that of `prepared` has what the user says in its place.
    """

    filed: Radiograph
    prepared: Prepared
    gate: GateOpinion
    verdict: GateVerdict
    marks: tuple[str, ...]
    read_inverted: bool = False
    lungs: LungDrawing | None = None
    lungs_ms: float = 0.0
    crop_ms: float = 0.0
    opinions: list[tuple[Specialist, Opinion]] = field(default_factory=list)
    stood_aside: tuple[StoodAside, ...] = ()

    def judge(self, specialist: Specialist) -> ScopeVerdict:
        """Whether the picture lies in the specialist's scope."""
        return judge_scope(
            self.prepared.radiograph,
            gate=self.verdict,
            scope=specialist.card.scope,
            model=specialist.ref.name,
            assume_scope=self.prepared.stated.assumes_scope,
        )


class Pipeline:
    """Models at work, in the order in which its findings are reported; `threads` cut crops to the lungs.

    With `read_inverted` the other polarity of a chest that the gate finds inverted is read. `timer` hears what the time
    goes on.
    """

    def __init__(
        self,
        opened: OpenModels,
        *,
        settings_sha256: str,
        read_inverted: bool = False,
        threads: int = 1,
        timer: Timer = NOT_TIMED,
    ) -> None:
        self._opened = opened
        self._read_inverted = read_inverted
        self._settings_sha256, self._timer = settings_sha256, timer
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hilum-crop")

    def close(self) -> None:
        """End the threads that cut crops."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def examine(self, batch: Sequence[Prepared]) -> tuple[Examination, ...]:
        """One examination for each radiograph of the batch, in order.

        Raises `EngineError` where a network refuses the batch; nothing is then known of any of it.
        """
        with self._timer.part("gate"):
            pictures = self._judged(batch)
            if self._read_inverted:
                pictures = self._other_polarity(pictures)
        chests = [i for i, picture in enumerate(pictures) if may_read(picture.verdict, xray_type=CHEST)]
        with self._timer.part("lungs"):
            drawn = self._opened.lungs.draw(
                [picture.prepared for picture in pictures],
                gates=[picture.verdict for picture in pictures],
                chosen=chests,
            )
        for i in chests:
            pictures[i].lungs, pictures[i].lungs_ms = drawn.of(self._opened.lungs.shown, i), drawn.each_ms
        asked = [self._asked(picture) for picture in pictures]
        for specialist in self._opened.specialists:
            chosen = [i for i, specialists in enumerate(asked) if specialist in specialists]
            drawings = [drawn.of(specialist.lungs, i) for i in chosen]
            read = [pictures[i] for i in chosen]
            cut = map if specialist.card.crop_preprocess is None else self._pool.map  # only a crop is worth a thread
            with self._timer.part("cases"):
                cases = list(cut(_case, read, [specialist] * len(read), drawings, [self._timer] * len(read)))
            with self._timer.part("network"):
                opinions = specialist.read(cases)
            for picture, opinion in zip(read, opinions, strict=True):
                picture.opinions.append((specialist, opinion))
        with self._timer.part("readings"):
            return tuple(map(self._examination, pictures))

    def _judged(self, batch: Sequence[Prepared]) -> list[_Picture]:
        """The pictures with the gate's verdict, or that of the user who names the type."""
        pictures = []
        for filed, opinion in zip(batch, self._opened.gate.judge(batch), strict=True):
            stated = filed.stated
            prepared = replace(filed, radiograph=with_stated(filed.radiograph, stated=stated))
            verdict, marks = opinion.verdict, opinion.warnings
            if stated.xray_type is not None:
                verdict, marks = forced(opinion, xray_type=stated.xray_type)
            marks = (*marks, *view_contradictions(prepared.radiograph, gate=verdict, stated=stated))
            pictures.append(_Picture(filed.radiograph, prepared, opinion, verdict, marks))
        return pictures

    def _other_polarity(self, pictures: list[_Picture]) -> list[_Picture]:
        """The pictures, with the negative in the place of each that the gate finds inverted, if it looks better."""
        chosen = [i for i, picture in enumerate(pictures) if "inverted" in picture.verdict.state]
        if not chosen:
            return pictures
        negatives = [replace(pictures[i].prepared, radiograph=pictures[i].filed).negative() for i in chosen]
        found = list(pictures)
        for i, negative in zip(chosen, self._judged(negatives), strict=True):
            if may_read(negative.verdict, xray_type=CHEST) and "inverted" not in negative.verdict.state:
                negative.read_inverted = True
                negative.marks = (READ_INVERTED, *negative.marks)
                found[i] = negative
        return found

    def _asked(self, picture: _Picture) -> list[Specialist]:
        """Who reads the picture: those in whose scope it lies, or all that may where it lies in nobody's."""
        able = [
            one for one in self._opened.specialists if may_read(picture.verdict, xray_type=one.card.scope.xray_type)
        ]
        scopes = {one.ref.name: picture.judge(one).not_decided for one in able} if len(able) > 1 else {}
        fitting = [one for one in able if scopes.get(one.ref.name) is None]
        if not fitting:
            return able
        picture.stood_aside = tuple(StoodAside(name, why) for name, why in scopes.items() if why is not None)
        return fitting

    def _gate_warnings(self, picture: _Picture) -> tuple[str, ...]:
        """The gate's own, what marks a forced reading, and that no model reads this type, where none does."""
        verdict = picture.verdict
        if picture.opinions or verdict.status != "accepted" or verdict.type is None:
            return picture.marks
        return (
            *picture.marks,
            f"none of the models reads {verdict.type.name} X-rays, so no findings were computed",
        )

    def _examination(self, picture: _Picture) -> Examination:
        radiograph, opinions, stated = picture.filed, picture.opinions, picture.prepared.stated
        heatmaps = tuple(heatmap for _, opinion in opinions for heatmap in opinion.heatmaps)
        started = time.perf_counter()
        with self._timer.part("lungs"):
            findings, lung_warnings = with_inside_lungs(
                [finding for _, opinion in opinions for finding in opinion.findings],
                heatmaps=heatmaps,
                lungs=picture.lungs,
            )
            verdict, ratio = None if picture.lungs is None else picture.lungs.verdict(), _ratio(picture)
        inside_ms = (time.perf_counter() - started) * 1e3
        reading = Reading(
            source=radiograph.source,
            patient=radiograph.patient,
            view=radiograph.view,
            laterality=radiograph.laterality,
            gate=picture.gate.verdict,
            findings=Findings(findings),
            models=self._models(picture),
            trail=(*radiograph.trail, *self._trail(picture)),
            warnings=(
                *radiograph.warnings,
                *contradictions(radiograph, stated=stated),
                *self._gate_warnings(picture),
                *(warning for _, opinion in opinions for warning in opinion.warnings),
                *lung_warnings,
            ),
            timings_ms=_timings(picture, inside_ms=inside_ms),
            hilum_version=__version__,
            settings_sha256=self._settings_sha256,
            lungs=verdict,
            crops=tuple(
                LungCrop(specialist.ref.name, opinion.crop) for specialist, opinion in opinions if opinion.crop
            ),
            stated=stated,
            stood_aside=picture.stood_aside,
            read_inverted=picture.read_inverted,
            cardiothoracic_ratio=ratio,
            lung_averages=tuple(opinion.average for _, opinion in opinions if opinion.average),
        )
        return Examination(reading, radiograph, heatmaps, None if picture.lungs is None else picture.lungs.lungs)

    def _models(self, picture: _Picture) -> tuple[ModelRef, ...]:
        """Those that looked at the picture; lungs that a specialist brings itself are part of it."""
        found = [picture.gate.ref]
        found += [None if picture.lungs is None or not self._draws_alone else picture.lungs.model]
        found += [specialist.ref for specialist, _ in picture.opinions]
        return tuple(ref for ref in found if ref is not None)

    @property
    def _draws_alone(self) -> bool:
        shown = self._opened.lungs.shown
        return shown is not None and shown.ref in self._opened.models

    def _trail(self, picture: _Picture) -> tuple[TrailStep, ...]:
        stated = picture.prepared.stated
        steps = [TrailStep("stated", f"stated by you: {stated.in_words()}")] if stated else []
        gate, shown = self._opened.gate, self._opened.lungs.shown
        if picture.gate.ref is not None and gate.preprocess is not None:
            steps.append(preprocess_step(picture.gate.ref.name, spec=gate.preprocess))
        if picture.lungs is not None and shown is not None:
            steps.append(preprocess_step(shown.ref.name, spec=shown.preprocess))
        for specialist, opinion in picture.opinions:
            specs = dict.fromkeys(
                spec for spec in (specialist.card.preprocess, specialist.card.crop_preprocess) if spec
            )
            steps += [preprocess_step(specialist.ref.name, spec=spec, crop=opinion.crop) for spec in specs]
            steps += opinion.trail
            occlusion = specialist.card.heatmap.occlusion
            if occlusion is not None and opinion.heatmaps:
                steps.append(_occlusion_step(specialist.ref.name, spec=occlusion))
        return tuple(steps)


def _occlusion_step(model: str, *, spec: OcclusionSpec) -> TrailStep:
    """What was hidden for a heatmap by occlusion, and how often the network was asked for it."""
    return TrailStep(
        "heatmap",
        f"{model}: by occlusion, {passes(spec.cells, spec.square)} passes; a square of {spec.square} x {spec.square} "
        f"of {spec.cells} x {spec.cells} cells hidden by the mean grey",
    )


def _ratio(picture: _Picture) -> CardiothoracicRatio | RatioWithheld | None:
    """The cardiothoracic ratio of a picture whose lungs were drawn, or why it is withheld."""
    if picture.lungs is None:
        return None
    return cardiothoracic_ratio(
        picture.lungs,
        radiograph=picture.prepared.radiograph,
        gate=picture.verdict,
        assume_scope=picture.prepared.stated.assumes_scope,
    )


def _case(picture: _Picture, specialist: Specialist, drawing: LungDrawing | None, timer: Timer) -> Case:
    """The picture as the specialist wants it, with the crop to the lungs cut where it wants one."""
    radiograph, spec = picture.prepared.radiograph, specialist.card.crop_preprocess
    assume_scope = picture.prepared.stated.assumes_scope
    if spec is None:
        whole = picture.prepared.inputs[specialist.card.preprocess]
        return Case(radiograph, whole, picture.verdict, lungs=drawing, assume_scope=assume_scope, timer=timer)
    started = time.perf_counter()
    with timer.part("crop"):
        crop = preprocess(radiograph.pixels, spec=spec, lung_box=None if drawing is None else drawing.crop)
    picture.crop_ms += (time.perf_counter() - started) * 1e3
    whole = crop if specialist.card.preprocess == spec else picture.prepared.inputs[specialist.card.preprocess]
    return Case(radiograph, whole, picture.verdict, crop, drawing, assume_scope, timer)


def _timings(picture: _Picture, *, inside_ms: float) -> MappingProxyType[str, float]:
    steps = {
        "decode": picture.prepared.decode_ms,
        "preprocess": picture.prepared.preprocess_ms + picture.crop_ms,
        "gate": picture.gate.network_ms,
        "lungs": picture.lungs_ms + (0.0 if picture.lungs is None else inside_ms),
        "network": sum(opinion.network_ms for _, opinion in picture.opinions),
        "explain": sum(opinion.explain_ms for _, opinion in picture.opinions),
    }
    return MappingProxyType({**steps, "total": sum(steps.values())})
