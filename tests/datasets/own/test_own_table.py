import math

import pytest

from fabricate_releases import fabricate_own_table
from hilum.datasets.check import check_data
from hilum.datasets.own.columns import StatedColumns
from hilum.datasets.own.own_table import list_own_table, read_own_table
from hilum.datasets.releases.table import RELEASES
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
    assert len(read_own_table(release)) == 3, "it is the one table there"
    (release / "another.csv").write_text(other.read_text())
    with pytest.raises(DataError, match=r"table\.csv \(or \.gz\)"):
        read_own_table(release)


def test_the_listing_names_absent_images_too(release):
    listing = list_own_table(release)
    assert listing.images["gone.png"] == "test"
    assert listing.ages_cleaned == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("b.png,one", "a.png,one", r"a\.png stands twice in .*table\.csv, again in line 3"),
        ("b.png,one", "b.png,", r"Line 3 of .* has no patient in patient for b\.png"),
        ("b.png,one", ",one", r"Line 3 of .* names no picture"),
        ("400,M,,1", "400,M,,maybe", "'maybe' in truth:Own thing of b.png in .* is none of 1, 0, yes, no"),
        ("400,M,,1", "400,5,M,,1", r"table\.csv, line 3: more cells than columns \(.*Write decimals with a point"),
        ("masks/a.png", "masks/b.png", "There is no mask masks/b.png of a.png"),
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
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"table\.csv"):
        read_own_table(tmp_path / "empty")
    (tmp_path / "empty" / "table.csv").write_text("image,patient,truth:Mass\nx.png,1,0\n")
    with pytest.raises(DataError, match=r"None of the 1 pictures that the column image .* such as x\.png"):
        read_own_table(tmp_path / "empty")


@pytest.fixture
def anybodys(release):
    """A table as a spreadsheet of another language writes it, with names of nobody's choosing."""
    (release / "table.csv").unlink()
    table = release / "befunde.csv"
    table.write_text("datei;Patient ID;Alter;finding\na;P1;40;Effusion\nb;P1;41;normal\nc;P2;;Mass\n")
    return table


def test_anybodys_table_is_read_and_what_was_guessed_is_said(anybodys):
    said = []
    first, second, third = read_own_table(anybodys, say=said.append)
    assert (first.image, first.patient, first.labels) == ("a.png", "table:P1", {"Effusion": 1.0, "Mass": 0.0})
    assert second.labels == {"Effusion": 0.0, "Mass": 0.0}
    assert (third.image, third.patient) == ("sub/c.png", "table:P2")
    assert said == [
        "befunde.csv: pictures in datei (3 of 3 are there), patients in Patient ID (2), labels Effusion (1 of 3), "
        "Mass (1 of 3); not used: Alter"
    ]
    assert list(list_own_table(anybodys).images) == ["a.png", "b.png", "sub/c.png"]


def test_a_table_without_patients_has_each_image_as_its_own(anybodys):
    records = read_own_table(anybodys, stated=StatedColumns(patient="none", labels=("Mass",)))
    assert [record.patient for record in records] == ["table:a.png", "table:b.png", "table:sub/c.png"]
    assert not any(record.patient_is_known for record in records)
    assert [list(record.labels) for record in records] == [["Mass"]] * 3


def test_hilums_own_columns_are_read_without_a_word(release):
    said = []
    read_own_table(release, say=said.append)
    assert [line for line in said if not line.startswith("caution: ")] == []


def test_view_and_sex_are_understood_as_everywhere_and_the_rest_is_said(release):
    (release / "table.csv").write_text(
        "image,patient,view,sex,age_years,truth:Mass\na.png,1,Lat,FEMALE,045Y,1\nb.png,2,n/a,other,?,0\n"
        "sub/c.png,3,oblique,w,forty,0\nmasks/a.png,4,sideways,M,6M,0\ngone.png,5,tilted,M,6M,0\n"
    )
    said = []
    first, second, third, fourth = read_own_table(release, say=said.append)
    assert (first.view, first.sex, first.age_years) == ("LL", "F", 45.0)
    assert (second.view, second.sex, second.age_years) == ("unknown", "O", None)
    assert (third.view, third.sex, third.age_years) == ("oblique", "unknown", None)
    assert (fourth.view, fourth.age_years) == ("unknown", 0.5)
    table = release / "table.csv"
    one = "1 cell is not understood and counts as unknown"
    assert said == [
        f"caution: write 40, 45Y, 6M, 3W or 10D in the column age_years of {table}: {one}: 'forty'",
        f"caution: write F, M or O in the column sex of {table}: {one}: 'w'",
        f"caution: write PA, AP, LL (any lateral), oblique, decubitus or other in the column view of {table}: {one}: "
        "'sideways'",
    ]


def test_a_split_that_does_not_say_what_it_is_for_is_refused(release):
    table = release / "table.csv"
    table.write_text(table.read_text().replace("train", "site A"))
    with pytest.raises(DataError, match=r"'site A' in split of a\.png .* does not say what the image is for"):
        read_own_table(release)


def test_a_row_whose_picture_is_absent_takes_no_other_patients(release):
    (release / "sub" / "c.png").rename(release / "sub" / "a.png")
    (release / "table.csv").write_text("image,patient,truth:Mass,split\nother/a.png,B,1,train\nsub/a.png,A,0,test\n")
    (record,) = read_own_table(release)
    assert (record.image, record.patient, record.official, record.labels) == (
        "sub/a.png",
        "table:A",
        "test",
        {"Mass": 0.0},
    )
    assert list(list_own_table(release).images) == ["other/a.png", "sub/a.png"]
    assert check_data(RELEASES["table"], folder=release, quick=True).missing == ("other/a.png",)


def test_an_absent_row_of_several_of_one_name_is_missing_and_ends_nothing(release):
    (release / "sub" / "c.png").rename(release / "sub" / "a.png")
    (release / "masks").rename(release / "b")
    (release / "table.csv").write_text("image,patient,truth:Mass\nb/a.png,B,1\nsub/a.png,A,0\ngone/a.png,C,0\n")
    assert [record.image for record in read_own_table(release)] == ["b/a.png", "sub/a.png"]


@pytest.mark.parametrize(("first", "second"), [("sub/c.png", "c"), ("sub/c.png", "sub/../sub/c.png")])
def test_two_rows_of_one_picture_are_refused_with_both(release, first, second):
    (release / "table.csv").write_text(f"image,patient,truth:Mass\n{first},B,1\nb.png,A,0\n{second},C,0\n")
    with pytest.raises(DataError, match=rf"line 2 of .*\({first}\) and line 4 \({second}\) both name .*c\.png"):
        read_own_table(release)


def test_two_columns_of_one_name_are_refused(release):
    (release / "table.csv").write_text("image;truth:Mass;;truth:Mass;\na.png;1;;0;\n")
    with pytest.raises(DataError, match=r"column of .*table\.csv a name of its own: 'truth:Mass' stands there 2 times"):
        read_own_table(release)
