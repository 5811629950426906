"""The order of reading: the gate first, then the specialists that may read, then one frozen reading."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from hilum.radiograph import TrailStep
from hilum.reading.gate import Gate, GateOpinion, forced, may_read
from hilum.reading.prepare import Prepared, preprocess_step
from hilum.reading.specialist import Case, Classifier, Opinion
from hilum.reading_result import Examination, GateVerdict, Reading
from hilum.version import __version__


class Pipeline:
    """A gate and specialists, in the order in which their findings are reported."""

    def __init__(
        self,
        *,
        gate: Gate,
        specialists: Sequence[Classifier],
        settings_sha256: str,
        force_type: str | None = None,
    ) -> None:
        self._gate = gate
        self._force_type = force_type
        self._specialists = tuple(specialists)
        self._settings_sha256 = settings_sha256

    def examine(self, batch: Sequence[Prepared]) -> tuple[Examination, ...]:
        """One examination for each radiograph of the batch, in order.

        Raises `EngineError` where a network refuses the batch; nothing is then known of any of it.
        """
        judged = self._gate.judge(batch)
        verdicts = [self._verdict_for_specialists(opinion.verdict) for opinion in judged]
        opinions: list[list[tuple[Classifier, Opinion]]] = [[] for _ in batch]
        for specialist in self._specialists:
            chosen = [i for i, verdict in enumerate(verdicts) if may_read(verdict, xray_type=specialist.xray_type)]
            cases = [Case(batch[i].radiograph, batch[i].inputs[specialist.preprocess], verdicts[i]) for i in chosen]
            for i, opinion in zip(chosen, specialist.read(cases), strict=True):
                opinions[i].append((specialist, opinion))
        return tuple(map(self._examination, batch, judged, opinions))

    def _verdict_for_specialists(self, verdict: GateVerdict) -> GateVerdict:
        return verdict if self._force_type is None else forced(verdict, xray_type=self._force_type)[0]

    def _gate_warnings(self, gate: GateOpinion, *, read: bool) -> tuple[str, ...]:
        """The gate's own, what marks a forced reading, and that no model reads this type, where none does."""
        marks = () if self._force_type is None else (forced(gate.verdict, xray_type=self._force_type)[1],)
        verdict = self._verdict_for_specialists(gate.verdict)
        if read or verdict.status != "accepted" or verdict.type is None:
            return (*marks, *gate.warnings)
        return (
            *marks,
            *gate.warnings,
            f"none of the models reads {verdict.type.name} radiographs: nothing was looked for",
        )

    def _examination(
        self, prepared: Prepared, gate: GateOpinion, opinions: Sequence[tuple[Classifier, Opinion]]
    ) -> Examination:
        radiograph = prepared.radiograph
        steps = {
            "decode": prepared.decode_ms,
            "preprocess": prepared.preprocess_ms,
            "gate": gate.network_ms,
            "network": sum(opinion.network_ms for _, opinion in opinions),
            "explain": sum(opinion.explain_ms for _, opinion in opinions),
        }
        reading = Reading(
            source=radiograph.source,
            patient=radiograph.patient,
            view=radiograph.view,
            laterality=radiograph.laterality,
            gate=gate.verdict,
            findings=tuple(finding for _, opinion in opinions for finding in opinion.findings),
            models=(
                *(() if gate.ref is None else (gate.ref,)),
                *(specialist.ref for specialist, _ in opinions),
            ),
            trail=(
                *radiograph.trail,
                *self._gate_step(gate),
                *(preprocess_step(specialist.ref.name, spec=specialist.preprocess) for specialist, _ in opinions),
            ),
            warnings=(
                *radiograph.warnings,
                *self._gate_warnings(gate, read=bool(opinions)),
                *(warning for _, opinion in opinions for warning in opinion.warnings),
            ),
            timings_ms=MappingProxyType({**steps, "total": sum(steps.values())}),
            hilum_version=__version__,
            settings_sha256=self._settings_sha256,
        )
        return Examination(
            reading, radiograph, tuple(heatmap for _, opinion in opinions for heatmap in opinion.heatmaps)
        )

    def _gate_step(self, gate: GateOpinion) -> tuple[TrailStep, ...]:
        spec = self._gate.preprocess
        return () if gate.ref is None or spec is None else (preprocess_step(gate.ref.name, spec=spec),)
