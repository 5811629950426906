import pytest

from fabricate_releases import fabricate_chest_lateral
from hilum.datasets.check import check_data
from hilum.datasets.releases.table import RELEASES
from hilum.datasets.typed.chest_lateral import read_chest_lateral
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    return fabricate_chest_lateral(tmp_path / "lateral")


def test_each_is_a_lateral_chest_and_the_name_tells_the_patient(release):
    records = read_chest_lateral(release)
    assert [(record.image, record.patient) for record in records] == [
        ("p70_1.jpg", "chest_lateral:p70"),
        ("p7_case-1-L.jpg", "chest_lateral:p7"),
        ("p7_case-1-day3-L.jpg", "chest_lateral:p7"),
    ]
    assert {(record.is_xray, record.xray_type, record.view) for record in records} == {(True, "chest", "LL")}


@pytest.mark.parametrize("name", ["case-1-L.jpg", "p_case.jpg", "p7.jpg"])
def test_a_name_without_a_patient_is_refused(release, name):
    (release / "p70_1.jpg").rename(release / name)
    with pytest.raises(DataError, match=r"does not start with the patient, like p22_case\.jpg"):
        read_chest_lateral(release)


@pytest.mark.data
def test_the_real_ones_are_34_of_29_patients_and_decode(shared_data):
    result = check_data(RELEASES["chest_lateral"], folder=shared_data / "chest_lateral", jobs=2)
    assert result.sound
    assert result.views == {"LL": 34}
    assert result.parts[0].found.patients == 29
