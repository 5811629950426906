"""Readings, cards and examinations, made by hand, for the tests of the reports."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hilum.bundle.card import Card, HeatmapSpec, Scope, Training
from hilum.bundle.label import Label, LabelResult, PlattCalibration
from hilum.geometry import Box, Geometry
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.radiograph import Patient, Radiograph, Source, TrailStep
from hilum.reading_result import (
    CardiothoracicRatio,
    Examination,
    FailedReading,
    Finding,
    GateVerdict,
    Heatmap,
    LungCrop,
    LungMap,
    LungSides,
    LungVerdict,
    MemberFinding,
    ModelRef,
    NotDecided,
    Reading,
    TypeVerdict,
    Width,
)

SHA = "0123456789abcdef" * 4
ROWS, COLUMNS = 300, 240
TOO_OLD = "the patient is 43 years old, and this model is for children of 1 to 5 years"
NO_AGE = "the file gives no age, and this model is for children of 1 to 5 years"


@pytest.fixture
def finding() -> Finding:
    """A positive finding in scope with one box."""
    return Finding(
        model="chest-test",
        name="Pneumonia",
        logit=2.125,
        probability=0.8731234,
        operating_point=0.425,
        positive=True,
        in_scope=True,
        boxes=(Box(60.0, 90.0, 80.0, 120.0),),
        heatmap="class-map",
    )


@pytest.fixture
def disputed(finding: Finding) -> Finding:
    """The positive finding as the mean of three networks, one of which alone would say negative."""
    said = (("first", 3.1, 0.957), ("second", -0.5, 0.3775407), ("third", 1.0, 0.7310586))
    members = tuple(MemberFinding(name, logit, value, value >= 0.425) for name, logit, value in said)
    return replace(finding, members=members)


@pytest.fixture
def negative() -> Finding:
    """A negative finding in scope."""
    return Finding(
        model="chest-test",
        name="Effusion",
        logit=-3.5,
        probability=0.0293,
        operating_point=0.31,
        positive=False,
        in_scope=True,
    )


@pytest.fixture
def reading(finding: Finding, negative: Finding) -> Reading:
    """A reading in which everything is known."""
    return Reading(
        source=Source(
            name="scans/phantom_thorax.dcm",
            sha256=SHA,
            format="DICOM",
            rows=ROWS,
            columns=COLUMNS,
            frame=None,
            spacing_mm=(1.4, 1.25),
            study_uid="1.2.3",
            instance_uid="1.2.3.4",
        ),
        patient=Patient(4.0, "F"),
        view="AP",
        laterality="unknown",
        gate=GateVerdict(
            "accepted",
            "looks like a chest radiograph",
            0.9987,
            TypeVerdict("chest", 0.971, {"chest": 0.971, "shoulder": 0.02, "spine": 0.009}),
        ),
        findings=(negative, finding),
        models=(ModelRef("chest-test", "1.0.0", SHA),),
        trail=(
            TrailStep("decode", "explicit little endian, 12 bits of 16"),
            TrailStep("window", "centre 2048, width 4096, the first of 1"),
        ),
        warnings=("The calibration was made on children aged 1 to 5 years.",),
        timings_ms={"decode": 12.5, "infer": 33.25},
        hilum_version="0.1.0",
        settings_sha256=SHA,
    )


@pytest.fixture
def failed() -> FailedReading:
    """A file that could not be read."""
    return FailedReading("scans/broken.png", "decode", "the PNG ends after 100 bytes", "0.1.0", SHA)


@pytest.fixture
def gradient() -> np.ndarray:
    """Pixels that differ at each corner: bright at the top left, dark elsewhere, 12-bit levels."""
    rows = np.linspace(0, 0.5, ROWS, dtype=np.float32)[:, None]
    columns = np.linspace(0, 0.25, COLUMNS, dtype=np.float32)[None, :]
    pixels = np.rint((rows + columns) * 4095).astype(np.float32) / np.float32(4095)
    pixels[:20, :30] = 1.0
    return pixels


@pytest.fixture
def examination(reading: Reading, gradient: np.ndarray) -> Examination:
    """The reading with pixels and a heatmap for each finding on a grid of 4 x 4 cells over the whole image."""
    hot = np.full((4, 4), -0.5, np.float32)
    hot[1:3, 1:3] = [[2.0, 1.0], [0.5, 9.0]]
    geometry = Geometry(COLUMNS / 4, ROWS / 4, 0.0, 0.0)
    return Examination(
        reading=reading,
        radiograph=Radiograph(pixels=gradient, source=reading.source),
        heatmaps=(
            Heatmap("chest-test", "Pneumonia", hot, geometry),
            Heatmap("chest-test", "Effusion", np.full((4, 4), 0.25, np.float32), geometry),
        ),
    )


@pytest.fixture
def lung_reading(reading: Reading, finding: Finding, negative: Finding) -> Reading:
    """The reading with trusted lungs, a crop, and a share of the positive finding's heatmap inside the lungs."""
    return replace(
        reading,
        findings=(negative, replace(finding, inside_lungs=0.8125)),
        lungs=LungVerdict(
            box=Box(20.0, 30.0, 200.0, 240.25),
            trusted=True,
            quality=0.9512,
            area_share=0.375,
            right_share=0.25,
            left_share=0.125,
            flags=("child",),
            reason="both lungs were drawn; this is a child's chest",
            model=ModelRef("lungs-test", "1.0.0", SHA),
        ),
        crops=(LungCrop("chest-test", Box(20.0, 30.0, 200.0, 241.0)),),
    )


