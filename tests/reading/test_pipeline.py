"""The gate goes first: what it refuses or is unsure of, no specialist reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fabricate_bundle import ToyBundle
from hilum.bundle.card import Scope
from hilum.imaging.preprocess import preprocess
from hilum.radiograph import Patient, Radiograph, Source, TrailStep
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.gate.gate import GateOpinion
from hilum.reading.input.prepare import Prepared
from hilum.reading.lungs.stage import LungStage
from hilum.reading.open_models import OpenModels
from hilum.reading.pipeline import Pipeline
from hilum.reading.specialists.classifier import Classifier
from hilum.reading_result import Examination, GateVerdict, NotDecided, PictureState, StoodAside, TypeVerdict
from hilum.stated import NOTHING_STATED, Stated

REFUSED = GateVerdict("refused", "a photograph", 0.01)
UNSURE = GateVerdict("unsure", "chest or spine", 0.9, candidates=("chest", "spine"))
CHEST = GateVerdict("accepted", "", 0.99, TypeVerdict("chest", 0.9, {"chest": 0.9}))
HAND = GateVerdict("accepted", "", 0.99, TypeVerdict("hand", 0.9, {"hand": 0.9}))


@dataclass(frozen=True)
class GivenGate:
    """A gate that gives the verdicts it was made with."""

    verdicts: tuple[GateVerdict, ...]
    chest_state: tuple[PictureState, ...] = ()
    preprocess: None = None

    def judge(self, batch: Sequence[Prepared]) -> tuple[GateOpinion, ...]:
        assert len(batch) == len(self.verdicts)
        return tuple(
            GateOpinion(verdict, ("a warning of the gate",), chest_state=self.chest_state) for verdict in self.verdicts
        )


@pytest.fixture
def specialists(tmp_path: Path) -> list[Classifier]:
    return [
        specialist(tmp_path, f"{xray_type}-toy", Scope(xray_type=xray_type, age_years=None, views=None))
        for xray_type in ("chest", "hand")
    ]


def specialist(folder: Path, name: str, scope: Scope, **fields: Any) -> Classifier:
    bundle = ToyBundle(name=name, scope=scope, **fields).write(folder / name)
    return Classifier(bundle, engine=OnnxRuntimeEngine(), threads=1, heatmaps="all")


def examined(
    specialists: list[Classifier],
    *verdicts: GateVerdict,
    stated: Stated = NOTHING_STATED,
    chest_state: tuple[PictureState, ...] = (),
    read_inverted: bool = False,
    **fields: Any,
) -> tuple[Examination, ...]:
    batch = []
    for index in range(len(verdicts)):
        pixels = np.full((16, 16), (index + 1) / 10, np.float32)
        radiograph = Radiograph(
            pixels,
            Source(f"{index}.png", "0" * 64, "PNG", 16, 16),
            trail=(TrailStep("decode", "PNG"),),
            warnings=("a warning of the decoder",),
            **fields,
        )
        inputs = {one.card.preprocess: preprocess(pixels, spec=one.card.preprocess) for one in specialists}
        batch.append(Prepared(radiograph, inputs, 1.0, 2.0, stated))
    opened = OpenModels(GivenGate(verdicts, chest_state), LungStage([]), tuple(specialists), models=(), specs=())
    pipeline = Pipeline(opened, settings_sha256="5" * 64, read_inverted=read_inverted)
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
    (one,) = examined(specialists, verdict, stated=Stated(xray_type="chest"))
    assert one.reading.gate is verdict
    assert [(finding.model, finding.in_scope) for finding in one.reading.findings] == [("chest-toy", True)]
    assert one.reading.findings[0].positive is not None
    assert (
        f"read as chest because you forced the type; the X-ray check said: {verdict.status}" in one.reading.warnings[1]
    )


def test_a_type_that_no_model_reads_is_said_so(specialists: list[Classifier]) -> None:
    knee = GateVerdict("accepted", "", 0.99, TypeVerdict("knee", 0.9, {"knee": 0.9}))
    (one,) = examined(specialists, knee)
    assert one.reading.findings == ()
    assert one.reading.warnings[-1] == "none of the models reads knee X-rays, so no findings were computed"


@pytest.fixture
def two(tmp_path: Path) -> list[Classifier]:
    """A specialist for children, one for adults."""
    ages = {"child": (1.0, 5.99), "adult": (18.0, 120.0)}
    return [
        specialist(tmp_path, name, Scope(xray_type="chest", age_years=years, views=None))
        for name, years in ages.items()
    ]


@pytest.mark.parametrize(
    ("age", "reads", "aside", "made_for"),
    [(3.0, "child", "adult", "adults from 18 years"), (40.0, "adult", "child", "children of 1 to 5 years")],
)
def test_of_two_specialists_the_one_in_whose_scope_it_lies_reads(
    two: list[Classifier], age: float, reads: str, aside: str, made_for: str
) -> None:
    (one,) = examined(two, CHEST, patient=Patient(age, "F"))
    assert [(finding.model, finding.positive) for finding in one.reading.findings] == [(reads, False)]
    assert [heatmap.model for heatmap in one.heatmaps] == [reads]
    assert [model.name for model in one.reading.models] == [reads]
    why = NotDecided("age outside", f"the patient is {age:g} years old, and this model is for {made_for}")
    assert one.reading.stood_aside == (StoodAside(aside, why),)


@pytest.mark.parametrize("patient", [None, Patient(10.0, "F")])
def test_where_it_lies_in_nobodys_scope_all_compute_and_none_decides(
    two: list[Classifier], patient: Patient | None
) -> None:
    (one,) = examined(two, CHEST, patient=patient)
    assert [(finding.model, finding.positive) for finding in one.reading.findings] == [("child", None), ("adult", None)]
    assert one.reading.stood_aside == ()


def test_the_stated_age_chooses_the_reader(two: list[Classifier]) -> None:
    (one,) = examined(two, CHEST, stated=Stated(age_years=3.0))
    (other,) = examined(two, CHEST, stated=Stated(age_years=30.0))
    assert [reading.findings[0].model for reading in (one.reading, other.reading)] == ["child", "adult"]


def test_a_model_without_thresholds_is_not_pushed_aside_by_one_of_another_scope(tmp_path: Path) -> None:
    adults = Scope(xray_type="chest", age_years=(18.0, 120.0), views=None)
    children = Scope(xray_type="chest", age_years=(1.0, 5.0), views=None)
    opened = [specialist(tmp_path, "scores", adults, operating_point=None), specialist(tmp_path, "child", children)]
    (one,) = examined(opened, CHEST, patient=Patient(40.0, "M"))
    (finding,) = one.reading.findings
    assert finding.model == "scores"
    assert finding.not_decided is not None
    assert finding.not_decided.code == "no operating point"
    assert [aside.model for aside in one.reading.stood_aside] == ["child"]


def test_what_the_user_says_decides_and_is_kept_apart_from_the_file(two: list[Classifier]) -> None:
    stated = Stated(age_years=3.0, sex="F", view="AP")
    (one,) = examined(two, CHEST, stated=stated, patient=Patient(40.0, "M"), view="PA")
    reading = one.reading
    assert [(finding.model, finding.positive) for finding in reading.findings] == [("child", False)]
    assert (reading.patient, reading.view, reading.stated) == (Patient(40.0, "M"), "PA", stated)
    assert one.radiograph.patient == Patient(40.0, "M")
    assert "you said age 3 years, the file says age 40 years: 3 years was used" in reading.warnings
    assert "you said sex F, the file says sex M: F was used" in reading.warnings
    assert "you said view AP, the file says view PA: AP was used" in reading.warnings
    assert TrailStep("stated", "stated by you: age 3 years, sex F, view AP") in reading.trail


def test_assumed_scope_decides_what_is_unknown_and_never_what_is_outside(tmp_path: Path) -> None:
    opened = [specialist(tmp_path, "child", Scope(xray_type="chest", age_years=(1.0, 5.0), views=("AP",)))]
    assumed = Stated(assume_scope=True)
    (unknown,) = examined(opened, CHEST, stated=assumed)
    (outside,) = examined(opened, CHEST, stated=assumed, patient=Patient(40.0, "F"))
    assert [one.reading.findings[0].positive for one in (unknown, outside)] == [False, None]
    assert "although the file gives no age and no view" in unknown.reading.warnings[-1]


def state_of(state: PictureState) -> GateVerdict:
    return GateVerdict("accepted", "", 0.99, TypeVerdict("chest", 0.9, {"chest": 0.9}), state=(state,))


@pytest.mark.parametrize(
    ("state", "code"),
    [("turned 90", "turned"), ("turned 180", "turned"), ("inverted", "inverted"), ("cropped", "cropped")],
)
@pytest.mark.parametrize("assume_scope", [False, True])
def test_a_picture_that_is_not_as_in_training_has_no_decision(
    specialists: list[Classifier], state: PictureState, code: str, assume_scope: bool
) -> None:
    (one,) = examined(specialists, state_of(state), stated=Stated(assume_scope=assume_scope))
    (finding,) = one.reading.findings
    assert (finding.positive, finding.in_scope) == (None, False)
    assert finding.not_decided is not None
    assert finding.not_decided.code == code


def test_what_the_user_calls_a_chest_is_not_decided_either_where_it_is_turned(specialists: list[Classifier]) -> None:
    (one,) = examined(specialists, UNSURE, stated=Stated(xray_type="chest"), chest_state=("turned 180",))
    (finding,) = one.reading.findings
    assert finding.positive is None
    assert any("the chest looks upside down: nothing is decided" in warning for warning in one.reading.warnings)


@dataclass(frozen=True)
class PolarityGate:
    """A gate that finds every chest inverted whose mean brightness is above one half."""

    preprocess: None = None

    def judge(self, batch: Sequence[Prepared]) -> tuple[GateOpinion, ...]:
        return tuple(
            GateOpinion(state_of("inverted") if one.radiograph.pixels.mean() > 0.5 else CHEST) for one in batch
        )


@pytest.mark.parametrize("read_inverted", [False, True])
def test_the_other_polarity_is_read_where_the_user_asks(specialists: list[Classifier], read_inverted: bool) -> None:
    """Brightness 0.7 gives logit 8 * 0.7 - 2 = 3.6, its negative 8 * 0.3 - 2 = 0.4."""
    batch = []
    for level in (0.25, 0.7):
        pixels = np.full((16, 16), level, np.float32)
        radiograph = Radiograph(pixels, Source("x.png", "0" * 64, "PNG", 16, 16))
        inputs = {one.card.preprocess: preprocess(pixels, spec=one.card.preprocess) for one in specialists}
        batch.append(Prepared(radiograph, inputs, 1.0, 2.0, Stated(sex="F")))
    opened = OpenModels(PolarityGate(), LungStage([]), tuple(specialists), models=(), specs=())
    upright, inverted = Pipeline(opened, settings_sha256="5" * 64, read_inverted=read_inverted).examine(batch)
    assert upright.reading.findings[0].positive is True  # logit 0, probability 0.5, the operating point itself
    assert upright.reading.read_inverted is False
    (finding,) = inverted.reading.findings
    assert inverted.reading.read_inverted is read_inverted
    assert inverted.reading.stated == Stated(sex="F")
    assert inverted.reading.patient is None
    if read_inverted:
        assert finding.logit == pytest.approx(0.4, abs=1e-5)
        assert finding.positive is True
        assert "its greys were reversed before it was read" in inverted.reading.trail[0].detail
        assert "the greys were reversed before reading" in inverted.reading.warnings[0]
        np.testing.assert_allclose(inverted.radiograph.pixels, 0.3, atol=1e-6)
    else:
        assert finding.logit == pytest.approx(3.6, abs=1e-5)
        assert finding.not_decided is not None
        assert finding.not_decided.code == "inverted"
