"""Makes images of a study as hospitals send them, and readings of them without a network."""

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from fabricate_dicom import dicom_bytes
from hilum.geometry import Box, Geometry
from hilum.imaging.decode import decode
from hilum.reading_result import (
    CardiothoracicRatio,
    Examination,
    Finding,
    GateVerdict,
    Heatmap,
    LungMap,
    LungSides,
    LungVerdict,
    ModelRef,
    NotDecided,
    Reading,
    TypeVerdict,
    Width,
)

ROWS, COLUMNS = 120, 100
SHA = "0123456789abcdef" * 4
CR, DX = ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation

USUAL: dict[str, object] = {
    "PatientName": "PHANTOM^HILUM",
    "PatientID": "PHANTOM",
    "PatientBirthDate": "19700102",
    "PatientSex": "F",
    "PatientAge": "056Y",
    "SOPClassUID": CR,
    "Modality": "CR",
    "StudyInstanceUID": "1.2.826.0.1.3680043.10.511.3.1",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.10.511.3.2",
    "SOPInstanceUID": "1.2.826.0.1.3680043.10.511.3.3",
    "StudyDate": "20260102",
    "StudyTime": "101112",
    "StudyID": "S1",
    "AccessionNumber": "A1",
    "ReferringPhysicianName": "DOCTOR^NOBODY",
    "StudyDescription": "Fabricated",
    "BodyPartExamined": "CHEST",
    "PatientOrientation": ["L", "F"],
    "ImagerPixelSpacing": ["0.2", "0.2"],
    "ViewPosition": "PA",
    "WindowCenter": "2048",
    "WindowWidth": "4096",
    "QualityControlSubject": "YES",
}