@pytest.fixture
def lung_examination(examination: Examination, lung_reading: Reading) -> Examination:
    """The examination with both lungs as rectangles: columns 40 to 100 and 140 to 200, rows 60 to 240."""
    right, left = np.zeros((2, 30, 24), np.float32)
    right[6:24, 4:10], left[6:24, 14:20] = 1.0, 1.0
    lungs = LungMap(0.5, Geometry(COLUMNS / 24, ROWS / 30, 0.0, 0.0), whole=LungSides(right, left))
    return replace(examination, reading=lung_reading, lungs=lungs)


@pytest.fixture
def ratio() -> CardiothoracicRatio:
    """A heart of 80 in a thorax of 160 pixels, whose error the card tells."""
    return CardiothoracicRatio(
        value=0.5,
        heart=Width(90.0, 170.0, 205.0, 100.0),
        thorax=Width(40.0, 200.0, 150.0, 200.0),
        mean_error=0.0182,
        error_of_nine_in_ten=0.041,
    )


@pytest.fixture
def heart_examination(lung_examination: Examination, ratio: CardiothoracicRatio) -> Examination:
    """An adult's chest with fields, whole lungs and a heart: columns 90 to 170, rows 160 to 250."""
    assert lung_examination.lungs is not None
    assert lung_examination.reading.lungs is not None
    heart = np.zeros((30, 24), np.float32)
    heart[16:25, 9:17] = 1.0
    whole = lung_examination.lungs.whole
    wider = np.zeros((2, 30, 24), np.float32)
    wider[0, 6:26, 4:11], wider[1, 6:26, 13:20] = 1.0, 1.0
    lungs = replace(lung_examination.lungs, field=whole, whole=LungSides(*wider), heart=heart)
    verdict = replace(lung_examination.reading.lungs, flags=(), reason="both lungs were drawn", heart_share=0.1)
    reading = replace(
        lung_examination.reading,
        patient=Patient(40.0, "F"),
        view="PA",
        lungs=verdict,
        crops=(),
        cardiothoracic_ratio=ratio,
    )
    return replace(lung_examination, reading=reading, lungs=lungs)


@pytest.fixture
def untrusted(lung_examination: Examination) -> Examination:
    """The same where the drawing is not trusted."""
    assert lung_examination.reading.lungs is not None
    reason = "the outlines are uncertain: estimated overlap (Dice) 0.610, 0.900 needed; both lungs were drawn"
    lungs = replace(lung_examination.reading.lungs, trusted=False, quality=0.61, flags=(), reason=reason)
    findings = tuple(replace(one, inside_lungs=None) for one in lung_examination.reading.findings)
    return replace(
        lung_examination, reading=replace(lung_examination.reading, lungs=lungs, crops=(), findings=findings)
    )


