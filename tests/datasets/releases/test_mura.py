import numpy as np
import pytest
from PIL import Image

from hilum.datasets.releases.mura import read_mura
from hilum.errors import DataError
from hilum.findings import finding

IMAGES = (
    "train/XR_WRIST/patient00006/study1_positive/image1.png",
    "train/XR_WRIST/patient00006/study1_positive/image2.png",
    "train/XR_WRIST/patient00006/study2_negative/image1.png",
    "valid/XR_ELBOW/patient11189/study1_negative/image1.png",
)


@pytest.fixture
def release(tmp_path):
    for number, image in enumerate(IMAGES):
        path = tmp_path / image
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), number, np.uint8)).save(path)
    return tmp_path


def test_the_studys_outcome_is_the_label_of_each_picture(release):
    records = {record.image: record for record in read_mura(release)}
    assert [records[image].labels for image in IMAGES] == [
        {"Abnormal": 1.0}, {"Abnormal": 1.0}, {"Abnormal": 0.0}, {"Abnormal": 0.0},
    ]  # fmt: skip
    assert [records[image].study for image in IMAGES] == [
        "mura:XR_WRIST/patient00006/study1_positive", "mura:XR_WRIST/patient00006/study1_positive",
        "mura:XR_WRIST/patient00006/study2_negative", "mura:XR_ELBOW/patient11189/study1_negative",
    ]  # fmt: skip
    assert {record.held_out for record in records.values() if record.official == "valid"} == {True}
    assert finding("abnormal").name == "Abnormal"


def test_a_study_without_an_outcome_is_refused(release):
    study = release / "train/XR_WRIST/patient00006/study2_negative"
    study.rename(study.with_name("study2"))
    with pytest.raises(DataError, match="such as train/XR_WRIST/patient00006/study1_positive"):
        read_mura(release)
