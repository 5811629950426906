"""The DICOM header of a release's file, read as reading reads it."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from fabricate_dicom import dicom_bytes
from hilum.datasets.records.dicom_header import Header, read_header
from hilum.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")  # lower case, as it is met
PIXELS = np.zeros((3, 4), np.uint16)


def header(folder, **tags):
    path = folder / "film.dcm"
    path.write_bytes(dicom_bytes(PIXELS, **tags))
    return read_header(path)


def test_age_is_as_written_and_what_is_not_told_is_unknown(tmp_path):
    told = header(tmp_path, PatientAge="006M", PatientSex="f", ViewPosition="PA")
    assert told == Header(age="006M", sex="F", view="PA", width=4, height=3)
    assert header(tmp_path, PatientSex="X", ViewPosition="") == Header("", "unknown", "unknown", 4, 3)


def test_the_view_is_the_one_that_reading_takes(tmp_path):
    code, turned = Dataset(), Dataset()
    code.CodeValue = "399348003"
    assert header(tmp_path, ViewCodeSequence=[code]).view == "AP"
    turned.CodeValue = "102538003"
    turned.PatientOrientationModifierCodeSequence = [Dataset()]
    turned.PatientOrientationModifierCodeSequence[0].CodeValue = "32185000"
    assert header(tmp_path, ViewPosition="AP", PatientOrientationCodeSequence=[turned]).view == "decubitus"
    assert header(tmp_path, ViewPosition="RAO").view == "oblique"


def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path):
    path = tmp_path / "notes.dcm"
    path.write_text("nothing")
    with pytest.raises(DataError, match=r"notes\.dcm is not a DICOM file that can be read"):
        read_header(path)
