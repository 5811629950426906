"""Which view the tags of a film tell, and whether its patient lies."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from fabricate_dicom import dicom_bytes
from fabricate_pictures import marked
from hilum.imaging.decode import decode
from hilum.imaging.dicom import view as dicom_view
from hilum.radiograph import Radiograph

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")  # lower case, as it is met


def read(**tags: object) -> Radiograph:
    return decode(dicom_bytes(marked(), **tags), name="x")


def coded(code: str) -> Dataset:
    item = Dataset()
    item.CodeValue = code
    return item


def posture(code: str, modifier: str | None = None) -> list[Dataset]:
    item = coded(code)
    if modifier is not None:
        item.PatientOrientationModifierCodeSequence = [coded(modifier)]
    return [item]


@pytest.mark.parametrize(
    ("position", "expected"),
    [("PA", "PA"), ("AP", "AP"), ("LL", "LL"), ("RL", "LL"), ("lateral", "LL"), ("", "unknown"), ("XYZ", "unknown"),
     ("RLO", "oblique"), ("LLO", "oblique"), ("LAO", "oblique"), ("LLD", "decubitus"), ("rld", "decubitus"),
     ("LORDOTIC", "other")],
)  # fmt: skip
def test_view_position(position: str, expected: str) -> None:
    radiograph = read(ViewPosition=position)
    assert (radiograph.view, radiograph.warnings) == (expected, ())
    assert radiograph.is_lying == (expected == "decubitus")


@pytest.mark.parametrize(("code", "expected"), [("272479007", "PA"), ("R-40888", "PA"), ("399348003", "AP"),
                                                ("399173006", "LL"), ("399067008", "LL"), ("399135007", "oblique"),
                                                ("R-10220", "oblique"), ("399061009", "other"),
                                                ("399033003", "unknown"), ("0815", "unknown")])  # fmt: skip
def test_view_code_where_there_is_no_view_position(code: str, expected: str) -> None:
    assert read(ViewCodeSequence=[coded(code)]).view == expected


def test_every_view_code_of_the_standard_but_frontal_is_told() -> None:
    found = {}
    for word in cid_concepts[4010]["SCT"]:  # DX view
        for code in concepts["SCT"][word]:
            meaning, older = concepts["SCT"][word][code][0], mapping["SCT"][code]
            found[meaning] = dicom_view._VIEW_CODES.get(code)
            assert dicom_view._VIEW_CODES.get(older) == found[meaning], meaning
    assert found.pop("frontal") is None, "it may be PA or AP"
    assert None not in found.values()
    told = {view: {meaning for meaning, one in found.items() if one == view} for view in set(found.values())}
    assert told["PA"] == {"postero-anterior"}
    assert told["AP"] == {"antero-posterior"}
    assert told["LL"] == {"lateral", "left lateral", "right lateral", "lateral-medial", "medial-lateral", "Sagittal"}
    assert told["oblique"] == {meaning for meaning in found if "oblique" in meaning}


def test_the_codes_of_lying_patients_have_these_meanings() -> None:
    codes = {code for code in dicom_view._LYING | dicom_view._RECUMBENT if code.isdigit()}
    words = {code: word for group in (19, 20) for word in cid_concepts[group]["SCT"] for code in concepts["SCT"][word]}
    assert {words[code] for code in codes} == {
        "Recumbent", "Supine", "Prone", "SemiProne", "Trendelenburg", "InverseTrendelenburg", "LateralDecubitus",
        "LeftLateralDecubitus", "RightLateralDecubitus",
    }  # fmt: skip
    older = {mapping["SCT"][code] for code in codes}
    assert codes | older == dicom_view._LYING | dicom_view._RECUMBENT


@pytest.mark.parametrize(
    ("tags", "view", "lies"),
    [
        ({"ViewPosition": "PA", "PatientOrientationCodeSequence": posture("102538003")}, "PA", True),
        ({"ViewPosition": "AP", "PatientOrientationCodeSequence": posture("F-10450", "F-10340")}, "AP", True),
        ({"ViewPosition": "PA", "PatientOrientationCodeSequence": posture("C86043")}, "PA", False),
        (
            {"ViewPosition": "PA", "PatientOrientationCodeSequence": posture("102538003", "102536004")},
            "decubitus",
            True,
        ),
        ({"PatientOrientationCodeSequence": posture("102538003", "32185000")}, "decubitus", True),
        ({"ViewPosition": "LL", "PatientOrientationCodeSequence": posture("102538003", "32185000")}, "LL", True),
        ({"PatientOrientationCodeSequence": []}, "unknown", False),
    ],
)
def test_a_patient_who_lies(tags: dict[str, object], view: str, lies: bool) -> None:
    radiograph = read(**tags)
    assert (radiograph.view, radiograph.is_lying) == (view, lies)


@pytest.mark.parametrize(
    ("position", "code", "name", "counts"),
    [("PA", "399067008", "LL", "unknown"), ("PA", "399348003", "AP", "unknown"),
     ("PA", "399059000", "oblique", "oblique"), ("RLO", "272479007", "PA", "oblique")],
)  # fmt: skip
def test_contradictory_views_warn_and_another_one_is_never_frontal(
    position: str, code: str, name: str, counts: str
) -> None:
    radiograph = read(ViewPosition=position, ViewCodeSequence=[coded(code)])
    assert radiograph.view == counts
    said = "oblique" if position == "RLO" else position
    assert radiograph.warnings == (f"View Position says {said}, View Code {name}, so the view is treated as {counts}",)
