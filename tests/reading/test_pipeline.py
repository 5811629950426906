"""The gate goes first: what it refuses or is unsure of, no specialist reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.card import Scope
from hilum.imaging.preprocess import preprocess
from hilum.radiograph import Radiograph, Source, TrailStep
from hilum.reading.crew import Crew
from hilum.reading.engine_onnxruntime import OnnxRuntimeEngine
from hilum.reading.gate import GateOpinion
from hilum.reading.lung_stage import LungStage
from hilum.reading.pipeline import Pipeline
from hilum.reading.prepare import Prepared
from hilum.reading.specialist import Classifier
from hilum.reading_result import Examination, GateVerdict, TypeVerdict

REFUSED = GateVerdict("refused", "a photograph", 0.01)
UNSURE = GateVerdict("unsure", "chest or spine", 0.9, candidates=("chest", "spine"))
CHEST = GateVerdict("accepted", "", 0.99, TypeVerdict("chest", 0.9, {"chest": 0.9}))
HAND = GateVerdict("accepted", "", 0.99, TypeVerdict("hand", 0.9, {"hand": 0.9}))


@dataclass(frozen=True)
class GivenGate:
    """A gate that gives the verdicts it was made with."""

    verdicts: tuple[GateVerdict, ...]
    preprocess: None = None

    def judge(self, batch: Sequence[Prepared]) -> tuple[GateOpinion, ...]:
        assert len(batch) == len(self.verdicts)
        return tuple(GateOpinion(verdict, ("a warning of the gate",)) for verdict in self.verdicts)


@pytest.fixture
def specialists(tmp_path: Path) -> list[Classifier]:
    return [
        Classifier(
            ToyBundle(name=f"{xray_type}-toy", scope=Scope(xray_type=xray_type, age_years=None, views=None)).write(
                tmp_path / xray_type
            ),
            engine=OnnxRuntimeEngine(),
            threads=1,
            heatmaps="all",
        )
        for xray_type in ("chest", "hand")
    ]


def examined(
    specialists: list[Classifier], *verdicts: GateVerdict, force_type: str | None = None
) -> tuple[Examination, ...]:
    batch = []
    for index in range(len(verdicts)):
        pixels = np.full((16, 16), (index + 1) / 10, np.float32)
        radiograph = Radiograph(
            pixels,
            Source(f"{index}.png", "0" * 64, "PNG", 16, 16),
            trail=(TrailStep("decode", "PNG"),),
            warnings=("a warning of the decoder",),
        )
        inputs = {one.preprocess: preprocess(pixels, spec=one.preprocess) for one in specialists}
        batch.append(Prepared(radiograph, inputs, 1.0, 2.0))
    crew = Crew(GivenGate(verdicts), LungStage([]), tuple(specialists), models=(), specs=())
    pipeline = Pipeline(crew, settings_sha256="5" * 64, force_type=force_type)
    return pipeline.examine(batch)


def test_each_specialist_reads_its_own_type(specialists: list[Classifier]) -> None:
    results = examined(specialists, CHEST, REFUSED, HAND, UNSURE, CHEST)
    found = [[(finding.model, finding.in_scope) for finding in one.reading.findings] for one in results]
    assert found == [[("chest-toy", True)], [], [("hand-toy", True)], [], [("chest-toy", True)]]
    logits = [finding.logit for one in results for finding in one.reading.findings]
    assert logits == pytest.approx([8 * level - 2 for level in (0.1, 0.3, 0.5)], abs=1e-5)


@pytest.mark.parametrize("verdict", [REFUSED, UNSURE])
def test_a_refusal_is_a_reading_with_its_reason_and_no_finding(
    specialists: list[Classifier], verdict: GateVerdict
) -> None:
    (one,) = examined(specialists, verdict)
    assert one.reading.gate is verdict
    assert one.reading.findings == ()
    assert one.reading.models == ()
    assert one.heatmaps == ()
    assert one.reading.warnings == ("a warning of the decoder", "a warning of the gate")
    assert one.reading.timings_ms["network"] == 0


def test_trail_and_warnings_begin_with_the_decoders(specialists: list[Classifier]) -> None:
    (one,) = examined(specialists, CHEST)
    assert [step.step for step in one.reading.trail] == ["decode", "preprocess"]
    assert one.reading.warnings == ("a warning of the decoder", "a warning of the gate")
    assert one.reading.timings_ms["decode"] == 1.0
    assert one.reading.timings_ms["preprocess"] == 2.0


def test_times_cannot_be_changed_afterwards(specialists: list[Classifier]) -> None:
    (one,) = examined(specialists, CHEST)
    with pytest.raises(TypeError):
        one.reading.timings_ms["total"] = 0.0


@pytest.mark.parametrize("verdict", [REFUSED, UNSURE, HAND])
def test_a_forced_type_is_read_and_marked_and_the_gates_verdict_stays(
    specialists: list[Classifier], verdict: GateVerdict
) -> None:
    (one,) = examined(specialists, verdict, force_type="chest")
    assert one.reading.gate is verdict
    assert [(finding.model, finding.in_scope) for finding in one.reading.findings] == [("chest-toy", True)]
    assert one.reading.findings[0].positive is not None
    assert f"read as chest because the type was forced; the gate said: {verdict.status}" in one.reading.warnings[1]


def test_a_type_that_no_model_reads_is_said_so(specialists: list[Classifier]) -> None:
    knee = GateVerdict("accepted", "", 0.99, TypeVerdict("knee", 0.9, {"knee": 0.9}))
    (one,) = examined(specialists, knee)
    assert one.reading.findings == ()
    assert one.reading.warnings[-1] == "none of the models reads knee radiographs: nothing was looked for"
