"""The order of reading: the gate, the lungs of chests, then the specialists that may read, then one frozen reading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType

from hilum.imaging.preprocess import preprocess
from hilum.radiograph import TrailStep
from hilum.reading.crew import Crew, Specialist
from hilum.reading.gate import GateOpinion, forced, may_read
from hilum.reading.inside_lungs import with_inside_lungs
from hilum.reading.lung_drawing import LungDrawing
from hilum.reading.opinion import Case, Opinion
from hilum.reading.prepare import Prepared, preprocess_step
from hilum.reading_result import Examination, GateVerdict, LungCrop, ModelRef, Reading
from hilum.version import __version__

CHEST = "chest"
"""The X-ray type that has lungs."""


@dataclass(slots=True, eq=False)
class _Picture:
    """What is known of one picture of a batch so far."""

    prepared: Prepared
    gate: GateOpinion
    verdict: GateVerdict
    lungs: LungDrawing | None = None
    lungs_ms: float = 0.0
    crop_ms: float = 0.0
    opinions: list[tuple[Specialist, Opinion]] = field(default_factory=list)


class Pipeline:
    """A crew at work, in the order in which its findings are reported; `threads` cut crops to the lungs."""

    def __init__(self, crew: Crew, *, settings_sha256: str, force_type: str | None = None, threads: int = 1) -> None:
        self._crew = crew
        self._force_type = force_type
        self._settings_sha256 = settings_sha256
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hilum-crop")

    def examine(self, batch: Sequence[Prepared]) -> tuple[Examination, ...]:
        """One examination for each radiograph of the batch, in order.

        Raises `EngineError` where a network refuses the batch; nothing is then known of any of it.
        """
        judged = self._crew.gate.judge(batch)
        pictures = [_Picture(one, gate, self._verdict(gate.verdict)) for one, gate in zip(batch, judged, strict=True)]
        chests = [i for i, picture in enumerate(pictures) if may_read(picture.verdict, xray_type=CHEST)]
        drawn = self._crew.lungs.draw(batch, chosen=chests)
        for i in chests:
            pictures[i].lungs, pictures[i].lungs_ms = drawn.of(self._crew.lungs.shown, i), drawn.each_ms
        for specialist in self._crew.specialists:
            chosen = [i for i, one in enumerate(pictures) if may_read(one.verdict, xray_type=specialist.xray_type)]
            drawings = [drawn.of(specialist.lungs, i) for i in chosen]
            read = [pictures[i] for i in chosen]
            cut = map if specialist.crop_preprocess is None else self._pool.map  # only a crop is worth a thread
            cases = list(cut(_case, read, [specialist] * len(read), drawings))
            for picture, opinion in zip(read, specialist.read(cases), strict=True):
                picture.opinions.append((specialist, opinion))
        return tuple(map(self._examination, pictures))

    def _verdict(self, verdict: GateVerdict) -> GateVerdict:
        """The verdict that the specialists get."""
        return verdict if self._force_type is None else forced(verdict, xray_type=self._force_type)[0]

    def _gate_warnings(self, picture: _Picture) -> tuple[str, ...]:
        """The gate's own, what marks a forced reading, and that no model reads this type, where none does."""
        gate, verdict = picture.gate, picture.verdict
        marks = () if self._force_type is None else (forced(gate.verdict, xray_type=self._force_type)[1],)
        if picture.opinions or verdict.status != "accepted" or verdict.type is None:
            return (*marks, *gate.warnings)
        return (
            *marks,
            *gate.warnings,
            f"none of the models reads {verdict.type.name} radiographs: nothing was looked for",
        )

    def _examination(self, picture: _Picture) -> Examination:
        radiograph, opinions = picture.prepared.radiograph, picture.opinions
        heatmaps = tuple(heatmap for _, opinion in opinions for heatmap in opinion.heatmaps)
        started = time.perf_counter()
        findings, lung_warnings = with_inside_lungs(
            [finding for _, opinion in opinions for finding in opinion.findings],
            heatmaps=heatmaps,
            lungs=picture.lungs,
        )
        verdict = None if picture.lungs is None else picture.lungs.verdict()
        inside_ms = (time.perf_counter() - started) * 1e3
        reading = Reading(
            source=radiograph.source,
            patient=radiograph.patient,
            view=radiograph.view,
            laterality=radiograph.laterality,
            gate=picture.gate.verdict,
            findings=findings,
            models=self._models(picture),
            trail=(*radiograph.trail, *self._trail(picture)),
            warnings=(
                *radiograph.warnings,
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
        shown = self._crew.lungs.shown
        return shown is not None and shown.ref in self._crew.models

    def _trail(self, picture: _Picture) -> tuple[TrailStep, ...]:
        steps = []
        gate, shown = self._crew.gate, self._crew.lungs.shown
        if picture.gate.ref is not None and gate.preprocess is not None:
            steps.append(preprocess_step(picture.gate.ref.name, spec=gate.preprocess))
        if picture.lungs is not None and shown is not None:
            steps.append(preprocess_step(shown.ref.name, spec=shown.preprocess))
        for specialist, opinion in picture.opinions:
            specs = dict.fromkeys(spec for spec in (specialist.preprocess, specialist.crop_preprocess) if spec)
            steps += [preprocess_step(specialist.ref.name, spec=spec, crop=opinion.crop) for spec in specs]
        return tuple(steps)


def _case(picture: _Picture, specialist: Specialist, drawing: LungDrawing | None) -> Case:
    """The picture as the specialist wants it, with the crop to the lungs cut where it wants one."""
    radiograph, spec = picture.prepared.radiograph, specialist.crop_preprocess
    if spec is None:
        return Case(radiograph, picture.prepared.inputs[specialist.preprocess], picture.verdict)
    started = time.perf_counter()
    crop = preprocess(radiograph.pixels, spec=spec, lung_box=None if drawing is None else drawing.crop)
    picture.crop_ms += (time.perf_counter() - started) * 1e3
    whole = crop if specialist.preprocess == spec else picture.prepared.inputs[specialist.preprocess]
    return Case(radiograph, whole, picture.verdict, crop, drawing)


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
