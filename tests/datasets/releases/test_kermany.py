import shutil
from collections import Counter

import pytest

from fabricate_kermany import fabricate_kermany
from hilum.datasets.releases.kermany import read_kermany
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    return fabricate_kermany(tmp_path / "chest_xray", train=6, test=2)


def test_every_image_gets_its_label_patient_and_official_folder(release):
    records = {record.image: record for record in read_kermany(release)}
    assert len(records) == 2 * (6 + 2) + 4 + 4
    ill = records["train/PNEUMONIA/person3_bacteria_30.jpeg"]
    assert (ill.labels, ill.patient, ill.stratum) == ({"Pneumonia": 1.0}, "kermany:train:person3", "bacteria")
    well = records["test/NORMAL/NORMAL2-IM-0001-0001.jpeg"]
    assert (well.labels, well.patient, well.official) == ({"Pneumonia": 0.0}, "kermany:test:NORMAL2-IM-0001", "test")


def test_the_same_number_in_two_official_folders_is_two_patients(release):
    patients = {r.patient for r in read_kermany(release) if "person1_" in r.image}
    assert patients == {"kermany:train:person1", "kermany:val:person1", "kermany:test:person1"}


def test_a_second_image_number_in_the_name_is_understood(release):
    source = release / "train" / "PNEUMONIA" / "person1_bacteria_10.jpeg"
    source.rename(source.with_name("person1_bacteria_10_1.jpeg"))
    assert any(r.image.endswith("person1_bacteria_10_1.jpeg") for r in read_kermany(release))


def test_the_names_of_the_later_version_give_patients(release):
    for folder, name in (
        ("train/PNEUMONIA", "BACTERIA-1008087-0001"), ("train/PNEUMONIA", "VIRUS-1008087-0002"),
        ("test/NORMAL", "NORMAL-1003233-0001"),
    ):  # fmt: skip
        shutil.copy(release / "train" / "PNEUMONIA" / "person1_bacteria_10.jpeg", release / folder / f"{name}.jpeg")
    records = {record.image.rpartition("/")[2]: record for record in read_kermany(release)}
    bacteria, virus = records["BACTERIA-1008087-0001.jpeg"], records["VIRUS-1008087-0002.jpeg"]
    assert (bacteria.patient, bacteria.stratum, bacteria.labels) == (
        "kermany:train:1008087", "bacteria", {"Pneumonia": 1.0},
    )  # fmt: skip
    assert (virus.patient, virus.stratum) == (bacteria.patient, "virus")
    well = records["NORMAL-1003233-0001.jpeg"]
    assert (well.patient, well.stratum, well.labels) == ("kermany:test:1003233", "normal", {"Pneumonia": 0.0})


def test_a_class_in_the_name_that_contradicts_the_folder_is_refused(release):
    shutil.copy(
        release / "train" / "PNEUMONIA" / "person1_bacteria_10.jpeg",
        release / "train" / "NORMAL" / "VIRUS-1008087-0001.jpeg",
    )
    with pytest.raises(DataError, match=r"VIRUS-1008087.* is not one of NORMAL"):
        read_kermany(release)


def test_a_foreign_name_is_refused_with_the_file(release):
    (release / "train" / "NORMAL" / "holiday.jpeg").write_bytes(b"x")
    with pytest.raises(DataError, match=r"The name of .*holiday\.jpeg is not one of .* person1_virus_6"):
        read_kermany(release)


def test_a_folder_without_test_images_is_refused(release):
    shutil.rmtree(release / "test")
    with pytest.raises(DataError, match="no image was found in test"):
        read_kermany(release)


@pytest.mark.data
def test_the_real_release_has_its_published_counts(shared_data):
    records = read_kermany(shared_data / "kermany" / "chest_xray")
    counts = Counter((record.official, record.stratum) for record in records)
    assert counts["train", "normal"] == 1341
    assert counts["train", "bacteria"] == 2530
    assert counts["train", "virus"] == 1345
    assert counts["val", "normal"] == counts["val", "bacteria"] == 8
    assert sum(n for (official, _), n in counts.items() if official == "test") == 292
