import math

import numpy as np
import pytest
from PIL import Image

from hilum.datasets.releases.padchest import LABELS, list_padchest, read_padchest
from hilum.errors import DataError

HEAD = "ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,Projection,Labels"
ROWS = [
    "a.png,0,20140915,s1,p1,1930.0,F,PA,\"['pleural effusion', 'vascular hilar enlargement', 'loc basal']\"",
    "b.png,1,20140915,s1,p1,1930.0,F,L,['normal']",
    "c.png,1,20140915,s2,p2,,M,AP_horizontal,\"['exclude', 'pneumonia']\"",
    "d.png,1,20140915,s3,p3,1990.0,M,PA,[]",
]


@pytest.fixture
def release(tmp_path):
    (tmp_path / "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv").write_text("\n".join((HEAD, *ROWS)))
    for number, name in enumerate(("0/a.png", "1/b.png", "1/c.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8), number, np.uint16)).save(tmp_path / name)
    return tmp_path


def test_labels_views_and_ages_are_read(release):
    first, second, third = read_padchest(release)
    assert (first.patient, first.study, first.view, first.sex, first.age_years) == (
        "padchest:p1", "padchest:s1", "PA", "F", 84.0,
    )  # fmt: skip
    assert [name for name, value in first.labels.items() if value == 1.0] == ["Effusion"]
    assert first.labels["Pneumonia"] == 0.0
    assert (second.view, second.labels["No Finding"], second.labels["Effusion"]) == ("LL", 1.0, 0.0)
    assert (third.view, third.age_years) == ("AP", None)
    assert all(map(math.isnan, third.labels.values())), "an excluded image says nothing"
    assert len(first.labels) == len(LABELS)


def test_the_listing_names_what_is_missing_too(release):
    listing = list_padchest(release)
    assert "d.png" in listing.images
    assert listing.counts[""].patients == 3


def test_two_pictures_of_one_name_are_refused(release):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(release / "1" / "a.png")
    with pytest.raises(DataError, match="a"):
        read_padchest(release)
