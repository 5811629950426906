"""What tags say of patient and picture, however malformed they are."""

import re
import warnings

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from fabricate_dicom import dicom_bytes, elements, written
from fabricate_pictures import marked
from hilum.imaging.decode import decode
from hilum.imaging.dicom.tags import age_years
from hilum.radiograph import Patient, Radiograph

# pydicom warns while it writes the malformed tags of these tests
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")


def read(**tags: object) -> Radiograph:
    return decode(dicom_bytes(marked(), **tags), name="x")


@pytest.mark.parametrize(
    ("age", "years"),
    [("062Y", 62.0), ("005Y", 5.0), ("000Y", 0.0), ("120Y", 120.0), ("018M", 1.5), ("026W", 26 * 7 / 365.25),
     ("010D", 10 / 365.25), ("007y", 7.0), ("999M", 83.25), ("45Y", 45.0), ("6M", 0.5), (" 45Y", 45.0), ("045 Y", 45.0),
     ("9D", 9 / 365.25), ("1W", 7 / 365.25)],
)  # fmt: skip
def test_ages_in_years(age: str, years: float) -> None:
    value, warning = age_years(age)
    assert value == pytest.approx(years)
    assert warning == ()


@pytest.mark.parametrize("age", ["62", "45", "0062Y", "-05Y", "05.Y", "ABCY", "062", "062Z", "Y", "١٢٣Y"])
def test_a_malformed_age_is_unknown_and_warns(age: str) -> None:
    value, (warning,) = age_years(age)
    assert value is None
    assert warning.startswith("Patient Age is malformed")


@pytest.mark.parametrize("age", ["121Y", "155Y", "999Y"])
def test_an_impossible_age_is_unknown_and_warns(age: str) -> None:
    value, (warning,) = age_years(age)
    assert value is None
    assert "impossible" in warning
    assert age[:3] not in warning, "a result that names nobody may hold it"


def test_no_age_is_unknown_without_a_warning() -> None:
    assert read().patient == Patient(None, "unknown")
    assert read(PatientAge="").warnings == ()


@pytest.mark.parametrize(("sex", "expected"), [("F", "F"), ("m", "M"), ("O", "O"), ("", "unknown"), ("X", "unknown")])
def test_sex(sex: str, expected: str) -> None:
    patient = read(PatientSex=sex).patient
    assert patient is not None
    assert patient.sex == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [({"ImageLaterality": "L"}, "L"), ({"Laterality": "R"}, "R"), ({"ImageLaterality": "B", "Laterality": "L"}, "B"),
     ({"ImageLaterality": "U", "Laterality": "R"}, "R"), ({"ImageLaterality": ""}, "unknown"), ({}, "unknown")],
)  # fmt: skip
def test_laterality(tags: dict[str, str], expected: str) -> None:
    assert read(**tags).laterality == expected


def test_contradictory_sides_are_unknown_and_warn() -> None:
    radiograph = read(ImageLaterality="L", Laterality="R")
    assert radiograph.laterality == "unknown"
    assert radiograph.warnings == ("Image Laterality says L, Laterality R, so the side is treated as unknown",)


@pytest.mark.parametrize(("value", "warns"), [("YES", True), ("yes ", True), ("NO", False), ("", False), (None, False)])
def test_text_burned_into_the_picture_is_a_warning(value: str | None, warns: bool) -> None:
    warned = read(**({} if value is None else {"BurnedInAnnotation": value})).warnings
    assert any("text is burned into the picture" in warning for warning in warned) == warns


def test_spacing_prefers_the_calibrated_one_and_says_which() -> None:
    both = read(PixelSpacing=[0.1, 0.1001], ImagerPixelSpacing=[0.3, 0.301])
    assert both.source.spacing_mm == (0.1, 0.1001)
    assert both.trail[-1].detail == "0.1 x 0.1001 mm from PixelSpacing"
    imager = read(ImagerPixelSpacing=[0.3, 0.301])
    assert imager.source.spacing_mm == (0.3, 0.301)
    assert imager.trail[-1].detail == "0.3 x 0.301 mm from ImagerPixelSpacing"
    assert read().source.spacing_mm is None


@pytest.mark.parametrize("bad", [[0, 0], [-0.1, 0.1], [0.1]])
def test_unusable_spacing_falls_back_with_a_warning(bad: list[float]) -> None:
    radiograph = read(PixelSpacing=bad, ImagerPixelSpacing=[0.3, 0.301])
    assert radiograph.source.spacing_mm == (0.3, 0.301)
    assert radiograph.warnings == ("PixelSpacing is not two positive numbers and is not used",)