@pytest.fixture
def refused(reading: Reading) -> Reading:
    """A reading that ended at the gate."""
    gate = GateVerdict(
        "refused",
        "the picture looks like a photograph",
        0.0123,
        TypeVerdict("hand", 0.41, {"hand": 0.41, "foot": 0.33, "chest": 0.02}),
        candidates=("hand", "foot"),
    )
    return replace(reading, gate=gate, findings=(), models=(), warnings=())


@pytest.fixture
def outside(reading: Reading, finding: Finding) -> Reading:
    """A reading outside the model's scope: probabilities, but no decision."""
    return replace(
        reading,
        patient=Patient(43.0, "M"),
        findings=(
            replace(finding, positive=None, in_scope=False, boxes=(), not_decided=NotDecided("age outside", TOO_OLD)),
        ),
        warnings=("chest-test makes no decision here: the patient is 43 years old.",),
    )


@pytest.fixture
def no_age(reading: Reading, finding: Finding) -> Reading:
    """A reading of a picture file: no age, no view, and so no decision."""
    undecided = replace(
        finding,
        positive=None,
        in_scope=None,
        boxes=(),
        unknown=("age", "view"),
        not_decided=NotDecided("age unknown", NO_AGE),
    )
    return replace(reading, patient=None, view="unknown", findings=(undecided,), warnings=())


@pytest.fixture
def with_findings(examination: Examination) -> Callable[..., Examination]:
    """A function that gives the examination other findings."""

    def build(*findings: Finding) -> Examination:
        return replace(examination, reading=replace(examination.reading, findings=findings))

    return build


@pytest.fixture
def card() -> Card:
    """A complete card."""
    return Card(
        name="chest-test",
        version="1.0.0",
        title="Pneumonia in children's chest radiographs",
        kind="classifier",
        architecture="mobilenetv2_100",
        architecture_arguments={"width": 1.0},
        labels=(
            Label(
                name="Pneumonia",
                calibration=PlattCalibration(slope=1.1, intercept=-0.2),
                operating_point=0.425,
                operating_point_rule="sensitivity and specificity equal on softened validation images",
                results=(
                    LabelResult(
                        set="official test, given half",
                        n=292,
                        positives=176,
                        auroc=0.9876,
                        auroc_ci=(0.9765, 0.9954),
                        sensitivity=0.954,
                        sensitivity_ci=(0.917, 0.982),
                        specificity=0.931,
                        specificity_ci=(0.879, 0.972),
                        baseline="mean gradient",
                        baseline_auroc=0.8712,
                    ),
                ),
            ),
        ),
        preprocess=PreprocessSpec(
            steps=(Resize(height=224, width=224, rule="stretch"),), mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)
        ),
        scope=Scope(xray_type="chest", age_years=(1.0, 5.0), views=("AP",)),
        heatmap=HeatmapSpec(method="class-map"),
        protocol="one image a row, by official folder",
        training=Training(
            command="hilum train test",
            commit=None,
            data=("Kermany et al. 2018, CC BY 4.0",),
            split_sha256=SHA,
            seed=1,
            starting_weights="ImageNet",
            recipe={"epochs": 6},
        ),
        compression=None,
        intended_use="Research on reading children's chest radiographs.",
        not_for=("Any decision about a patient.", "Adults."),
        limits=("The training images were stretched to a square.",),
        weights_licence="CC BY 4.0",
        files={"model.onnx": SHA},
    )


@pytest.fixture
def show(browser, tmp_path):
    """Open a page's text; at the end of the test nothing may have failed, and nothing may have been loaded."""
    trouble, contexts = [], []

    def show(text, *, width=1280, height=1000, **context_options):
        file = tmp_path / f"{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **context_options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "request",
            lambda request: trouble.append(request.url) if request.url[:5] not in ("file:", "data:") else None,
        )
        page.goto(file.as_uri())
        if context_options.get("java_script_enabled", True) and 'id="viewer-data"' in text:
            page.wait_for_selector("html[data-ready]", timeout=60_000)
        return page

    yield show
    for context in contexts:
        context.close()
    assert trouble == []
