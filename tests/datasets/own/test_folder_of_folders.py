import shutil

import numpy as np
import pytest
from PIL import Image

from fabricate_releases import fabricate_class_folders
from hilum.datasets.own.folder_of_folders import read_folder_of_folders
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    return fabricate_class_folders(tmp_path / "own")


def test_each_picture_has_the_class_of_its_folder(release):
    records = {record.image: record for record in read_folder_of_folders(release)}
    assert len(records) == 4
    assert records["Pleural Effusion/sub/p2_a.png"].labels == {"Effusion": 1.0, "Well": 0.0}
    assert records["Well/p3_a.png"].labels == {"Effusion": 0.0, "Well": 1.0}
    assert {record.official for record in records.values()} == {None}
    assert len({record.patient for record in records.values()}) == 4
    assert not any(record.patient_is_known for record in records.values())


def test_a_pattern_finds_the_patient_over_classes(release):
    records = read_folder_of_folders(release, patient_pattern=r"^(?P<patient>p\d+)_")
    assert [r.patient for r in records] == ["folder:p1", "folder:p2", "folder:p1", "folder:p3"]
    assert all(record.patient_is_known for record in records)


def test_a_name_without_a_patient_is_refused(release):
    with pytest.raises(DataError, match=r"The name of .* does not match --patient-pattern"):
        read_folder_of_folders(release, patient_pattern="(?P<patient>q1)")


def test_train_and_test_folders_are_official_parts(tmp_path, release):
    for part in ("train", "test"):
        shutil.copytree(release, tmp_path / "parts" / part)
    records = read_folder_of_folders(tmp_path / "parts")
    assert {r.official for r in records} == {"train", "test"}
    assert set(records[0].labels) == {"Effusion", "Well"}


def test_one_class_or_none_is_refused(release):
    shutil.rmtree(release / "Well")
    with pytest.raises(
        DataError, match=r"Each class needs a folder of its own in .* found with pictures: Pleural Effusion"
    ):
        read_folder_of_folders(release)
    with pytest.raises(DataError, match="no class"):
        read_folder_of_folders(release / "Pleural Effusion" / "sub")


@pytest.mark.parametrize(
    ("pattern", "message"), [("(", "not a valid regular expression"), ("p1", r"Put it into \(\?P<patient>")]
)
def test_a_pattern_that_finds_no_patient_is_refused(release, pattern, message):
    with pytest.raises(DataError, match=message):
        read_folder_of_folders(release, patient_pattern=pattern)


def pictures(folder, *classes):
    """One picture in each class folder."""
    for place in classes:
        (folder / place).mkdir(parents=True)
        Image.fromarray(np.full((8, 8), len(place), np.uint8)).save(folder / place / "a.png")
    return folder


def test_parts_may_name_a_class_each_in_its_own_way(tmp_path):
    places = (
        "train/NORMAL",
        "train/Pneumonia",
        "train/Other thing",
        "test/NORMAL",
        "test/PNEUMONIA",
        "test/OTHER thing",
    )
    records = read_folder_of_folders(pictures(tmp_path, *places))
    by_label = {}
    for record in records:
        (label,) = [label for label, value in record.labels.items() if value == 1.0]
        assert record.stratum == label
        by_label.setdefault(label, set()).add(record.official)
    assert set(by_label) == {"No Finding", "Pneumonia", "OTHER thing"}
    assert all(parts == {"train", "test"} for parts in by_label.values())
    assert {tuple(sorted(record.labels)) for record in records} == {("No Finding", "OTHER thing", "Pneumonia")}


def test_folders_of_one_part_that_differ_in_case_alone_are_one_class(tmp_path):
    records = read_folder_of_folders(pictures(tmp_path, "normal", "NORMAL", "Effusion"))
    assert sorted(record.labels["No Finding"] for record in records) == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("part", ["", "train/"])
def test_two_names_of_one_label_in_one_part_are_refused(tmp_path, part):
    places = [f"{part}{name}" for name in ("Effusion", "Pleural Effusion", "Normal")]
    with pytest.raises(DataError, match=r"Effusion and Pleural Effusion of .* are one label, Effusion; put their"):
        read_folder_of_folders(pictures(tmp_path, *places))


def test_folders_that_are_all_one_label_are_no_two_classes(tmp_path):
    with pytest.raises(DataError, match="NORMAL, Normal, all one label, No Finding"):
        read_folder_of_folders(pictures(tmp_path, "train/NORMAL", "test/Normal"))