def test_modality_body_part_and_uids() -> None:
    radiograph = read(Modality="CT", BodyPartExamined="chest ")
    assert (radiograph.modality, radiograph.body_part) == ("CT", "CHEST")
    assert (radiograph.source.study_uid, radiograph.source.instance_uid) == ("1.2.3", "1.2.3.4")


@pytest.mark.parametrize("modality", ["CT", "MR", "US", "XA", "MG", "OT"])
def test_any_modality_decodes(modality: str) -> None:
    assert read(Modality=modality).modality == modality


@pytest.mark.parametrize(
    ("code", "is_animal"), [("337915000", False), ("L-85003", False), ("448771007", True), ("L-88124", True)]
)
def test_a_species_may_be_named_by_its_code(code: str, is_animal: bool) -> None:
    """Man and dog (DICOM CID 7454), in SNOMED CT and in the SNOMED-RT that pydicom maps it to."""
    names = {"337915000": "HomoSapiens", "448771007": "CanisLupusFamiliaris"}
    assert names.get(code) is None or code in concepts["SCT"][names[code]]
    assert code not in ("L-85003", "L-88124") or code in mapping["SCT"].values()
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "SCT", "a species"
    assert read(PatientSpeciesCodeSequence=Sequence([item])).is_animal is is_animal


@pytest.mark.parametrize("tags", [{"PatientBreedDescription": "Beagle"}, {"PatientSexNeutered": "ALTERED"}])
def test_what_only_animals_have_tells_an_animal(tags: dict[str, str]) -> None:
    assert read(**tags).is_animal is True
    assert read(**dict.fromkeys(tags, "")).is_animal is False


@pytest.mark.parametrize(("code", "is_animal"), [("132351009", True), ("", False)])
def test_a_breed_may_be_named_by_its_code(code: str, is_animal: bool) -> None:
    """Some writers fill every optional sequence with an empty item."""
    item = Dataset()
    item.CodeValue = code
    assert read(PatientBreedCodeSequence=Sequence([item])).is_animal is is_animal
    assert read(PatientBreedCodeSequence=Sequence([Dataset()])).is_animal is False


def test_two_ages_are_none() -> None:
    radiograph = read(PatientAge=["003Y", "040Y"])
    assert radiograph.patient.age_years is None
    assert "Patient Age is malformed" in radiograph.warnings[0]


def test_an_animal_is_named_where_the_tags_say_so() -> None:
    assert read(PatientSpeciesDescription="Canis familiaris").is_animal is True
    assert read().is_animal is False
    assert read(PatientSpeciesDescription="Canis familiaris").warnings == (
        "the tags say that the patient is an animal",
    )
    assert read(PatientSpeciesDescription="Homo sapiens").warnings == ()


@pytest.mark.parametrize(
    "charset", ["ISO_IR 100", "ISO_IR 192", "ISO 2022 IR 87", "\\ISO 2022 IR 149", "GB18030", "NO SUCH SET", ""]
)
def test_every_character_set_reads_without_a_word_from_pydicom(charset: str) -> None:
    ds = elements(marked(), PatientAge="040Y", ViewPosition="PA", BodyPartExamined="CHEST")
    ds.PixelData = marked().tobytes()
    ds["PixelData"].VR = "OB"
    data = written(ds)
    element = b"\x08\x00\x05\x00CS"
    value = charset.encode() + b" " * (len(charset) % 2)
    insert = data.index(b"\x08\x00\x16\x00UI")
    data = data[:insert] + element + len(value).to_bytes(2, "little") + value + data[insert:]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        radiograph = decode(data, name="x")
    assert caught == []
    assert (radiograph.view, radiograph.body_part) == ("PA", "CHEST")


def test_no_name_and_no_patient_id_leaves_the_file() -> None:
    radiograph = read(PatientBirthDate="19700101", InstitutionName="Nowhere Hospital")
    said = repr((radiograph.source, radiograph.patient, radiograph.trail, radiograph.warnings))
    assert not re.search(r"Phantom\^Nobody|PHANTOM-ID|1970|Nowhere", said)


def test_garbage_in_tags_never_stops_the_pixels() -> None:
    data = dicom_bytes(marked(), PatientAge="040Y", PatientSex="F", ViewPosition="PA", Modality="DX")
    for good, bad in ((b"040Y", b"\xff\xfe\x00Y"), (b"CS\x02\x00F ", b"CS\x02\x00\xff\xff")):
        data = data.replace(good, bad)
    radiograph = decode(data, name="x")
    np.testing.assert_allclose(radiograph.pixels, marked() / 255, atol=1e-6)
    assert radiograph.patient == Patient(None, "unknown")
