from collections import Counter

import numpy as np
import pytest
from PIL import Image

from fabricate_releases import fabricate_montgomery_shenzhen
from hilum.datasets.releases.montgomery_shenzhen import age_and_sex, read_montgomery_shenzhen
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    return fabricate_montgomery_shenzhen(tmp_path / "tb")


def test_labels_masks_and_readings(release):
    normal, ill, montgomery = read_montgomery_shenzhen(release)
    assert [r.image for r in (normal, ill, montgomery)] == [
        "CHNCXR_0001_0.png", "CHNCXR_0327_1.png", "MCUCXR_0001_0.png",
    ]  # fmt: skip
    assert [r.labels["Tuberculosis"] for r in (normal, ill, montgomery)] == [0.0, 1.0, 0.0]
    assert (ill.age_years, ill.sex) == (45.0, "M")
    assert (montgomery.age_years, montgomery.sex) == (27.0, "F")
    assert (normal.age_years, normal.sex) == (None, "unknown")
    assert {name: path.parent.name for name, path in montgomery.masks.items()} == {
        "left lung": "leftMask", "right lung": "rightMask",
    }  # fmt: skip
    assert normal.masks["lungs"].name == "CHNCXR_0001_0_mask.png"
    assert ill.masks == {}
    assert [record.lung_definition for record in (normal, ill, montgomery)] == ["field", None, "field"]
    assert montgomery.patient == "lungs_tb:MCUCXR_0001"


def test_two_copies_and_no_chest_are_refused(release, tmp_path):
    (release / "again").mkdir()
    (release / "again" / "CHNCXR_0001_0.jpg").write_bytes(b"x")
    with pytest.raises(DataError, match=r"CHNCXR_0001_0 is in .* twice"):
        read_montgomery_shenzhen(release)
    with pytest.raises(DataError, match=r"no pictures named like CHNCXR_0001_0\.png"):
        read_montgomery_shenzhen(tmp_path / "tb" / "MontgomerySet" / "ClinicalReadings")


@pytest.mark.data
def test_the_real_chests_all_have_masks(shared_data):
    records = read_montgomery_shenzhen(shared_data / "lungs_tb")
    assert len(records) == len({r.patient for r in records}) == 704
    assert all(set(r.masks) == {"lungs"} for r in records)
    assert Counter(r.labels["Tuberculosis"] for r in records) == {1.0: 345, 0.0: 359}
    assert Counter((r.image[:3], r.lung_definition) for r in records) == {
        ("CHN", "field"): 514, ("CHN", "whole"): 52, ("MCU", "field"): 138,
    }  # fmt: skip


@pytest.mark.parametrize(("gap", "definition"), [(30, "field"), (8, "whole"), (0, "field")])
def test_the_masks_tell_what_is_drawn_and_without_two_lungs_it_is_the_field(release, gap, definition):
    """Over 80 of 100 columns, `gap` of them empty; one mask of both lungs, and one of each."""
    left, right = np.zeros((100, 100), np.uint8), np.zeros((100, 100), np.uint8)
    left[10:90, 50 + gap // 2 : 90] = right[10:90, 10 : 50 - gap // 2] = 255
    for name, mask in (("leftMask", left), ("rightMask", right)):
        Image.fromarray(mask).save(release / "MontgomerySet" / "ManualMask" / name / "MCUCXR_0001_0.png")
    Image.fromarray(left | right).save(release / "ChinaSet_AllFiles" / "mask" / "CHNCXR_0001_0_mask.png")
    normal, ill, montgomery = read_montgomery_shenzhen(release)
    assert [one.lung_definition for one in (normal, ill, montgomery)] == [definition, None, definition]


def test_masks_that_do_not_fit_one_another_are_fields_as_most_are(release):
    Image.fromarray(np.full((9, 7), 255, np.uint8)).save(
        release / "MontgomerySet" / "ManualMask" / "leftMask" / "MCUCXR_0001_0.png"
    )
    assert read_montgomery_shenzhen(release)[-1].lung_definition == "field"


def test_an_empty_mask_is_named(release):
    path = release / "ChinaSet_AllFiles" / "mask" / "CHNCXR_0001_0_mask.png"
    Image.fromarray(np.zeros((9, 7), np.uint8)).save(path)
    with pytest.raises(DataError, match=r"CHNCXR_0001_0_mask\.png is empty: it shows no lung"):
        read_montgomery_shenzhen(release)


@pytest.mark.parametrize(
    ("reading", "age_years", "sex"),
    [
        ("Patient's Sex: F\nPatient's Age: 027Y\nmale contact, 3 month follow up", 27.0, "F"),
        ("Patient's Sex: O\nPatient's Age: Y\nmale contact with a 3 month follow up", None, "O"),
        ("Patient's Age: 3 month follow up", None, "unknown"),
        ("male 45yrs\nfemale contact 3 months ago", 45.0, "M"),
        ("femal 32yrs\nPTB", 32.0, "F"),
        ("female, 16month", 16 / 12, "F"),
        ("Male,64days", 64 / 365.25, "M"),
        ("normal\nmale, 3 month follow up", None, "unknown"),
        ("male contact of a patient of 45 years", None, "unknown"),
        ("female\n45yrs", None, "F"),
        ("", None, "unknown"),
    ],
)
def test_age_and_sex_come_from_their_own_lines_alone(reading, age_years, sex):
    years, letter = age_and_sex(reading)
    assert letter == sex
    assert years == (None if age_years is None else pytest.approx(age_years))