VARIANTS: dict[str, dict[str, object]] = {
    "cr": {},
    "dx": {
        "SOPClassUID": DX, "Modality": "DX", "PresentationIntentType": "FOR PRESENTATION",
        "PixelSpacing": ["0.2", "0.2"],
    },
    "dx without body part and orientation": {
        "SOPClassUID": DX, "Modality": "DX", "BodyPartExamined": None, "PatientOrientation": None
    },
    "without body part": {"BodyPartExamined": None},
    "without orientation": {"PatientOrientation": None},
    "empty orientation": {"PatientOrientation": ""},
    "without spacing": {"ImagerPixelSpacing": None},
    "without dates": {"StudyDate": None, "StudyTime": None},
    "empty dates": {"StudyDate": "", "StudyTime": ""},
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
    "mirrored": {"PatientOrientation": ["R", "F"]},
    "lying": {"PatientOrientation": ["F", "R"]},
    "oblong pixels": {"ImagerPixelSpacing": ["0.2", "0.3"]},
    "jpeg 2000": {"syntax": JPEG2000Lossless},
    "implicit": {"syntax": ImplicitVRLittleEndian},
    "big endian": {"syntax": ExplicitVRBigEndian},
    "japanese": {
        "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
        "PatientName": "Phantom^Tarou=幻^太郎=まほろ^たろう",
        "StudyDescription": "胸部",
    },
    "utf-8": {
        "SpecificCharacterSet": "ISO_IR 192", "PatientName": "Fantômová^Žofie=幻^影",
        "ReferringPhysicianName": "Doctör^é",
    },
    "latin 1": {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Müßig^Jürgen"},
    "long ids": {"PatientID": "1234567890ABCDEF", "StudyID": "1234567890ABCDEF", "AccessionNumber": "ABCDEF1234567890"},
    "empty ids": {
        "PatientID": "", "PatientName": "", "StudyID": "", "AccessionNumber": "", "ReferringPhysicianName": "",
        "PatientBirthDate": "", "PatientSex": "",
    },
    "without ids": {
        "PatientID": None, "PatientName": None, "StudyID": None, "AccessionNumber": None,
        "ReferringPhysicianName": None, "PatientBirthDate": None, "PatientSex": None, "QualityControlSubject": None,
    },
    "hand": {"BodyPartExamined": "HAND", "ViewPosition": None, "Laterality": "L"},
    "two windows": {"WindowCenter": ["2048", "1000"], "WindowWidth": ["4096", "300"]},
}  # fmt: skip
"""What differs from the usual image; None takes an element away."""


def study_image(variant: str = "cr", **changes: object) -> bytes:
    """The file of an image, by the name of its variant and further changes."""
    tags = {**USUAL, **VARIANTS[variant], **changes}
    syntax = tags.pop("syntax", ExplicitVRLittleEndian)
    assert isinstance(syntax, UID)
    ramp = np.linspace(0, 4095, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    kept = {keyword: value for keyword, value in tags.items() if value is not None}
    ordered = {**{key: kept[key] for key in ("SpecificCharacterSet",) if key in kept}, **kept}
    absent = ("PatientName", "PatientID")
    data = dicom_bytes(ramp.astype(np.uint16), bits=12, syntax=syntax, **ordered)
    return _without(data, *(each for each in absent if tags.get(each, "") is None))


def read_image(data: bytes, *, name: str = "image.dcm") -> Examination:
    """An examination of the image: pneumonia with a box, no effusion, a mass that is not decided, lungs and heart."""
    radiograph = decode(data, name=name)
    rows, columns = radiograph.pixels.shape
    right, left, heart = np.zeros((3, 12, 10), np.float32)
    right[2:9, 1:4], left[2:9, 6:9], heart[5:9, 4:6] = 1.0, 1.0, 1.0
    geometry = Geometry(columns / 10, rows / 12, 0.0, 0.0)
    chest = ModelRef("chest-test", "1.0.0", SHA)
    lungs = ModelRef("lungs-test", "1.1.0", SHA[::-1])
    box = Box(columns * 0.1, rows * 0.25, columns * 0.3, rows * 0.25)
    finding = Finding(
        "chest-test", "Pneumonia", 2.1, 0.87312345678, 0.425, True, True, boxes=(box,), heatmap="class-map"
    )
    heatmap = np.zeros((4, 4), np.float32)
    heatmap[1, 1] = 2.0
    reading = Reading(
        source=radiograph.source,
        patient=radiograph.patient,
        view=radiograph.view,
        laterality=radiograph.laterality,
        gate=GateVerdict("accepted", "looks like a chest", 0.998, TypeVerdict("chest", 0.97, {"chest": 0.97})),
        findings=(
            finding,
            Finding("chest-test", "Effusion", -3.5, 0.0293, 0.31, False, True),
            Finding(
                "chest-test", "Mass", 0.1, 0.52, 0.4, None, None,
                not_decided=NotDecided("age unknown", "the file gives no age"),
            ),
            Finding("chest-test", "Pleural Thickening", -1.0, 0.2, 0.4, False, True),
        ),
        models=(ModelRef("gate-test", "1.0.0", SHA), lungs, chest),
        trail=radiograph.trail,
        warnings=radiograph.warnings,
        timings_ms={"decode": 1.0},
        hilum_version="0.1.0",
        settings_sha256=SHA,
        lungs=LungVerdict(
            Box(0, 0, columns, rows), True, 0.95, 0.3, 0.15, 0.15, (), "both lungs were drawn", lungs, "field", 0.05
        ),
        cardiothoracic_ratio=CardiothoracicRatio(
            0.4375, Width(columns * 0.3, columns * 0.5, rows * 0.6, 100.0), Width(0.0, columns, rows * 0.7, 200.0)
        ),
    )  # fmt: skip
    return Examination(
        reading=reading,
        radiograph=radiograph,
        heatmaps=(Heatmap("chest-test", "Pneumonia", heatmap, Geometry(columns / 4, rows / 4, 0.0, 0.0)),),
        lungs=LungMap(0.5, geometry, field=LungSides(right, left), heart=heart),
    )


def refused(examination: Examination) -> Examination:
    """The same where the gate refused the picture: nothing was looked for."""
    gate = GateVerdict("refused", "the picture looks like a photograph", 0.01, TypeVerdict("hand", 0.4, {"hand": 0.4}))
    reading = replace(examination.reading, gate=gate, findings=(), lungs=None, cardiothoracic_ratio=None)
    return replace(examination, reading=reading, heatmaps=(), lungs=None)


def needed(*programs: str) -> None:
    """Skip the test, in one line, where one of the programs is not on the machine."""
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        pytest.skip(f"{', '.join(absent)} not installed (apt install dcmtk dicom3tools)")


def what_is_wrong(path: Path) -> list[str]:
    """What dciodvfy, dsrdump and dcmpschk find wrong with an object; which are asked depends on its kind.

    dcmpschk refuses a patient without a name, which the standard allows: of that it is not asked.
    """
    kind = path.name.split(".")[-2]
    told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False)
    found = [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]
    asked = {"sr": ["dsrdump", "-Ec"], "pr": ["dcmpschk"]}.get(kind)
    nameless = kind == "pr" and not dcmread(path).PatientName
    if asked is not None and not nameless:
        second = subprocess.run([*asked, str(path)], capture_output=True, text=True, errors="replace", check=False)
        said = second.stdout + second.stderr
        if second.returncode or (kind == "pr" and "Test passed" not in said) or "\nE: " in f"\n{said}":
            found.append(f"{asked[0]}: {said[-500:]}")
    return found


def _without(data: bytes, *keywords: str) -> bytes:
    if not keywords:
        return data
    ds = dcmread(io.BytesIO(data))
    for keyword in keywords:
        delattr(ds, keyword)
    stream = io.BytesIO()
    ds.save_as(stream)
    return stream.getvalue()
