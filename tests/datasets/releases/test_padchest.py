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


# Bustos et al. 2020, supplementary trees: the leaves that hilum's findings have, by the parent's name
LEAVES = {
    "Atelectasis": (
        "total atelectasis", "lobar atelectasis", "segmental atelectasis", "laminar atelectasis", "round atelectasis",
        "atelectasis basal",
    ),
    "Consolidation": ("air bronchogram",),
    "Effusion": (
        "loculated pleural effusion", "loculated fissural effusion", "hydropneumothorax", "empyema", "hemothorax",
    ),
    "Fibrosis": ("post radiotherapy changes", "asbestosis signs"),
    "Infiltration": (
        "interstitial pattern", "ground glass pattern", "reticular interstitial pattern", "miliary opacities",
        "reticulonodular interstitial pattern", "alveolar pattern", "consolidation", "air bronchogram",
    ),
    "Mass": ("pulmonary mass",),
    "Nodule": ("multiple nodules",),
    "Pleural Thickening": ("apical pleural thickening", "calcified pleural thickening"),
    "Pneumonia": ("atypical pneumonia",),
    "Pneumothorax": ("hydropneumothorax",),
}  # fmt: skip


def labels_of(folder, *words):
    """The labels of one image whose report says these words."""
    table = folder / "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv"
    table.write_text(f'{HEAD}\na.png,0,20140915,s1,p1,1930.0,F,PA,"{list(words)}"\n')
    (record,) = read_padchest(folder)
    return record.labels


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


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in LEAVES.items() for word in words])
def test_a_more_exact_word_is_the_finding_above_it(release, name, word):
    assert labels_of(release, word)[name] == 1.0


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("mediastinal mass", {"Mass"}),
        ("tuberculosis sequelae", {"Tuberculosis"}),
        ("bilateral pleural effusions", {"Effusion"}),
        ("alveolar pattern", {"Consolidation"}),
        ("costophrenic angle blunting", {"Effusion", "Pleural Thickening"}),
        ("COPD signs", {"Emphysema"}),
        ("pericardial effusion", set()),
        ("subcutaneous emphysema", set()),
        ("abnormal foreign body", set()),
        ("scoliosis", set()),
    ],
)
def test_of_what_a_word_may_be_nothing_is_known_and_of_the_rest_it_is(release, word, names):
    assert {name for name, value in labels_of(release, word).items() if math.isnan(value)} == names


def test_a_finding_that_is_named_is_known_whatever_else_may_be_it(release):
    labels = labels_of(release, "costophrenic angle blunting", "pleural effusion", "cardiomegaly")
    assert labels["Effusion"] == labels["Cardiomegaly"] == 1.0
    assert math.isnan(labels["Pleural Thickening"])
    assert labels["Nodule"] == 0.0


def test_what_an_unchanged_report_does_not_name_is_not_known(release):
    assert all(map(math.isnan, labels_of(release, "unchanged").values()))
    labels = labels_of(release, "unchanged", "cardiomegaly")
    assert labels.pop("Cardiomegaly") == 1.0
    assert all(map(math.isnan, labels.values()))
    labels = labels_of(release, "unchanged", "normal")
    assert labels.pop("No Finding") == 1.0
    assert set(labels.values()) == {0.0}


def test_pictures_of_other_names_are_refused(release):
    for number, path in enumerate(sorted(release.rglob("*.png"))):
        path.rename(path.with_name(f"renamed{number}.png"))
    with pytest.raises(
        DataError, match=r"holds no picture .* such as a\.png\. Give the folder .*, and keep its files' names"
    ):
        read_padchest(release)
