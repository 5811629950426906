import math

import pytest

from fabricate_releases import fabricate_own_table
from hilum.datasets.own.own_table import list_own_table, read_own_table
from hilum.errors import DataError


@pytest.fixture
def release(tmp_path):
    return fabricate_own_table(tmp_path / "own")


def test_every_column_is_read(release):
    first, second, third = read_own_table(release)
    assert (first.image, first.patient, first.official, first.view) == ("a.png", "table:one", "train", "PA")
    assert (first.age_years, first.sex, first.labels) == (40.0, "F", {"Effusion": 1.0, "Own thing": 0.0})
    assert first.masks == {"lungs": release / "masks" / "a.png"}
    assert (second.age_years, second.view, second.patient) == (None, "LL", "table:one")
    assert math.isnan(second.labels["Effusion"])
    assert (third.view, third.sex, third.official) == ("unknown", "unknown", "test")
    assert math.isnan(third.labels["Effusion"])


def test_the_table_may_have_another_name_and_be_named_itself(release):
    other = release / "labels of 2025.csv"
    (release / "table.csv").rename(other)
    assert [record.image for record in read_own_table(other)] == ["a.png", "b.png", "sub/c.png"]
    assert "gone.png" in list_own_table(other).images
    with pytest.raises(DataError, match=r"expected table.csv \(or .gz\)"):
        read_own_table(release)


def test_the_listing_names_absent_images_too(release):
    listing = list_own_table(release)
    assert listing.images["gone.png"] == "test"
    assert listing.ages_cleaned == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("b.png,one", "a.png,one", "expected an image once"),
        ("b.png,one", "b.png,", "and its patient in each row"),
        ("truth:", "label ", "expected a column like truth:Pneumonia"),
        ("400,M,,1", "400,M,,yes", "expected 1, 0, -1 or nothing in truth:Own thing of b.png, came 'yes'"),
        ("patient", "person", "expected the column 'patient'"),
        ("masks/a.png", "masks/b.png", "expected the mask masks/b.png of a.png"),
    ],
)
def test_a_malformed_table_is_refused(release, old, new, message):
    table = release / "table.csv"
    text = table.read_text()
    assert old in text
    table.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_own_table(release)


def test_no_table_and_no_images_are_refused(release, tmp_path):
    with pytest.raises(DataError, match=r"expected table\.csv"):
        read_own_table(tmp_path)
    (tmp_path / "table.csv").write_text("image,patient,truth:Mass\nx.png,1,0\n")
    with pytest.raises(DataError, match="came none of 1"):
        read_own_table(tmp_path)
