import math

import pytest

from fabricate_releases import fabricate_chexpert
from hilum.datasets.records.listing import Count
from hilum.datasets.releases.chexpert import LABELS, ChexpertPolicy, list_chexpert, read_chexpert
from hilum.errors import DataError
from hilum.training.recipe.settings import flat_values


@pytest.fixture
def release(tmp_path):
    return fabricate_chexpert(tmp_path / "chexpert")


FRONTAL = "train/patient00001/study1/view1_frontal.jpg"


def labels_of(release, *, policy=None):
    return {record.image: record.labels for record in read_chexpert(release, policy=policy)}[FRONTAL]


def test_views_patients_and_studies(release):
    records = {record.image: record for record in read_chexpert(release)}
    one = records[FRONTAL]
    assert (one.patient, one.study, one.official) == ("chexpert:patient00001", "chexpert:patient00001/study1", "train")
    assert (one.view, one.age_years, one.sex) == ("AP", 68.0, "F")
    assert records["train/patient00001/study1/view2_lateral.jpg"].view == "LL"
    other = records["train/patient00002/study3/view1_frontal.jpg"]
    assert (other.view, other.sex, other.age_years) == ("unknown", "unknown", 0.0)
    assert records["valid/patient64541/study1/view1_frontal.jpg"].official == "valid"
    assert len(records) == 4


def test_missing_and_uncertain_labels_are_masked_unless_a_policy_says_otherwise(release):
    labels = labels_of(release)
    assert set(labels) == set(LABELS)
    assert (labels["Cardiomegaly"], labels["Effusion"], labels["Edema"]) == (1.0, 1.0, 0.0)
    assert math.isnan(labels["Pneumonia"])
    assert math.isnan(labels["Fracture"])


@pytest.mark.parametrize(("policy", "value"), [("zeros", 0.0), ("ones", 1.0), (0.7, 0.7)])
def test_an_uncertain_label_takes_its_own_policy(release, policy, value):
    labels = labels_of(release, policy=ChexpertPolicy(by_label={"Pneumonia": policy}))
    assert labels["Pneumonia"] == value


def test_what_is_not_mentioned_can_be_negative(release):
    labels = labels_of(release, policy=ChexpertPolicy(not_mentioned="zeros"))
    assert labels["Fracture"] == 0.0
    assert math.isnan(labels["Pneumonia"])


def test_no_finding_is_negative_where_a_finding_is_positive(release):
    table = release / "train.csv"
    head, *rows = table.read_text().splitlines()
    columns = head.split(",")

    def with_cells(row, **cells):
        values = row.split(",")
        for name, value in cells.items():
            values[columns.index(name.replace("_", " "))] = value
        return ",".join(values)

    def no_finding(policy=None, **cells):
        table.write_text("\n".join([head, with_cells(rows[0], **cells), *rows[1:]]) + "\n")
        return labels_of(release, policy=policy)["No Finding"]

    nothing = dict.fromkeys(("Cardiomegaly", "Edema", "Pneumonia", "Pleural_Effusion"), "")
    assert no_finding() == 0.0  # Cardiomegaly and Effusion are positive
    assert no_finding(**nothing, No_Finding="1.0") == 1.0
    assert math.isnan(no_finding(**nothing))
    assert math.isnan(no_finding(**nothing, Support_Devices="1.0"))
    unsure = {**nothing, "Pneumonia": "-1.0"}
    assert math.isnan(no_finding(**unsure))
    assert no_finding(ChexpertPolicy(uncertain="ones"), **unsure) == 0.0
    assert math.isnan(no_finding(ChexpertPolicy(uncertain=0.7), **unsure))
    assert no_finding(ChexpertPolicy(not_mentioned="zeros"), **nothing) == 0.0


def test_a_policy_says_itself_and_comes_back_from_a_runs_settings():
    policy = ChexpertPolicy(uncertain="zeros", by_label={"Edema": "ones", "Effusion": 0.7}, not_mentioned="zeros")
    assert policy.in_words == "uncertain labels of CheXpert: zeros (Edema ones, Effusion 0.7), not mentioned: zeros"
    settings = {f"chexpert.{key}": value for key, value in flat_values(policy).items()}
    assert ChexpertPolicy.of_settings({**settings, "epochs": 3}) == policy
    assert ChexpertPolicy.of_settings({"epochs": 3}) is None
    with pytest.raises(DataError, match=r"The settings .* of this run cannot be used"):
        ChexpertPolicy.of_settings({"chexpert.uncertain": 7})


def test_the_policy_of_an_ensemble_is_that_of_all_its_members():
    def settings(**members):
        return {
            f"members.{name}.chexpert.{key}": value
            for name, policy in members.items()
            for key, value in flat_values(policy).items()
        }

    policy = ChexpertPolicy(uncertain="ones", by_label={"Edema": 0.7}, not_mentioned="zeros")
    assert ChexpertPolicy.of_settings({"members.c.epochs": 3, **settings(a=policy, b=policy)}) == policy
    another = r"members\.a: uncertain labels of CheXpert: ones .*; members\.b: uncertain labels of CheXpert: ignore"
    with pytest.raises(DataError, match=another):
        ChexpertPolicy.of_settings(settings(a=policy, b=ChexpertPolicy()))
    with pytest.raises(DataError, match=r"The settings .* of this run cannot be used"):
        ChexpertPolicy.of_settings({"members.a.chexpert.uncertain": 7})


def test_a_policy_for_no_label_or_outside_the_range_is_refused():
    with pytest.raises(ValueError, match=r"Unknown label Pneumoniaa\. CheXpert has"):
        ChexpertPolicy(by_label={"Pneumoniaa": "ones"})
    with pytest.raises(ValueError, match="smoothed value"):
        ChexpertPolicy(uncertain=1.5)


def test_the_listing_names_absent_images_too(release):
    listing = list_chexpert(release)
    assert listing.counts == {"train": Count(images=4, patients=3), "valid": Count(images=1, patients=1)}
    assert "train/patient00009/study1/view1_frontal.jpg" in listing.images


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-1.0", "2", "Pneumonia of .* is '2', not 1, 0, -1 or empty"),
        ("/train/patient00001/study1/view1", "/elsewhere/view1", "which is not like CheXpert-v1.0-small/"),
        ("Pleural Effusion", "Effusions", "has no column 'Pleural Effusion'"),
    ],
)
def test_a_malformed_table_is_refused(release, old, new, message):
    table = release / "train.csv"
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(DataError, match=message):
        read_chexpert(release)


def test_tables_without_pictures_are_refused(release):
    for path in release.rglob("*.jpg"):
        path.unlink()
    with pytest.raises(DataError, match=r"such as train/patient00001/study1/view1_frontal\.jpg\. Give the folder"):
        read_chexpert(release)
