"""What stands in every object as it stands in the image."""

import io

import pytest
from highdicom import _standard_utils
from pydicom import dcmread
from pydicom.dataset import Dataset

import hilum
from fabricate_study_image import VARIANTS, read_image, study_image
from hilum.objects.patient_study import COPIED, REQUIRED


@pytest.mark.parametrize("variant", VARIANTS)
def test_patient_and_study_are_unchanged_in_every_object(variant: str) -> None:
    data = study_image(variant)
    image = dcmread(io.BytesIO(data))
    for made in hilum.dicom_objects(read_image(data), source=data):
        found = made.dataset
        for keyword in COPIED:
            told, expected = found.get(keyword), image.get(keyword)
            if expected is None and keyword in REQUIRED:
                assert not told, keyword
            else:
                assert told == expected, keyword


@pytest.mark.parametrize("variant", ["japanese", "latin 1", "utf-8"])
def test_names_are_unchanged_to_the_byte(variant: str) -> None:
    data = study_image(variant)
    raw = dcmread(io.BytesIO(data)).get_item("PatientName").value
    for made in hilum.dicom_objects(read_image(data), source=data):
        assert raw in made.data
        assert made.dataset.get_item("PatientName").value == raw


def test_a_name_and_a_date_that_are_wrong_are_copied_as_wrong_as_they_are() -> None:
    data = study_image(PatientBirthDate="", PatientSex="")
    data = data.replace(b"19700102", b"1970-1-2") if b"19700102" in data else data
    assert len(hilum.dicom_objects(read_image(data), source=data)) == 4
    odd = study_image(PatientSex="W")
    (report, *_) = hilum.dicom_objects(read_image(odd), source=odd)
    assert report.dataset.PatientSex == "W"


def test_sequences_are_copied() -> None:
    item = Dataset()
    item.PatientID, item.TypeOfPatientID = "OTHER", "TEXT"
    data = study_image("implicit", OtherPatientIDsSequence=[item])
    for made in hilum.dicom_objects(read_image(data), source=data):
        assert made.dataset.OtherPatientIDsSequence[0].PatientID == "OTHER"


def test_the_table_holds_the_modules_of_the_standard() -> None:
    modules = ("patient", "general-study", "patient-study", "clinical-trial-subject", "clinical-trial-study")
    of_the_standard = _standard_utils.get_module_attribute_map()
    expected = {str(row["keyword"]) for name in modules for row in of_the_standard[name] if not row["path"]}
    assert expected <= set(COPIED)
